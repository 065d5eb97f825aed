"""Labels of input items: words as written, numbers in their units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from recur.codecs import Codec
from recur.codecs.melody import name_of
from recur.codecs.notes import LOWEST, NotesCodec
from recur.errors import DataError, did_you_mean
from recur.figures import short
from recur.modes import Mode

Array = np.ndarray[Any, np.dtype[Any]]
SIDE = 7  # parts of a picture, a side
MARKS = {"<bos>": "⟨start⟩", "<eos>": "⟨end⟩", "<pad>": "⟨pad⟩"}


def place_of(at: int | str | None, items: Sequence[str], last: int | None = None) -> int:
    """The place that ``at`` names, from 0.

    Raises
    ------
    DataError
        When there is no such place.
    """
    if at is None:
        return len(items) - 1 if last is None else last
    if isinstance(at, int) or (str(at).isdecimal() and str(at) not in items):
        number = int(at)
        if not 1 <= number <= len(items):
            raise DataError(f"there is no item {number}: the sequence has {len(items)}", hint=f"--at {len(items)}")
        return number - 1
    if at not in items:
        raise DataError(f'"{at}" is not in the sequence.{did_you_mean(str(at), items)}', hint="--at 1")
    return list(items).index(str(at))


def input_labels(mode: Mode, value: Any, values: Array) -> tuple[list[str], list[bool]]:
    """What a person reads for each item, and which items can be left out."""
    codec = mode.input_codec
    if codec is None:
        return [], []
    grid = grid_of(mode, values)
    if grid is not None:
        return [f"row {r + 1}, column {c + 1}" for r in range(grid[0]) for c in range(grid[1])], [True] * math.prod(
            grid
        )
    if values.ndim == 0:
        return [codec.show(value)], [False]
    if values.ndim == 1 and not codec.discrete:
        names = [str(name) for name in getattr(codec, "columns", range(len(values)))]
        numbers = np.atleast_1d(codec.decode(values))
        return [f"{name} {short(number, 3)}" for name, number in zip(names, numbers, strict=True)], [False] * len(
            values
        )
    if codec.discrete:
        return symbol_labels(codec, values, value), [True] * len(values)
    return number_labels(codec, values), [True] * len(values)


def grid_of(mode: Mode, values: Array) -> tuple[int, int] | None:
    """Rows and columns of the parts that a picture is explained by; None for what is not one picture.

    They are the places that the network looks at while it writes, where it does, and else at most seven a side.
    """
    if values.ndim != 3:
        return None
    height, width = values.shape[:2]
    if getattr(mode, "looks", False):
        for layer in mode.inputs.pictures.layers:  # type: ignore[union-attr]  # what looks has pictures
            if isinstance(layer, nn.MaxPool2d):
                height, width = -(-height // 2), -(-width // 2)
        return height, width
    return min(height, SIDE), min(width, SIDE)


def symbol_labels(codec: Codec, ids: Array, value: Any, *, unknown_mark: str = "?") -> list[str]:
    """Symbols as a person reads them; unknown words as they stand in the text, with a mark behind them."""
    # of words that are read with their letters the word stands first
    ids = ids if ids.ndim == 1 else ids[:, 0]
    vocabulary: Sequence[str] | None = getattr(codec, "vocabulary", None)
    if vocabulary is None:
        return [shown(codec, [int(index)]) if int(index) < codec.size else "⟨start⟩" for index in ids]
    labels = [str(vocabulary[int(i)]) if int(i) < len(vocabulary) else "⟨start⟩" for i in ids]
    tokens = getattr(codec, "tokens", None)
    try:
        own = list(tokens(value)) if tokens is not None else []
    except DataError:
        own = []
    unknown = getattr(codec, "unk_id", None)
    # texts may have a start sign, or a space, that the raw value lacks
    shift = next((s for s in (0, 1) if _agree(labels[s : s + len(own)], own)), None)
    if shift is not None:
        for number, token in enumerate(own, shift):
            if int(ids[number]) == unknown:
                labels[number] = f"{token}{unknown_mark}"
    return [MARKS.get(label, label) for label in labels]


def unknown_places(codec: Codec | None, values: Array | None) -> list[int]:
    """The places, from 0, of symbols that the network does not know."""
    unknown = getattr(codec, "unk_id", None)
    if unknown is None or values is None or values.ndim == 0:
        return []
    # of words that are read with their letters the word stands first
    ids = values if values.ndim == 1 else values[:, 0]
    return np.flatnonzero(ids == unknown).tolist()


def _agree(labels: list[str], own: list[str]) -> bool:
    """Whether labels are a text's own symbols: an unknown one may be any, a known one may have lost its capitals."""
    return len(labels) == len(own) and all(
        label in ("<unk>", token) or label.lower() == token.lower() for label, token in zip(labels, own, strict=True)
    )


def number_labels(codec: Codec, values: Array) -> list[str]:
    """The numbers of each step in their own units; the notes that sound at each step."""
    if isinstance(codec, NotesCodec) and codec.binary:
        return ["+".join(name_of(int(key) + LOWEST) for key in np.flatnonzero(row)) or "rest" for row in values]
    try:
        raw = codec.decode(values)
    except (DataError, ValueError, TypeError):
        raw = None
    if not isinstance(raw, list) or len(raw) != len(values):
        return [str(t + 1) for t in range(len(values))]
    return [short(one) if isinstance(one, float | int) else f"{t + 1}" for t, one in enumerate(raw)]


def shown(codec: Codec, ids: list[int]) -> str:
    """One symbol as a person reads it."""
    value = codec.decode(np.array(ids if codec.sequence else ids[0], np.int64))
    return str(value[0]) if isinstance(value, list) and value else codec.show(value)
