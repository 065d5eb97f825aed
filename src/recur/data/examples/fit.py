"""Fitted codecs: vocabularies and scales learned from the training examples only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from recur import codecs
from recur.codecs import Codec, class_of
from recur.codecs.reading import translate
from recur.config import Config, DataConfig
from recur.data.examples.examples import Example, GroupExamples, is_one_series
from recur.data.examples.forecasts import ForecastExamples
from recur.data.examples.places import placed
from recur.data.roles.roles import Roles
from recur.errors import DataError


def fit_codecs(
    config: Config, roles: Roles, train: Sequence[Example], labelled: Sequence[Example] = ()
) -> tuple[Codec | None, Codec]:
    """Fit the codecs of both sides.

    Parameters
    ----------
    config : Config
        Vocabulary limits, lower-casing, what a missing number becomes.
    roles : Roles
    train : sequence of Example
        Read once for each side.
    labelled : sequence of Example
        Further rows whose labels are known: the held-out ones, where we held them out. A rare label may be in
        them alone, and naming it tells nothing about them.

    Returns
    -------
    input_codec : Codec or None
        None where the network reads nothing.
    target_codec : Codec
        The same object as the input's, where the input predicts its own next item.

    Raises
    ------
    DataError
        Naming the row whose value cannot be read.
    """
    data = config.data.replaced(documents="file" if roles.stream else "line")
    if isinstance(train, GroupExamples) and is_one_series(roles):
        train = train.each_row_once()
    fed = [column for columns in config.model.columns_of_inputs.values() for column in columns]
    if roles.own_future:
        codec = _fitted(roles.input_codec or "words", roles, True, data, train, 0)
        return codec, codec
    if isinstance(train, ForecastExamples):
        return _fit_forecast(roles, data, train, fed)
    input_codec = None
    if roles.input_codec is not None:
        spelled = roles.input_kind.splits_into("word") and config.model.embedding.character_size
        kind = "spelled" if spelled else roles.input_codec
        input_codec = _fitted(kind, roles, roles.reads_a_sequence, data, train, 0, fed)
    rows = Joined(train, labelled) if roles.target_kind.labelled else train
    target = _fitted(roles.target_codec, roles, roles.writes_a_sequence, data, rows, 1)
    labels = target.labels
    if len(labels) == 1:
        raise DataError(
            f'every row has the same {target.kind}, "{labels[0]}": there is nothing to distinguish',
            hint="give rows of at least two, or name another --target",
        )
    return input_codec, target


def _fit_forecast(roles: Roles, data: DataConfig, train: ForecastExamples, fed: Sequence[str]) -> tuple[Codec, Codec]:
    """Codecs whose scales are those of the training rows, each counted once."""
    once = train.each_row_once()
    input_codec = _fitted("numbers", roles, True, data, once, 0, fed)
    target = _fitted("numbers", roles, True, data, once, 1)
    target.season = train.season
    return input_codec, target


class Joined(Sequence[Example]):
    """Two parts, one after the other."""

    def __init__(self, first: Sequence[Example], second: Sequence[Example]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __getitem__(self, index: Any) -> Any:
        """Return one example."""
        own = len(self._first)
        return self._first[index] if index < own else self._second[index - own]


def located(examples: Iterable[Example], side: int, action: Any, columns: Sequence[str] = ()) -> Any:
    """Run an action on the values of one side of examples; an error says which row it was reading.

    Parameters
    ----------
    examples : iterable of Example
    side : int
        0 for inputs, 1 for targets.
    action : callable
        Takes an iterator of values.
    columns : sequence of str
        Which the values are read from, for the message.
    """
    place = ""

    def values() -> Iterator[Any]:
        nonlocal place
        for example in examples:
            place = example.where
            yield example[side]
        place = ""

    try:
        return action(values())
    except DataError as error:
        if not place or error.message.startswith(place):
            raise
        raise placed(error, place, columns) from error
    except (MemoryError, RecursionError, OverflowError, OSError) as fault:
        message, hint = translate(fault, "value") or (str(fault), None)
        raise DataError(f"{place or 'the rows'} {message}", hint=hint) from fault


def _fitted(
    kind: str, roles: Roles, sequence: bool, data: DataConfig, train: Sequence[Example], side: int,
    from_zero: Sequence[str] = (),
) -> Codec:  # fmt: skip
    columns = roles.target if side else roles.input
    # a series of one number a step, in one cell or in several, has one column without a name of its own
    names = columns if class_of(kind).numeric and _one_column_each(train, side, len(columns)) else []
    codec = codecs.make(
        kind, data, sequence=sequence, columns=names, styles=roles.styles, target=side == 1, from_zero=from_zero
    )
    fitted: Codec = located((train[index] for index in range(len(train))), side, codec.fit, columns)
    return fitted


def _one_column_each(train: Sequence[Example], side: int, columns: int) -> bool:
    """Return whether the numbers of a step are as many as the columns of the table."""
    if not len(train):
        return False
    value = train[0][side]
    while _listed(value) and len(value) and _listed(value[0]):
        value = value[0]
    return (len(value) if _listed(value) else 1) == columns


def _listed(value: Any) -> bool:
    # rows of unequal length, which numpy would refuse, are refused later, with their place
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
