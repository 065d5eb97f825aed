"""Batches of rows by number: the same (epoch, index) always gives the same batch, so that training can resume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from recur.data import Example, RowOrder
from recur.data.examples.places import placed
from recur.errors import DataError
from recur.modes import Mode
from recur.network import Batch
from recur.network.batch import Encoded, has_time

KEEP_BYTES = 512 * 2**20


class Feed(Protocol):
    """The source of batches of a training loop or an evaluation."""

    @property
    def carries(self) -> bool:
        """Whether the state at the end of a batch is the state at the start of the next."""
        ...

    def __len__(self) -> int:
        """Batches of one epoch."""
        ...

    def batch(self, epoch: int, index: int) -> Batch:
        """Return one batch, on the CPU."""
        ...

    def where(self, epoch: int, index: int) -> list[str]:
        """Name the rows of a batch as a person finds them: ``file.csv:12``."""
        ...

    def encoded(self) -> Iterable[Encoded]:
        """Return all rows once, for counting."""
        ...


class RowEncoder:
    """Encodes examples, and cuts those that are too long.

    Parameters
    ----------
    mode : Mode
    examples : sequence of Example
        Where they come from: their columns are named in errors.
    max_length : int, optional
        Steps after which a sequence is cut.
    """

    def __init__(self, mode: Mode, examples: Sequence[Example], max_length: int | None = None) -> None:
        self._mode, self._examples, self._max_length = mode, examples, max_length
        written = mode.symbols if mode.abilities.writes else None
        self._ends = np.array([] if written is None else [written.end], dtype=np.int64)

    def __call__(self, example: Example) -> Encoded:
        """Return the arrays of an example.

        Raises
        ------
        DataError
            With the place of the row.
        """
        try:
            row = self._mode.encode(example)
        except DataError as error:
            raise placed(error, example.where, self._columns(example)) from error
        target = _cut_array(row.target, self._max_length)
        if len(self._ends) and target.ndim == 1 and 0 < len(target) < len(row.target):
            # a generated sequence that is cut keeps its end symbol
            target = np.append(target[:-1], self._ends)
        return Encoded(_cut(row.input, self._max_length), target)

    def _columns(self, example: Example) -> list[str]:
        """Return the columns of the side that cannot be encoded."""
        roles = getattr(self._examples, "roles", None)
        if roles is None:
            return []
        try:
            self._mode.target_codec.encode_target(example.target)
        except DataError:
            return list(roles.target)
        return list(roles.input)


class Rows(Sequence[Encoded]):
    """Encoded examples; as many as fit into ``keep`` bytes stay in memory, the others are encoded each time.

    Parameters
    ----------
    mode : Mode
        Encodes.
    examples : sequence of Example
    max_length : int, optional
        Steps after which a sequence is cut.
    keep : int
        Bytes.

    Raises
    ------
    DataError
        Naming the row that cannot be encoded.
    """

    def __init__(
        self, mode: Mode, examples: Sequence[Example], *, max_length: int | None = None, keep: int = KEEP_BYTES
    ) -> None:
        self.examples, self._encoder = examples, RowEncoder(mode, examples, max_length)
        self._kept: list[Encoded] = []
        self.steps = np.zeros(len(examples), dtype=np.int64)
        for index in range(len(examples)):
            row = self._encode(index)
            self.steps[index] = row.steps
            keep -= row.target.nbytes + (0 if row.input is None else row.input.nbytes) + 200
            if keep >= 0:
                self._kept.append(row)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Encoded:  # type: ignore[override]  # slices are never requested
        if index < len(self._kept):
            return self._kept[index]
        return self._encode(index)

    def _encode(self, index: int) -> Encoded:
        return self._encoder(self.examples[index])


def _cut(array: np.ndarray | None, length: int | None) -> np.ndarray | None:
    return None if array is None else _cut_array(array, length)


def _cut_array(array: np.ndarray, length: int | None) -> np.ndarray:
    return array[:length] if length is not None and has_time(array) else array


class RowFeed:
    """Rows in random order, those of similar lengths together.

    Parameters
    ----------
    mode : Mode
        Encodes and collates.
    rows : Rows
    batch_size : int
    seed : int, optional
        None keeps the rows as they are and in order of length, for evaluation.
    bucket : bool
        Whether batches hold rows of similar lengths.
    """

    carries = False

    def __init__(
        self, mode: Mode, rows: Rows, batch_size: int, *, seed: int | None = None, bucket: bool = True
    ) -> None:
        self._mode, self._rows, self._seed = mode, rows, seed
        self._epoch = -1
        self._order: list[np.ndarray] = []
        self._random = None
        if seed is None:
            by_length = np.argsort(rows.steps, kind="stable")
            self._order = [by_length[i : i + batch_size] for i in range(0, len(rows), batch_size)]
        else:
            self._random = RowOrder(rows.steps, batch_size, seed, bucket)
            self._turn_to(0)

    def __len__(self) -> int:
        return len(self._order)

    def batch(self, epoch: int, index: int) -> Batch:
        self._turn_to(epoch)
        rows = [self._rows[int(row)] for row in self._order[index]]
        if self._seed is not None:
            rows = [
                self._mode.vary(row, self._seed, epoch, int(place))
                for row, place in zip(rows, self._order[index], strict=True)
            ]
        return self._mode.collate(rows)

    def order(self, epoch: int) -> list[np.ndarray]:
        """Return the rows of every batch of an epoch."""
        self._turn_to(epoch)
        return self._order

    def where(self, epoch: int, index: int) -> list[str]:
        self._turn_to(epoch)
        return [self._rows.examples[int(row)].where for row in self._order[index]]

    def encoded(self) -> Iterable[Encoded]:
        """All rows once, for counting."""
        return (self._rows[index] for index in range(len(self._rows)))

    def _turn_to(self, epoch: int) -> None:
        if self._random is not None and epoch != self._epoch:
            self._order, self._epoch = self._random.epoch(epoch), epoch
