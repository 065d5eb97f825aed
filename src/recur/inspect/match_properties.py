"""Properties of a text, and labels, that hold in ranges which were found more often than in ranges drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.inspect.predicates import PREDICATES
from recur.inspect.reading import ReadInput
from recur.modes import Mode

DRAWS = 1000
SHOWN = 5
Range = tuple[int, int, int]  # the number of a text, its first step, and the one after the last


@dataclass(frozen=True)
class PropertyShare:
    """How often a property holds.

    Attributes
    ----------
    name : str
    share : float
        Of the steps of the ranges, 0 to 1.
    base : float
        Of all steps that were searched.
    chance : float
        What the share exceeds, for any of the properties, in at most 5 % of draws of random ranges of these lengths.
    """

    name: str
    share: float
    base: float
    chance: float


def property_shares(
    mode: Mode, texts: Sequence[ReadInput], labels: Sequence[Any] | None, ranges: Sequence[Range]
) -> tuple[int, tuple[PropertyShare, ...]]:
    """How many properties were compared, and those that hold in the ranges more often than chance gives.

    Parameters
    ----------
    mode : Mode
    texts : sequence of ReadInput
        All that was searched.
    labels : sequence, optional
        For each raw input its label, or a list with a label for every step.
    ranges : sequence of (text, start, stop)

    Returns
    -------
    measured : int
    properties : tuple of PropertyShare
        Those that exceed chance by most first.
    """
    codec = mode.input_codec
    columns = dict(label_columns(texts, labels))
    if codec is not None and codec.text:
        columns |= _predicates(texts)
    starts = dict(zip((one.number for one in texts), _starts(texts), strict=True))
    if not ranges:
        return len(columns), ()
    first = np.asarray([starts[text] + a for text, a, _ in ranges])
    lengths = np.asarray([b - a for _, a, b in ranges])
    drawn = _drawn(texts, lengths.tolist())
    found = []
    for name, holds in columns.items():
        sums = np.concatenate([[0.0], np.cumsum(holds)])
        share, base = float((sums[first + lengths] - sums[first]).sum() / lengths.sum()), float(holds.mean())
        shares = (sums[drawn + lengths[:, None]] - sums[drawn]).sum(0) / lengths.sum()
        # of many properties one exceeds its own bound more easily
        chance = float(np.quantile(shares, 1 - 0.05 / len(columns), method="higher"))
        if share > chance:
            found.append(PropertyShare(name, share, base, chance))
    found.sort(key=lambda one: one.share - one.chance, reverse=True)
    return len(columns), tuple(found[:SHOWN])


def label_at(labels: Sequence[Any] | None, one: ReadInput) -> Any:
    """The label of a text, or the labels of its steps; None where it has none."""
    return None if labels is None or one.number >= len(labels) else labels[one.number]


def step_labels(label: Any, one: ReadInput) -> list[str] | None:
    """The label of every step of a text; a start symbol has that of the first. None where there is none for each."""
    if not isinstance(label, list | tuple) or not label or len(one.labels) - len(label) not in (0, 1):
        return None
    own = ["" if each is None else str(each) for each in label]
    return own[:1] * (len(one.labels) - len(own)) + own


def _starts(texts: Sequence[ReadInput]) -> list[int]:
    lengths = [len(one.labels) for one in texts]
    starts: list[int] = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(int).tolist()
    return starts


def _predicates(texts: Sequence[ReadInput]) -> Mapping[str, np.ndarray]:
    """The properties that are true or false, at every step of all texts; those that never change are left out."""
    columns = {}
    for name, test in PREDICATES.items():
        holds = np.concatenate([np.asarray(test(one.labels), float) for one in texts])
        if set(np.unique(holds)) == {0.0, 1.0}:
            columns[name] = holds
    return columns


def label_columns(texts: Sequence[ReadInput], labels: Sequence[Any] | None) -> Mapping[str, np.ndarray]:
    """Whether each step has a label, for every label that some but not all have."""
    rows = []
    for one in texts:
        label = label_at(labels, one)
        each = step_labels(label, one)
        rows += each or ["" if label is None or isinstance(label, list | tuple) else str(label)] * len(one.labels)
    values = np.asarray(rows)
    names = [name for name in dict.fromkeys(rows) if name]
    return {f"label “{name}”": (values == name).astype(float) for name in names if not (values == name).all()}


def _drawn(texts: Sequence[ReadInput], lengths: Sequence[int]) -> np.ndarray:
    """First steps (K, DRAWS), over all texts, of K ranges of these lengths within texts, drawn at random."""
    draw = np.random.default_rng(0)
    starts, sizes = np.asarray(_starts(texts)), np.asarray([len(one.labels) for one in texts])
    firsts = []
    for length in lengths:
        room = np.cumsum(np.maximum(sizes - length + 1, 0))
        places = draw.integers(room[-1], size=DRAWS)
        text = np.searchsorted(room, places, side="right")
        firsts.append(starts[text] + places - np.concatenate([[0], room])[text])
    return np.stack(firsts)
