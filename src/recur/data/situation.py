"""A `Situation` filled from the roles of a table and the configuration."""

from __future__ import annotations

from recur.codecs import make
from recur.config import Config, Situation
from recur.data.examples.examples import is_one_series
from recur.data.roles.roles import Roles


def situation(config: Config, roles: Roles) -> Situation:
    """Return what is known about a task after its roles are inferred.

    Parameters
    ----------
    config : Config
        What was requested.
    roles : Roles
        What was inferred.
    """
    given = roles.input_codec
    kinds = (given, roles.target_codec)
    whole = given == "images" and config.data.images.steps == "whole"
    codecs = [None if kind is None else make(kind, config.data) for kind in kinds]
    # what is written is read back item by item
    read = codecs if roles.mode in ("one-to-many", "many-to-many") else codecs[:1]
    return Situation(
        mode=roles.mode,
        sentence=roles.sentence,
        pictures=whole or given == "frames",
        images=given == "images",
        videos=given == "frames",
        notes="notes" in kinds,
        sound="audio" in kinds,
        text=any(codec is not None and codec.text for codec in codecs),
        symbols=any(codec is not None and codec.discrete for codec in read),
        labels=roles.target_kind.labelled,
        tags=roles.mode == "synced" and roles.labels_steps,
        words=roles.input_kind.splits_into("word") and roles.reads_a_sequence and not roles.own_future,
        stream=roles.stream,
        windows=roles.stream or bool(roles.forecast) or roles.time is not None or is_one_series(roles),
        forecast=bool(roles.forecast),
        own_future=roles.own_future and roles.input_kind.numeric,
        numbers="numbers" in kinds,
        continued=roles.own_future and codecs[0] is not None and codecs[0].text is not None,
        timed=roles.time is not None,
        held_out=config.data.dev is None,
        attention=config.model.attention.form != "none",
        schedule=config.training.schedule.name,
    )
