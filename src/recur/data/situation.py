"""A `Situation` filled from what was read, its roles and its format, and the configuration."""

from __future__ import annotations

from recur.codecs import make
from recur.config import Config, Situation
from recur.data.examples.examples import is_one_series
from recur.data.load import Dataset
from recur.data.times import calendar


def situation(config: Config, dataset: Dataset) -> Situation:
    """Return what is known about a task after its rows are read.

    Parameters
    ----------
    config : Config
        What was requested.
    dataset : Dataset
        What was read: its roles, and its format.
    """
    roles = dataset.roles
    target = make(roles.target_codec, config.data)
    inputs = [] if roles.input_codec is None else [make(roles.input_codec, config.data)]
    codecs = [*inputs, target]
    # what is generated is read back item by item
    embedded = codecs if roles.facts.generates else inputs
    return Situation(
        mode=roles.mode,
        sentence=roles.sentence,
        option_groups=frozenset[str]().union(*(codec.option_groups for codec in codecs)),
        form=dataset.form,
        folder=dataset.folder,
        files=any(codec.file is not None for codec in codecs),
        text=any(codec.text for codec in codecs),
        symbols=any(codec.discrete for codec in embedded),
        labels=roles.target_kind.labelled,
        tags=roles.answers_every_step and roles.labels_steps,
        words=roles.input_kind.splits_into("word") and roles.reads_a_sequence and not roles.own_future,
        stream=roles.stream,
        windows=roles.stream or bool(roles.forecast) or roles.time is not None or is_one_series(roles),
        forecast=bool(roles.forecast),
        own_future=roles.own_future and roles.input_kind.numeric,
        continued=roles.own_future and any(codec.text for codec in inputs),
        timed=roles.time is not None,
        calendar=not set(calendar.names(config.data.table.time_features)).isdisjoint(roles.input),
        signal=roles.answers_every_step and target.numeric and not roles.forecast,
        held_out=config.data.dev is None,
        attention=config.model.attention.form != "none",
        schedule=config.training.schedule.name,
    )
