"""Unit search: hidden units that follow a simple property of the text, found over a corpus.

Every unit is compared with every predicate at every step: by the area under the ROC curve where the predicate is true
or false (0.5: no relation; 1: separates perfectly; 0: the same with the opposite sign), by correlation where it is a
number. A unit is chosen on one half of the texts and measured on the other, so that a chance match is not reported; the
same is done 100 times with the predicate shifted against the states, and the best of these scores is what chance gives.
Source: A. Karpathy, J. Johnson, L. Fei-Fei (2016), Visualizing and understanding recurrent networks, section 4.2, found
such cells by eye.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recur.errors import ConfigError, DataError
from recur.inspect.labels import MARKS
from recur.inspect.match_properties import label_columns
from recur.inspect.predicates import PREDICATES, Predicate
from recur.inspect.reading import Place, ReadInput, read, states_of
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition

MOST_STEPS = 20_000
SHOWN_STEPS = 200
SHOWN_FINDINGS = 8
LEAST = 10  # steps on which a predicate must be true, and false
SHIFTS = 100

Labels = Mapping[str, Sequence[Sequence[float]]] | Sequence[Any]


@dataclass(frozen=True)
class Finding:
    """A unit that follows a predicate.

    Attributes
    ----------
    place : LayerPosition
    state : str
    unit : int
        Counted from 0.
    predicate : str
    measure : str
        "AUC" or "correlation".
    found, score : float
        On the half that it was chosen on, and on the other.
    chance : float
        The best score of 100 searches with the predicate shifted against the states, on the other half as well: an AUC
        of at least 0.5, or the size of a correlation.
    """

    place: LayerPosition
    state: str
    unit: int
    predicate: str
    measure: str
    found: float
    score: float
    chance: float

    @property
    def exceeds_chance(self) -> bool:
        """Whether it follows the predicate, in the same direction on both halves, more than chance gives."""
        middle = 0.5 if self.measure == "AUC" else 0.0
        same = (self.score - middle) * (self.found - middle) > 0
        return same and abs(self.score - middle) > self.chance - middle


def find_units(
    model: Any,
    texts: Iterable[Any],
    *,
    labels: Labels | None = None,
    predicates: Mapping[str, Predicate] | None = None,
    top: int = 20,
    most_steps: int = MOST_STEPS,
) -> list[Finding]:
    """Search for hidden units that follow a simple predicate.

    Parameters
    ----------
    model : Model or Mode
        Reads sequences of symbols.
    texts : iterable
        Raw inputs. A single long one is divided in the middle.
    labels : mapping of str to sequence of sequence of float, or sequence, optional
        Labels of the texts: by name, for every text one number per symbol, such as whether it has a tag. Or for every
        text its label, or a list of one label per symbol: whether a symbol has it is a predicate, for each label.
    predicates : mapping of str to callable, optional
        From the symbols of a text to one number per symbol; by default `PREDICATES`.
    top : int
        How many findings, at most three per predicate; the best first.
    most_steps : int
        Steps after which no more texts are read.

    Returns
    -------
    list of Finding
        Also those that do not exceed what chance gives; `Finding.exceeds_chance` tells.

    Raises
    ------
    DataError
        With fewer than two texts, unless one is long, and for labels that do not fit them.

    Examples
    --------
    >>> import recur
    >>> texts = ["the dog saw the cat", "a cat saw a dog"] * 12
    >>> model = recur.fit(texts, input_codec="words", documents="line", epochs=1, hidden_size=8, progress=False)
    >>> best = find_units(model, texts, top=1)[0]
    >>> best.predicate, best.exceeds_chance
    ('position in the line', True)
    """
    tests = PREDICATES if predicates is None else predicates
    halves = _halves(model.mode, texts, tests, labels, most_steps)
    findings: list[Finding] = []
    for name in halves[0].predicates:
        findings += sorted(_followers(name, *halves), key=_strength, reverse=True)[:3]
    return sorted(findings, key=_strength, reverse=True)[:top]


@dataclass(frozen=True)
class _Half:
    """One half of the texts: each state (N, S) of every layer, and each predicate (N,), at all their steps."""

    states: dict[Place, _Columns]
    predicates: dict[str, np.ndarray]


def _halves(
    mode: Mode, texts: Iterable[Any], tests: Mapping[str, Predicate], labels: Labels | None, most_steps: int
) -> tuple[_Half, _Half]:
    """Read texts, alternately for the first half and for the second; a single one is divided in the middle."""
    codec = mode.input_codec
    if codec is None or not codec.discrete:
        if not labels:
            raise ConfigError(
                "a search for units requires a network that reads symbols, or labels of the texts; this one reads "
                f"{'nothing' if codec is None else codec.describe()}",
                hint="search in a network that reads words or characters",
            )
        tests = {}
    rows: list[ReadInput] = []
    for one in read(mode, texts):
        rows.append(one)
        if sum(len(row.labels) for row in rows) >= most_steps:
            break
    columns = {
        name: np.concatenate([np.asarray(test(one.labels), float) for one in rows]) if rows else np.zeros(0)
        for name, test in tests.items()
    }
    if isinstance(labels, Mapping):
        for name, given in labels.items():
            columns[name] = np.concatenate([_text_labels(name, one.number, given, one.labels) for one in rows])
    else:
        columns |= label_columns(rows, labels)
    lengths = [len(one.labels) for one in rows]
    if len(rows) == 1 and lengths[0] >= 4 * LEAST:
        second = np.arange(lengths[0]) >= lengths[0] // 2
    elif len({one.number % 2 for one in rows}) < 2:
        raise DataError(
            f"a search needs at least two texts, got {len(rows)}", hint=f"give more texts, or {4 * LEAST} symbols"
        )
    else:
        second = np.repeat([one.number % 2 == 1 for one in rows], lengths)
    states = {key: np.concatenate([one.states[key] for one in rows]) for key in rows[0].states}
    first_half, second_half = (
        _Half(
            {key: _Columns(values[half]) for key, values in states.items()},
            {name: values[half] for name, values in columns.items()},
        )
        for half in (~second, second)
    )
    return first_half, second_half


def _followers(name: str, half: _Half, other: _Half) -> list[Finding]:
    """The three units of each state that follow a predicate best on one half, with their score on the other."""
    first, second = half.predicates[name], other.predicates[name]
    # by both halves together: one alone may not show that a predicate is a number
    measure = measure_of(np.concatenate([first, second]))
    middle = 0.5 if measure == "AUC" else 0.0
    shifted = _shifted(first, 1), _shifted(second, 2)
    best, luck = [], np.zeros((2, SHIFTS))  # the strength on the first half, and that of the same unit on the other
    for (place, state), values in half.states.items():
        others = other.states[place, state]
        first_scores, second_scores = values.scores(first[None], measure)[0], others.scores(second[None], measure)[0]
        chosen = np.argsort(-np.nan_to_num(np.abs(first_scores - middle)))[:3].tolist()
        chosen = [unit for unit in chosen if np.isfinite(first_scores[unit]) and np.isfinite(second_scores[unit])]
        if not chosen:
            continue
        best += [(place, state, unit, float(first_scores[unit]), float(second_scores[unit])) for unit in chosen]
        strengths, others_strengths = (
            np.nan_to_num(np.abs(columns.scores(each, measure) - middle))
            for columns, each in zip((values, others), shifted, strict=True)
        )
        units = strengths.argmax(1)
        own = np.stack([strengths[np.arange(SHIFTS), units], others_strengths[np.arange(SHIFTS), units]])
        luck = np.where(own[0] > luck[0], own, luck)
    chance = middle + float(luck[1].max())
    return [Finding(place, state, unit, name, measure, f, s, chance) for place, state, unit, f, s in best]


def _shifted(predicate: np.ndarray, seed: int) -> np.ndarray:
    """(SHIFTS, N): the predicate shifted in time, which keeps how slowly it changes, and loses what it is about."""
    steps = len(predicate)
    far = np.random.default_rng(seed).integers(max(1, steps // 10), max(2, steps - steps // 10), SHIFTS)
    return np.asarray(predicate[(np.arange(steps) + far[:, None]) % steps])


def _strength(finding: Finding) -> float:
    return abs(2 * finding.score - 1) if finding.measure == "AUC" else abs(finding.score)


def _text_labels(name: str, number: int, labels: Sequence[Sequence[float]], tokens: Sequence[str]) -> np.ndarray:
    """The labels of a text, one per symbol; a start symbol has the label of the first."""
    if number >= len(labels):
        raise DataError(
            f'labels "{name}" are for {len(labels)} texts, and there are more', hint="give labels for each text"
        )
    values = np.asarray(labels[number], float)
    before = len(tokens) - len(values)
    signs = sum(token == MARKS["<bos>"] for token in tokens[:1])
    if values.ndim != 1 or not len(values) or before not in (0, signs):
        raise DataError(
            f'labels "{name}" of text {number + 1} have the shape {values.shape}, '
            f"expected one number for each of its {len(tokens) - signs} symbols",
            hint="labels={name: [[one number per symbol], ...]}, a list for each text",
        )
    return np.concatenate([values[:1].repeat(before), values])


def measure_of(predicate: np.ndarray) -> str:
    """How a predicate is compared: by AUC where it is true or false, by correlation where it is a number."""
    return "AUC" if set(np.unique(predicate)) <= {0.0, 1.0} else "correlation"


def compare(states: np.ndarray, predicate: np.ndarray, measure: str) -> np.ndarray:
    """How well each unit follows a predicate.

    ::

        AUC          (sum of the ranks where it is true - P (P + 1) / 2) / (P N)      equal values share their mean rank
        correlation  cov(h, w) / (std(h) std(w))

    Parameters
    ----------
    states : ndarray
        (N, S).
    predicate : ndarray
        (N,) the predicate.
    measure : str
        "AUC" or "correlation".

    Returns
    -------
    ndarray
        (S,), NaN for a unit that never changes, and for a predicate that is too rare.
    """
    scores: np.ndarray = _Columns(states).scores(np.asarray(predicate, float)[None], measure)[0]
    return scores


class _Columns:
    """States (N, S), with what is computed of them once for all predicates."""

    def __init__(self, states: np.ndarray) -> None:
        self.states = states

    @cached_property
    def ranks(self) -> np.ndarray:
        """(N, S) the rank of every state among those of its unit, from 1; equal values share their mean rank."""
        in_order = np.sort(self.states, axis=0)
        return np.stack(
            [
                (np.searchsorted(ordered, unit, "left") + np.searchsorted(ordered, unit, "right") + 1) / 2
                for ordered, unit in zip(in_order.T, self.states.T, strict=True)
            ],
            axis=1,
        )

    @cached_property
    def standard(self) -> np.ndarray:
        """(N, S) the states, each unit shifted and divided to mean 0 and deviation 1; NaN where it never changes."""
        deviation = self.states.std(0)
        standard: np.ndarray = np.where(
            deviation > 0, (self.states - self.states.mean(0)) / np.where(deviation > 0, deviation, 1), np.nan
        )
        return standard

    def scores(self, predicates: np.ndarray, measure: str) -> np.ndarray:
        """(P, S) of predicates (P, N)."""
        if measure == "correlation":
            deviation = predicates.std(1, keepdims=True)
            centred = (predicates - predicates.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, np.nan)
            correlations: np.ndarray = centred @ self.standard / len(self.states)
            return correlations
        true = predicates == 1
        positives = true.sum(1)[:, None]
        negatives = predicates.shape[1] - positives
        if min(positives.min(), negatives.min()) < LEAST:
            return np.full((len(predicates), self.states.shape[1]), np.nan)
        area = (true.astype(float) @ self.ranks - positives * (positives + 1) / 2) / (positives * negatives)
        return np.where(np.ptp(self.states, axis=0) > 0, area, np.nan)


@dataclass(frozen=True)
class UnitTrace:
    """A unit from the search, over one text.

    Attributes
    ----------
    finding : Finding
    values : ndarray
        (T,) the unit's state after each symbol.
    predicate : ndarray
        (T,) the predicate at each symbol.
    """

    finding: Finding
    values: np.ndarray
    predicate: np.ndarray


def over_text(
    model: Any, findings: Sequence[Finding], text: Any, *, predicates: Mapping[str, Predicate] | None = None
) -> tuple[list[str], list[UnitTrace]]:
    """Return the symbols of a text, and over them the states of units beside their predicates.

    Parameters
    ----------
    model : Model or Mode
    findings : sequence of Finding
        Of `find_units`; those whose predicate is not in ``predicates`` (of labels) are left out.
    text : object
        One raw input.
    predicates : mapping of str to callable, optional
        As for `find_units`.
    """
    mode: Mode = model.mode
    tests = PREDICATES if predicates is None else predicates
    tokens, values = states_of(mode, text)
    traces = [
        UnitTrace(one, values[one.place, one.state][:, one.unit], np.asarray(tests[one.predicate](tokens), float))
        for one in findings
        if one.predicate in tests and (one.place, one.state) in values
    ]
    return tokens, traces


def plain_units(mode: Mode, value: Any, corpus: Iterable[Any], labels: Labels | None = None) -> dict[str, Any]:
    """Plain data of the units that follow a simple predicate in a corpus, also over the last steps of one input.

    Of each predicate the best unit is listed, and whether it exceeds what chance gives; those that do are shown over
    the input.
    """
    found = find_units(mode, corpus, labels=labels, top=1_000_000)
    best = {one.predicate: one for one in reversed(found)}
    names, every = over_text(mode, [one for one in found if one.exceeds_chance], value)
    start = max(0, len(names) - SHOWN_STEPS)
    # a predicate that is constant over this input has nothing to be compared with
    traces = [one for one in every if len(one.predicate[start:]) and np.ptp(one.predicate[start:]) > 0][:SHOWN_FINDINGS]
    return {
        "labels": names[start:],
        "best": [_plain(one) for one in sorted(best.values(), key=_strength, reverse=True)],
        "findings": [
            _plain(one.finding) | {"values": one.values[start:], "wanted": one.predicate[start:]} for one in traces
        ],
    }


def _plain(one: Finding) -> dict[str, Any]:
    return {
        "layer": str(one.place), "state": one.state, "unit": one.unit, "predicate": one.predicate,
        "measure": one.measure, "found": one.found, "score": one.score, "chance": one.chance,
        "exceeds": one.exceeds_chance,
    }  # fmt: skip
