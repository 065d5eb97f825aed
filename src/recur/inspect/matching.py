"""What a state stands for: the ranges of a corpus over which the units that are on over a chosen range are on together.

::

    s_t         the memory after step t: tanh(c_t) of an LSTM, h_t of a cell that keeps nothing else
    on          s_t[u] > threshold, or s_t[u] < -threshold: each sign of a unit counts as a unit
    hypothesis  the units that are on at every step of the chosen range, and off just before and just after it
    match       a range of the corpus over which more than half of these units are on at every step

Matches are ordered by the number of units of the hypothesis that are on over the whole match and off beside it, then by
how few other units are, then by how near their length is to that of the range.
Source: H. Strobelt, S. Gehrmann, H. Pfister, A. M. Rush (2018), LSTMVis: a tool for visual analysis of hidden state
dynamics in recurrent neural networks, IEEE TVCG 24 (1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.errors import ConfigError, DataError
from recur.inspect.chosen_range import chosen_range
from recur.inspect.match_properties import PropertyShare, property_shares
from recur.inspect.reading import ReadInput, read
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition

EDGES = ("auto", "both", "before", "after", "none")
THRESHOLD = 0.3
MOST_STEPS = 50_000


@dataclass(frozen=True)
class SignedUnit:
    """A unit of the memory that is on above the threshold (sign 1) or below its negative (sign -1)."""

    place: LayerPosition
    unit: int
    sign: int


@dataclass(frozen=True)
class Match:
    """A range of a corpus with the states of the chosen one.

    Attributes
    ----------
    text : ReadInput
        The input that it is in.
    start, stop : int
        First step and the one after the last, from 0.
    on : ndarray
        (U,) bool: which units of the hypothesis are on at every step of it.
    exact : int
        How many of these are off just before and just after it, where the hypothesis is.
    overlap : float
        These divided by all units that are on over the match or in the hypothesis (Jaccard index).
    counts : ndarray
        (T,) how many units of the hypothesis are on at each step of the text.
    """

    text: ReadInput
    start: int
    stop: int
    on: np.ndarray
    exact: int
    overlap: float
    counts: np.ndarray


@dataclass(frozen=True)
class Matching:
    """A chosen range, the units that are on over it, and where in a corpus they are on together.

    Attributes
    ----------
    state : str
        Which state was compared, and of which layer: "tanh(c) of layer 1".
    threshold : float
    edges : str
        Where the units are off: "both" (just before and just after the range), "before", "after" or "none".
    labels : list of str
        What is read at each step of the text.
    start, stop : int
        The chosen steps, from 0; stop is after the last.
    units : tuple of SignedUnit
        The hypothesis.
    values : ndarray
        (T, U) the memory of these units over the text.
    over : int
        How many units are on over the range, whether or not they are off beside it.
    matches : tuple of Match
        The best first; none overlaps another.
    total : int
        How many ranges match, also those that are not among ``matches``.
    texts, steps : int
        How much of the corpus was searched.
    whole : bool
        Whether that is all of the corpus.
    properties : tuple of PropertyShare
        The properties of the text, or the labels of the rows, that hold more often in the matches than chance would
        give.
    measured : int
        How many properties were compared.
    """

    state: str
    threshold: float
    edges: str
    labels: list[str]
    start: int
    stop: int
    units: tuple[SignedUnit, ...]
    values: np.ndarray
    over: int
    matches: tuple[Match, ...]
    total: int
    texts: int
    steps: int
    whole: bool
    properties: tuple[PropertyShare, ...]
    measured: int


def match(
    model: Any,
    text: Any,
    over: tuple[int, int] | str,
    corpus: Iterable[Any],
    *,
    labels: Sequence[Any] | None = None,
    threshold: float = THRESHOLD,
    edges: str = "auto",
    layer: int | None = None,
    top: int = 20,
    most_steps: int = MOST_STEPS,
) -> Matching:
    """Find the ranges of a corpus in which the network is in the state of a chosen range.

    Parameters
    ----------
    model : Model or Mode
        A network that reads a sequence: words, characters, or steps of numbers.
    text : object
        One raw input.
    over : (int, int) or str
        The chosen range: first and last step, counted from 1; or a piece of the text.
    corpus : iterable
        Raw inputs to search in.
    labels : sequence, optional
        For each of them its label, or a list with a label for every step; None where there is none.
    threshold : float
        Above which, or below whose negative, a unit is on; between 0 and 1.
    edges : str
        Where the units of the hypothesis must be off: "both", "before", "after" or "none" of the two steps beside the
        range; "auto" is the strictest of these that some unit meets. A range at an end of the text has no step there,
        and nothing is required.
    layer : int, optional
        Which layer, from 1; by default the last. Both directions of a layer are compared.
    top : int
        How many matches.
    most_steps : int
        Steps after which no more of the corpus is read.

    Returns
    -------
    Matching

    Raises
    ------
    RecurError
        When the range is empty or outside the text, no unit is on over it, the threshold is not between 0 and 1, or
        the network cannot read the corpus.

    Examples
    --------
    >>> import recur
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = recur.fit(rows, epochs=1, hidden_size=8, bidirectional=False, progress=False)
    >>> found = match(model, "a fine film", "fine", ["a dull film", "a fine film"], edges="none", threshold=0.01)
    >>> found.state, found.labels[found.start : found.stop]
    ('tanh(c) of layer 1', ['fine'])
    """
    _check(threshold, edges, top)
    mode: Mode = model.mode
    chosen = next(iter(read(mode, [text])), None)
    if chosen is None:
        raise DataError("an empty input has no range to choose", hint="give an input with at least one step")
    start, stop = chosen_range(mode, over, chosen.labels)
    layers = _Memory(chosen, layer)
    on = layers.on(chosen, threshold)
    if edges == "auto":
        edges = _strictest(on, start, stop)
    hypothesis = np.flatnonzero(_during(on, start, stop, edges))
    if not len(hypothesis):
        raise _nothing_on(on, start, stop, edges, threshold, layers.name)
    searched, whole = _within(read(mode, corpus), most_steps)
    if not searched:
        raise DataError("there is no text to search: the corpus is empty", hint="give a file with at least one row")
    steps, unknown = (sum(each) for each in zip(*((len(one.labels), one.unknown) for one in searched), strict=True))
    if 2 * unknown > steps:
        raise DataError(
            f"the corpus is of another kind: the network does not know {unknown:,} of its {steps:,} symbols",
            hint="give texts like those that it was trained on",
        )
    found: list[Match] = []
    for one in searched:
        found += _candidates(one, layers.on(one, threshold), hypothesis, edges, 1 if stop - start == 1 else 2)
    found = [one for one in found if not _is_the_choice(one, chosen, start, stop)]
    found.sort(
        key=lambda one: (
            -one.exact, -int(one.on.sum()), -one.overlap, abs(one.stop - one.start - (stop - start)), one.text.number,
            one.start,
        )
    )  # fmt: skip
    best = _apart(found)
    measured, properties = property_shares(
        mode, searched, labels, [(one.text.number, one.start, one.stop) for one in best[:top]]
    )
    return Matching(
        layers.name, threshold, edges, chosen.labels, start, stop, layers.units(hypothesis),
        layers.values(chosen)[:, hypothesis // 2], len(np.flatnonzero(on[start:stop].all(0))), tuple(best[:top]),
        len(best), len(searched), steps, whole, properties, measured,
    )  # fmt: skip


class _Memory:
    """The memory of one layer: which state it is, and which units are on.

    Units are numbered over all directions of the layer; of unit u, 2 u is its positive sign and 2 u + 1 its negative.
    """

    def __init__(self, one: ReadInput, layer: int | None) -> None:
        layers = sorted({place.layer for place in one.memory})
        if not layers:
            raise ConfigError(
                "this network has no recurrent layer that reads the input, so that no state can be matched",
                hint="look into a network with a recurrent layer",
            )
        number = layers[-1] if layer is None else layer - 1
        if number not in layers:
            raise ConfigError(
                f"there is no layer {layer}: the network has {len(layers)}", hint=f"a layer from 1 to {len(layers)}"
            )
        self._places = [(place, state) for place, state in one.memory.items() if place.layer == number]
        self._bounded = [state == self._output(one, place) for place, state in self._places]
        names = dict.fromkeys(
            state if bounded else f"tanh({state})"
            for (_, state), bounded in zip(self._places, self._bounded, strict=True)
        )
        self._sizes = {place: one.states[place, state].shape[1] for place, state in self._places}
        both = " in both directions" if len(self._places) > 1 else ""
        self.name = f"{', '.join(names)} of {self._places[0][0]}{both}"

    @staticmethod
    def _output(one: ReadInput, place: LayerPosition) -> str:
        return next(state for other, state in one.states if other == place)

    def values(self, one: ReadInput) -> np.ndarray:
        """(T, S) the memory, through tanh where it is not the output: it has no bounds of its own."""
        parts = [
            one.states[place] if bounded else np.tanh(one.states[place])
            for place, bounded in zip(self._places, self._bounded, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def on(self, one: ReadInput, threshold: float) -> np.ndarray:
        """(T, 2 S) bool."""
        values = self.values(one)
        signs = np.stack([values > threshold, values < -threshold], axis=2)
        return signs.reshape(len(values), -1)

    def units(self, numbers: np.ndarray) -> tuple[SignedUnit, ...]:
        """The units of these numbers."""
        owners = [(place, unit) for place, _ in self._places for unit in range(self._sizes[place])]
        return tuple(
            SignedUnit(owners[number // 2][0], owners[number // 2][1], -1 if number % 2 else 1)
            for number in numbers.tolist()
        )


def _check(threshold: float, edges: str, top: int) -> None:
    if not 0 < threshold < 1:
        raise ConfigError(
            f"the threshold is {threshold:g}, expected a number between 0 and 1: states are compared in that range",
            hint="--threshold 0.3",
        )
    if edges not in EDGES:
        raise ConfigError(f'there are no edges "{edges}"', hint=f"one of {', '.join(EDGES)}")
    if top < 1:
        raise ConfigError(f"the number of matches is {top}, expected at least 1", hint="--matches 20")


def _during(on: np.ndarray, start: int, stop: int, edges: str) -> np.ndarray:
    """(2 S,) bool: on at every step of a range, and off beside it."""
    whole = np.asarray(on[start:stop].all(0))
    if edges in ("both", "before") and start > 0:
        whole = whole & ~on[start - 1]
    if edges in ("both", "after") and stop < len(on):
        whole = whole & ~on[stop]
    return whole


def _strictest(on: np.ndarray, start: int, stop: int) -> str:
    """The edges that some unit meets: both, else the one side that more units meet, else none."""
    counts = {edges: int(_during(on, start, stop, edges).sum()) for edges in ("both", "before", "after")}
    if counts["both"]:
        return "both"
    return max(("before", "after"), key=counts.__getitem__) if any(counts.values()) else "none"


def _nothing_on(on: np.ndarray, start: int, stop: int, edges: str, threshold: float, state: str) -> DataError:
    """The error of a range that no unit marks, with a range nearby that some do."""
    over = int(on[start:stop].all(0).sum())
    beside = {"both": " and off beside them", "before": " and off before them", "after": " and off after them"}
    message = (
        f"no unit of {state} is on (above {threshold:g}, or below -{threshold:g}) over the steps {start + 1} to {stop}"
        f"{beside.get(edges, '')}; {over} are on over them"
    )
    near = [
        (int(_during(on, a, b, edges).sum()), a, b)
        for a in range(max(0, start - 2), start + 3)
        for b in range(stop - 2, min(len(on), stop + 2) + 1)
        if a < b
    ]
    count, a, b = max(near, default=(0, start, stop))
    if count:
        return DataError(message, hint=f"--match {a + 1}:{b}, over which {count} are, or --edges none")
    return DataError(
        message, hint="--edges none, or a shorter range" if over and edges != "none" else "--threshold 0.1"
    )


def _within(texts: Iterable[ReadInput], most: int) -> tuple[list[ReadInput], bool]:
    """Texts up to a number of steps, and whether these are all."""
    kept: list[ReadInput] = []
    steps = 0
    for one in texts:
        if steps >= most:
            return kept, False
        kept.append(one)
        steps += len(one.labels)
    return kept, True


def _candidates(one: ReadInput, on: np.ndarray, hypothesis: np.ndarray, edges: str, least: int) -> list[Match]:
    """The ranges of a text over which more than half of the hypothesis is on throughout."""
    wanted = on[:, hypothesis]
    counts = wanted.sum(1)
    enough = len(hypothesis) // 2 + 1
    ranges: set[tuple[int, int]] = set()
    for level in range(enough, int(counts.max(initial=0)) + 1):
        edge = np.diff(np.concatenate([[0], (counts >= level).astype(np.int8), [0]]))
        ranges.update(zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True))
    found = []
    for start, stop in ranges:
        throughout = np.asarray(wanted[start:stop].all(0))
        if stop - start < least or throughout.sum() < enough:
            continue
        every = _during(on, start, stop, edges)
        exact = int(every[hypothesis].sum())
        overlap = exact / max(1, int(every.sum()) + len(hypothesis) - exact)
        found.append(Match(one, start, stop, throughout, exact, overlap, counts))
    return found


def _is_the_choice(found: Match, chosen: ReadInput, start: int, stop: int) -> bool:
    """Whether a match is the chosen range itself, in a corpus that holds the text."""
    return found.start < stop and start < found.stop and found.text.labels == chosen.labels


def _apart(found: Sequence[Match]) -> list[Match]:
    """The first of those that overlap."""
    kept: list[Match] = []
    taken: dict[int, np.ndarray] = {}
    for one in found:
        steps = taken.setdefault(one.text.number, np.zeros(len(one.text.labels), bool))
        if not steps[one.start : one.stop].any():
            steps[one.start : one.stop] = True
            kept.append(one)
    return kept
