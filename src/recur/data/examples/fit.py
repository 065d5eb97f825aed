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
from recur.data.examples.fit_together import each, fed_together
from recur.data.examples.forecasts import ForecastExamples
from recur.data.examples.places import placed
from recur.data.roles.roles import Roles
from recur.errors import DataError


def fit_codecs(
    config: Config, roles: Roles, train: Sequence[Example], labelled: Sequence[Example] = (), *, on_disk: bool = False
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
    on_disk : bool
        Whether the rows are too many for memory: both sides are fitted in one pass, and counts are bounded.

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
        own = _made(roles.input_codec or "words", roles, True, data, train, 0, on_disk=on_disk)
        codec = _fitted(own, roles, train, 0, on_disk=on_disk)
        return codec, codec
    if isinstance(train, ForecastExamples):
        return _fit_forecast(roles, data, train, fed)
    input_codec = None
    if roles.input_codec is not None:
        spelled = roles.input_kind.splits_into("word") and config.model.embedding.character_size
        kind = "spelled" if spelled else roles.input_codec
        input_codec = _made(kind, roles, roles.reads_a_sequence, data, train, 0, fed, on_disk=on_disk)
    rows = Joined(train, labelled) if roles.target_kind.labelled else train
    target = _made(roles.target_codec, roles, roles.writes_a_sequence, data, rows, 1, on_disk=on_disk)
    if on_disk and input_codec is not None:
        input_codec, target = _fitted_together(input_codec, target, roles, train, rows)
    else:
        input_codec = None if input_codec is None else _fitted(input_codec, roles, train, 0)
        target = _fitted(target, roles, rows, 1, on_disk=on_disk)
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
    input_codec = _fitted(_made("numbers", roles, True, data, once, 0, fed), roles, once, 0)
    target = _fitted(_made("numbers", roles, True, data, once, 1), roles, once, 1)
    target.season = train.season
    return input_codec, target


MOST_MERGED = 1_000_000
"""Rows on the disk from which subwords are learned, at least; all of fewer than twice as many."""


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


def _made(
    kind: str, roles: Roles, sequence: bool, data: DataConfig, train: Sequence[Example], side: int,
    from_zero: Sequence[str] = (), *, on_disk: bool = False,
) -> Codec:  # fmt: skip
    columns = roles.target if side else roles.input
    # a series of one number a step, in one cell or in several, has one column without a name of its own
    names = columns if class_of(kind).numeric and _one_column_each(train, side, len(columns)) else []
    codec = codecs.make(
        kind, data, sequence=sequence, columns=names, styles=roles.styles, target=side == 1, from_zero=from_zero
    )
    return codec.in_bounded_memory() if on_disk else codec


def _fitted(
    codec: Codec, roles: Roles, train: Sequence[Example], side: int, *, on_disk: bool = False
) -> Codec:  # fmt: skip
    places = _read_by(codec, len(train)) if on_disk else range(len(train))
    fitted: Codec = located((train[index] for index in places), side, codec.fit, (roles.input, roles.target)[side])
    return fitted


def _fitted_together(
    input_codec: Codec, target: Codec, roles: Roles, train: Sequence[Example], rows: Sequence[Example]
) -> tuple[Codec, Codec]:
    """Fit both sides in one pass; the target may be fitted on further rows."""
    places = _read_by(input_codec, len(train))
    if places == _read_by(target, len(train)):
        fitted: tuple[Codec, Codec] = fed_together(
            (train[index] for index in places),
            lambda: each(rows, len(train)),
            lambda examples: located(examples, 0, input_codec.fit, roles.input),
            lambda examples: located(examples, 1, target.fit, roles.target),
        )
        return fitted
    return _fitted(input_codec, roles, train, 0, on_disk=True), _fitted(target, roles, rows, 1, on_disk=True)


def _read_by(codec: Codec, rows: int) -> range:
    """Return the rows that a codec is fitted on: all, or a million spread over them for merges of subwords."""
    subwords = codec.splits_into("subword")
    return range(0, rows, max(1, rows // MOST_MERGED) if subwords else 1)


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
