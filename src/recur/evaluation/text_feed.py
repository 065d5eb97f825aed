"""Batches of one long text: parallel streams for training, one exact pass for evaluation."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from recur.atomic import create, explained, make_folder
from recur.data import Example, StreamExamples, StreamLayout
from recur.errors import TrainingError
from recur.modes import Mode
from recur.modes.mode import require_input
from recur.network import Batch
from recur.network.batch import Encoded

IN_MEMORY = 256 * 2**20  # bytes of symbols; more of them stay on the disk and are mapped
_PIECES = 1024  # lines encoded at once
_STEPS = 1_000_000  # symbols given to the baseline at once
_WARM = 128  # symbols of context that a stream of the evaluation reads before it is counted
_LEAST_STREAM = 1024
_MOST_STREAMS = 32
_WINDOW = 128


class Tape:
    """The symbols of a long text, one after another, and where its pieces and documents begin.

    Parameters
    ----------
    mode : Mode
        Encodes.
    pieces : StreamExamples or sequence of Example
        Pieces in order.
    cache : Path, optional
        A folder for the symbols of a text that is too long for the memory; by default a temporary file.

    Attributes
    ----------
    ids : ndarray
        (N,) unsigned integers.
    documents : ndarray of int
        Symbols with which a document begins, the first left out.
    """

    def __init__(self, mode: Mode, pieces: Sequence[Example], cache: Path | None = None, name: str = "text") -> None:
        codec = require_input(mode.input_codec, mode.name)
        kind = np.dtype(np.uint16 if codec.size < 2**16 else np.uint32)
        self._pieces = pieces
        # eight bytes a line: a text of gigabytes has millions of them
        self._ends = array("q")
        parts: list[np.ndarray] = []
        file: BinaryIO | None = None
        path = Path()
        total = kept = 0
        self._cache, self._name = cache, name
        for piece in _encoded(codec, pieces):
            ids = piece.astype(kind)
            total += len(ids)
            self._ends.append(total)
            parts.append(ids)
            kept += ids.nbytes
            if kept > IN_MEMORY:
                if file is None:
                    file, path = self._open()
                with explained(path, size=kept):
                    file.write(np.concatenate(parts).tobytes())
                parts, kept = [], 0
        if file is None:
            self.ids = np.concatenate(parts) if parts else np.zeros(0, kind)
        else:
            with explained(path, size=kept), file:
                file.write(np.concatenate(parts).tobytes() if parts else b"")
            self.ids = np.memmap(path, dtype=kind, mode="r", shape=(total,))
        begins = pieces.begins() if isinstance(pieces, StreamExamples) else [0]
        self.documents = np.array([self._ends[place - 1] for place in begins if place], dtype=np.int64)

    def _open(self) -> tuple[BinaryIO, Path]:
        """A file for symbols; a temporary one is deleted when the tape is."""
        if self._cache is None:
            handle, name = tempfile.mkstemp(prefix="recur-", suffix=".ids")
            weakref.finalize(self, Path(name).unlink, missing_ok=True)
            return os.fdopen(handle, "wb"), Path(name)
        make_folder(self._cache)
        path = self._cache / f"{self._name}.ids"
        return create(path), path

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, symbol: int) -> str:
        """Return the line of a symbol."""
        piece = min(bisect_right(self._ends, symbol), len(self._ends) - 1)
        return str(self._pieces[piece].where)

    def resets(self, first: np.ndarray, steps: int) -> torch.Tensor | None:
        """(B, T) bool: the steps, of spans that begin at symbols ``first``, with which a document begins."""
        if not len(self.documents):
            return None
        places = first[:, None] + np.arange(steps)
        resets = np.isin(places, self.documents)
        return torch.from_numpy(resets) if resets.any() else None

    def encoded(self) -> Iterator[Encoded]:
        """Yield all pairs (symbol, next symbol), in long pieces."""
        for start in range(0, len(self.ids) - 1, _STEPS):
            ids = self.ids[start : start + _STEPS + 1].astype(np.int64)
            yield Encoded(ids[:-1], ids[1:])


class StreamFeed:
    """Windows of parallel streams, for training with truncated BPTT.

    Parameters
    ----------
    tape : Tape
    layout : StreamLayout
        How the symbols become streams and windows.
    """

    carries = True

    def __init__(self, tape: Tape, layout: StreamLayout) -> None:
        if len(tape) < 2:
            raise TrainingError(
                f"a text of {len(tape)} symbols predicts nothing: expected at least two", hint="give a longer text"
            )
        self.tape, self.layout = tape, layout
        self._starts = np.arange(layout.streams) * layout.steps

    def __len__(self) -> int:
        return len(self.layout)

    def batch(self, epoch: int, index: int) -> Batch:
        # the order of a text is fixed; only the places where it is cut differ
        first, last = self.layout.span(index, epoch)
        places = (self._starts + first)[:, None] + np.arange(last - first + 1)
        ids = torch.from_numpy(self.tape.ids[places].astype(np.int64))
        resets = self.tape.resets(self._starts + first, last - first)
        return Batch(ids[:, :-1], None, ids[:, 1:], resets=resets, rate=self.layout.share(index, epoch))

    def where(self, epoch: int, index: int) -> list[str]:
        first, _ = self.layout.span(index, epoch)
        return [self.tape.where(int(start) + first) for start in self._starts]

    def encoded(self) -> Iterator[Encoded]:
        """Yield all rows, for counting."""
        return self.tape.encoded()


class MeasureFeed:
    """A whole text, every symbol but the first predicted exactly once.

    It is read as parallel streams for speed. Every stream but the first reads the 128 symbols before it first, without
    counting them, so that its first predictions have a past, as in one single stream.
    """

    carries = True

    def __init__(self, tape: Tape) -> None:
        predictions = len(tape) - 1
        if predictions < 1:
            raise TrainingError(
                f"a held-out text of {len(tape)} symbols predicts nothing: expected at least two",
                hint="give a longer text, or a larger --dev-fraction",
            )
        self.tape = tape
        streams = max(1, min(_MOST_STREAMS, predictions // _LEAST_STREAM))
        self._steps = -(-predictions // streams)
        self._starts = np.arange(streams) * self._steps
        self._counts = np.minimum(self._steps, predictions - self._starts)
        self._warm = _WARM if streams > 1 else 0

    def __len__(self) -> int:
        return -(-self._steps // _WINDOW) + (self._warm > 0)

    def batch(self, epoch: int, index: int) -> Batch:
        del epoch
        if self._warm:
            if index == 0:
                return self._before()
            index -= 1
        first = index * _WINDOW
        steps = min(_WINDOW, self._steps - first)
        lengths = np.clip(self._counts - first, 0, steps)
        places = np.minimum((self._starts + first)[:, None] + np.arange(steps + 1), len(self.tape) - 1)
        ids = torch.from_numpy(self.tape.ids[places].astype(np.int64))
        resets = self.tape.resets(self._starts + first, steps)
        # lengths only where a stream ends: rows without padding have the fast kernels
        real = None if (lengths == steps).all() else torch.from_numpy(lengths.astype(np.int64))
        return Batch(ids[:, :-1], real, ids[:, 1:], real, resets)

    def _before(self) -> Batch:
        """Return the text before each stream: read, and not counted; nothing before the first."""
        places = (self._starts - self._warm).clip(min=0)[:, None] + np.arange(self._warm)
        ids = torch.from_numpy(self.tape.ids[places].astype(np.int64))
        lengths = torch.full((len(self._starts),), self._warm)
        lengths[0] = 0
        resets = self.tape.resets((self._starts - self._warm).clip(min=0), self._warm)
        return Batch(ids, lengths, ids, torch.zeros_like(lengths), resets)

    def where(self, epoch: int, index: int) -> list[str]:
        del epoch
        first = max(0, index - (self._warm > 0)) * _WINDOW
        return [self.tape.where(int(start) + first) for start in self._starts]

    def encoded(self) -> Iterator[Encoded]:
        """Yield all rows, for counting."""
        return self.tape.encoded()


def _encoded(codec: Any, pieces: Sequence[Example]) -> Iterator[np.ndarray]:
    """Return the ids of every piece, encoded a thousand at a time."""
    stream = (pieces[index].input for index in range(len(pieces)))
    while part := list(islice(stream, _PIECES)):
        yield from codec.encode_many(part)
