"""Labels of input items: words as written, numbers in their units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.errors import DataError, did_you_mean
from recur.modes import Mode

SIDE = 7  # parts of a picture per side
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


def input_labels(mode: Mode, value: Any, values: np.ndarray) -> tuple[list[str], list[bool]]:
    """The label of each item, and which items can be left out."""
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
    if codec.discrete:
        return symbol_labels(codec, values, value), [True] * len(values)
    if values.ndim == 1:
        return codec.column_labels(values), [False] * len(values)
    return codec.step_labels(values), [True] * len(values)


def grid_of(mode: Mode, values: np.ndarray) -> tuple[int, int] | None:
    """Rows and columns of the parts that a picture is explained by; None for what is not one picture.

    With attention they are the places that the network attends to, else at most seven per side.
    """
    if values.ndim != 3:
        return None
    return mode.read_from.places or (min(values.shape[0], SIDE), min(values.shape[1], SIDE))


def symbol_labels(codec: Codec, ids: np.ndarray, value: Any, *, unknown_mark: str = "?") -> list[str]:
    """Readable symbols; unknown words as they are in the text, followed by a mark."""
    ids = symbols_of(ids)
    labels = [codec.symbol(int(index)) if int(index) < codec.size else "⟨start⟩" for index in ids]
    own = _own_symbols(codec, value)
    # texts may have a start symbol, or a space, that the raw value lacks
    shift = next((s for s in (0, 1) if _agree(labels[s : s + len(own)], own)), None)
    if shift is not None:
        for number, token in enumerate(own, shift):
            if int(ids[number]) == codec.ids.unk:
                labels[number] = f"{token}{unknown_mark}"
    return [MARKS.get(label, label) for label in labels]


def _own_symbols(codec: Codec, value: Any) -> list[str]:
    """The symbols of a value as they are written; empty where that is not known."""
    try:
        return [str(one) for one in codec.tokens(value) or ()]
    except DataError:
        return []


def symbols_of(ids: np.ndarray) -> np.ndarray:
    """The symbols (T,) of ids (T,), or of words with their letters (T, 1 + L), where the word comes first."""
    return ids if ids.ndim == 1 else ids[:, 0]


def unknown_places(codec: Codec | None, values: np.ndarray | None) -> list[int]:
    """The places, from 0, of symbols that the network does not know."""
    if codec is None or codec.ids.unk is None or values is None or values.ndim == 0:
        return []
    return np.flatnonzero(symbols_of(values) == codec.ids.unk).tolist()


def _agree(labels: list[str], own: list[str]) -> bool:
    """Whether labels match a text's own symbols: an unknown one matches any symbol, and case is ignored."""
    return len(labels) == len(own) and all(
        label in ("<unk>", token) or label.lower() == token.lower() for label, token in zip(labels, own, strict=True)
    )
