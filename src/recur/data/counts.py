"""What is counted in the rows of a task: lengths, classes, unknown symbols, equal inputs, the work of one epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.config import Config
from recur.data.examples.batching import StreamLayout, batch_size
from recur.data.examples.contents import Contents
from recur.data.examples.examples import Example, GroupExamples, StreamExamples
from recur.data.examples.fit import located
from recur.data.examples.split import value_hash
from recur.data.load import Dataset

MOST_ROWS = 50_000
_BARS = 8


@dataclass(frozen=True)
class Lengths:
    """How long the sequences of one side are, in steps.

    Attributes
    ----------
    least, median, most : int
    empty : int
        Sequences without a step.
    histogram : list of (from, to, count)
        Equal spans of lengths, both ends included.
    """

    least: int
    median: int
    most: int
    empty: int
    histogram: list[tuple[int, int, int]]


@dataclass(frozen=True)
class Epoch:
    """The work of one epoch.

    Attributes
    ----------
    rows : int
        Rows, or windows of parallel streams.
    steps : int
        Time steps over all rows.
    updates : int
        Batches.
    """

    rows: int
    steps: int
    updates: int


@dataclass(frozen=True)
class RowCounts:
    """What was counted.

    Attributes
    ----------
    rows : dict
        Examples of train, dev and test; pieces of text where it is one long stream.
    lengths : dict
        By side.
    unknown_rate : float or None
        Share of held-out symbols that the vocabulary lacks.
    classes : dict
        Label to number of training rows, most frequent first.
    repeated : int
        Training rows whose input is also in an earlier training row.
    shared, shared_with_test : int
        Held-out rows, and test rows, whose input is also in the training rows.
    looked_at : int
        Training rows that were looked at, where there are more than fifty thousand.
    epoch : Epoch
    """

    rows: dict[str, int]
    lengths: dict[str, Lengths]
    unknown_rate: float | None
    classes: dict[str, int]
    repeated: int
    shared: int
    shared_with_test: int
    looked_at: int
    epoch: Epoch


def count_rows(config: Config, dataset: Dataset, input_codec: Codec | None, target_codec: Codec) -> RowCounts:
    """Count what is in the rows of a task.

    Parameters
    ----------
    config : Config
    dataset : Dataset
    input_codec, target_codec : Codec
        Fitted.

    Raises
    ------
    DataError
        When a value cannot be encoded, with its row.
    """
    roles = dataset.roles
    train, dev, test = (_part(part) for part in (dataset.train, dataset.dev, dataset.test or []))
    lengths: dict[str, Lengths] = {}
    if input_codec is not None and input_codec.sequence:
        lengths["input"] = _lengths(_steps(input_codec, train, 0, roles.input))
    if target_codec.sequence and target_codec is not input_codec:
        lengths["target"] = _lengths(_steps(target_codec, train, 1, roles.target))
    for part in (dev, test):
        for side, codec in enumerate((input_codec, target_codec)):
            if codec is not None and not roles.stream and len(part):
                _steps(codec, part, side, (roles.input, roles.target)[side])
    repeated = shared = in_test = 0
    if not roles.stream and not isinstance(train, GroupExamples):
        contents = Contents(roles.input_codec, config.data)
        repeated, shared = _duplicates(train, dev, contents)
        in_test = _duplicates(train, test, contents)[1]
    parts = {"train": dataset.train, "dev": dataset.dev} | ({} if dataset.test is None else {"test": dataset.test})
    return RowCounts(
        {name: len(_part(part)) for name, part in parts.items()},
        lengths,
        None if input_codec is None else _unknown(input_codec, dev),
        _classes(train) if roles.labels_rows else {},
        repeated,
        shared,
        in_test,
        len(train),
        _epoch(config, dataset.train, train, lengths),
    )


def _part(examples: Sequence[Example]) -> Sequence[Example]:
    """All examples, or fifty thousand spread over them."""
    if len(examples) <= MOST_ROWS or isinstance(examples, StreamExamples):
        return examples
    return [examples[int(index)] for index in np.linspace(0, len(examples) - 1, MOST_ROWS)]


def _steps(codec: Codec, examples: Sequence[Example], side: int, columns: list[str]) -> np.ndarray:
    """Steps of every value; one that cannot be read is an error with its row."""

    def measure(values: Any) -> list[int]:
        encode = codec.encode_target if side else codec.encode
        return [len(np.atleast_1d(encode(value))) for value in values]

    lengths = located((examples[index] for index in range(len(examples))), side, measure, columns)
    return np.array(lengths, dtype=np.int64)


def _lengths(steps: np.ndarray) -> Lengths:
    least, most = int(steps.min()), int(steps.max())
    bars = min(_BARS, most - least + 1)
    edges = np.linspace(least, most + 1, bars + 1).astype(int)
    counts, _ = np.histogram(steps, bins=edges)
    spans = [(int(a), int(b) - 1, int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
    return Lengths(least, int(np.median(steps)), most, int((steps == 0).sum()), spans)


def _epoch(config: Config, all_rows: Sequence[Example], rows: Sequence[Example], lengths: dict[str, Lengths]) -> Epoch:
    """The work of one epoch, over all rows."""
    training = config.training
    total = 0.0
    for side in lengths.values():
        middle = sum((low + high) / 2 * count for low, high, count in side.histogram)
        total = max(total, middle * len(all_rows) / max(1, len(rows)))
    if isinstance(all_rows, StreamExamples):
        layout = StreamLayout.configured(int(total), training)
        return Epoch(layout.streams * len(layout), int(total), len(layout))
    count = len(all_rows)
    return Epoch(count, int(max(total, count)), -(-count // batch_size(training.batch_size, count)))


def _duplicates(train: Sequence[Example], dev: Sequence[Example], contents: Contents) -> tuple[int, int]:
    """Rows whose input is that of an earlier row, and held-out rows whose input is in the training rows."""
    seen = {value_hash(contents.of(train[index].input)) for index in range(len(train))}
    shared = sum(value_hash(contents.of(dev[index].input)) in seen for index in range(len(dev)))
    return len(train) - len(seen), shared


def _classes(train: Sequence[Example]) -> dict[str, int]:
    counts = Counter(str(train[index].target).strip() for index in range(len(train)))
    return dict(counts.most_common())


def _unknown(codec: Codec, dev: Sequence[Example]) -> float | None:
    """The share of unknown symbols in held-out texts; None of other values, and where there are none."""
    unknown = total = 0.0
    for index in range(len(dev)):
        steps = codec.unknown_steps(dev[index].input)
        if steps is None:
            return None
        unknown += float(steps.sum())
        total += len(steps)
    return unknown / total if total else None
