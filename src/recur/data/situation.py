"""The facts of a task that decide which options have an effect."""

from __future__ import annotations

from recur.codecs import TEXTS
from recur.config import Config, Situation
from recur.data.roles import Roles

_LABELS = ("class", "tags")


def situation(config: Config, roles: Roles) -> Situation:
    """Return what is known of a task once its roles are.

    Parameters
    ----------
    config : Config
        What was asked for.
    roles : Roles
        What was inferred.
    """
    given, target = roles.input_codec, roles.target_codec
    kinds = (given, target)
    whole = given == "images" and config.data.images.steps == "whole"
    symbols = {*TEXTS, *_LABELS, *(("notes",) if config.data.notes.form == "melody" else ())}
    writes = roles.mode in ("one-to-many", "many-to-many")
    return Situation(
        mode=roles.mode,
        sentence=roles.sentence,
        pictures=whole or given == "frames",
        images=given == "images",
        videos=given == "frames",
        notes="notes" in kinds,
        sound="audio" in kinds,
        text=any(kind in TEXTS for kind in kinds),
        symbols=given in symbols or (writes and target in symbols),
        labels=target in _LABELS,
        tags=roles.mode == "synced" and target == "tags",
        words=given == "words" and roles.reads_a_sequence and not roles.own_future,
        stream=roles.stream,
        forecast=bool(roles.forecast),
        own_future=roles.own_future and given == "numbers",
        attention=config.model.attention.form != "none",
    )
