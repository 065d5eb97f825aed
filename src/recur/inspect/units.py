"""Unit search: hidden units that follow a simple property of the text, found over a corpus.

Every unit is compared with every predicate at every step: by the area under the ROC curve where the predicate is true
or false (0.5: no relation; 1: separates perfectly; 0: the same with the opposite sign), by correlation where it is a
number. A unit is chosen on one half of the texts and measured on the other, so that a chance match is not reported.
Source: A. Karpathy, J. Johnson, L. Fei-Fei (2016), Visualizing and understanding recurrent networks, section 4.2, found
such cells by eye.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from recur.continuation import prompt
from recur.engine import Call, Result, observers
from recur.engine import run as run_recurrence
from recur.errors import ConfigError, DataError
from recur.inspect.labels import MARKS, symbol_labels
from recur.inspect.predicates import PREDICATES, Predicate
from recur.inspect.record import Recorder
from recur.modes import Mode
from recur.modes.mode import require_input
from recur.network.batch import pad
from recur.nn.layer_positions import LayerPosition

MOST_STEPS = 20_000
SHOWN_STEPS = 200
SHOWN_FINDINGS = 8
LEAST = 10  # steps on which a predicate must be true, and false


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
    """

    place: LayerPosition
    state: str
    unit: int
    predicate: str
    measure: str
    found: float
    score: float


def find_units(
    model: Any,
    texts: Iterable[Any],
    *,
    labels: Mapping[str, Sequence[Sequence[float]]] | None = None,
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
        Raw inputs.
    labels : mapping of str to sequence of sequence of float, optional
        Labels of the texts: by name, for every text one number per symbol, such as whether it has a tag.
    predicates : mapping of str to callable, optional
        From the symbols of a text to one number per symbol; by default `PREDICATES`.
    top : int
        How many findings, at most three per predicate; the best first.
    most_steps : int
        Steps after which no more texts are read.

    Raises
    ------
    DataError
        With fewer than two texts, and for labels that do not fit them.
    """
    tests = PREDICATES if predicates is None else predicates
    halves = _halves(model.mode, texts, tests, labels or {}, most_steps)
    findings: list[Finding] = []
    for name in halves[0].predicates:
        findings += sorted(_followers(name, *halves), key=_strength, reverse=True)[:3]
    return sorted(findings, key=_strength, reverse=True)[:top]


@dataclass(frozen=True)
class _Half:
    """One half of the texts: each state (N, S) of every layer, and each predicate (N,), at all their steps."""

    states: dict[tuple[LayerPosition, str], np.ndarray]
    predicates: dict[str, np.ndarray]


def _halves(
    mode: Mode, texts: Iterable[Any], tests: Mapping[str, Predicate],
    labels: Mapping[str, Sequence[Sequence[float]]], most_steps: int,
) -> tuple[_Half, _Half]:  # fmt: skip
    """Read texts, alternately for the first half and for the second."""
    states: tuple[list[dict[tuple[LayerPosition, str], np.ndarray]], ...] = ([], [])
    predicates: tuple[dict[str, list[np.ndarray]], ...] = ({}, {})
    count, texts_read = 0, 0
    for number, text in enumerate(texts):
        tokens, values = states_of(mode, text)
        if not tokens:
            continue
        half = number % 2
        states[half].append(values)
        for name, test in tests.items():
            predicates[half].setdefault(name, []).append(np.asarray(test(tokens), float))
        for name, rows_of_labels in labels.items():
            predicates[half].setdefault(name, []).append(_text_labels(name, number, rows_of_labels, tokens))
        count, texts_read = count + len(tokens), texts_read + 1
        if count >= most_steps:
            break
    if not all(states):
        raise DataError(f"a search needs at least two texts, got {texts_read}", hint="give more texts")
    first, second = (
        _Half(
            {key: np.concatenate([one[key] for one in rows]) for key in rows[0]},
            {name: np.concatenate(values) for name, values in columns.items()},
        )
        for rows, columns in zip(states, predicates, strict=True)
    )
    return first, second


def _followers(name: str, half: _Half, other: _Half) -> list[Finding]:
    """The three units of each state that follow a predicate best on one half, with their score on the other."""
    first, second = half.predicates[name], other.predicates[name]
    # by both halves together: one alone may not show that a predicate is a number
    measure = measure_of(np.concatenate([first, second]))
    best = []
    for (place, state), values in half.states.items():
        first_scores, second_scores = (
            compare(values, first, measure),
            compare(other.states[place, state], second, measure),
        )
        strength = np.abs(first_scores - 0.5) if measure == "AUC" else np.abs(first_scores)
        for unit in np.argsort(-np.nan_to_num(strength))[:3].tolist():
            if np.isfinite(first_scores[unit]) and np.isfinite(second_scores[unit]):
                best.append(
                    Finding(place, state, unit, name, measure, float(first_scores[unit]), float(second_scores[unit]))
                )
    return best


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
    deviation = states.std(0)
    if measure == "AUC":
        true = predicate == 1
        positives, negatives = int(true.sum()), int((~true).sum())
        if min(positives, negatives) < LEAST:
            return np.full(states.shape[1], np.nan)
        in_order = np.sort(states, axis=0)
        ranks = np.stack(
            [
                (np.searchsorted(ordered, unit, "left") + np.searchsorted(ordered, unit, "right") + 1) / 2
                for ordered, unit in zip(in_order.T, states.T, strict=True)
            ],
            axis=1,
        )
        area = (ranks[true].sum(0) - positives * (positives + 1) / 2) / (positives * negatives)
        return np.where(deviation > 0, area, np.nan)
    both = deviation * predicate.std()
    covariance = ((states - states.mean(0)) * (predicate - predicate.mean())[:, None]).mean(0)
    return np.where(both > 0, covariance / np.where(both > 0, both, 1), np.nan)


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


def states_of(mode: Mode, value: Any) -> tuple[list[str], dict[tuple[LayerPosition, str], np.ndarray]]:
    """The symbols of an input, and every state (T, S) of every layer that reads it."""
    codec = require_input(mode.input_codec, mode.name)
    model = mode.item_model
    ids = mode.encode_input(value) if model is None or model.symbols is None else prompt.prompt_ids(model, value)
    if ids is None or not codec.discrete or ids.ndim != 1:
        raise ConfigError(
            f"a search for units requires a network that reads symbols; this one reads {codec.describe()}",
            hint="search in a network that reads words or characters",
        )
    if not len(ids):
        return [], {}
    states = _States(mode)
    values, lengths = pad([ids])
    if values is None:
        return [], {}
    values = values.to(mode.device)
    with mode.answering(), observers.observed_by(states):
        mode.read(values, lengths)
    # predicates are about the text itself, whether or not the network knows its words
    return symbol_labels(codec, ids, value, unknown_mark=""), states.states_by_place


class _States(Recorder):
    """Records every state of every step, computed by the backend of the call."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode)
        self.states_by_place: dict[tuple[LayerPosition, str], np.ndarray] = {}

    def recurrence(self, call: Call, result: Result) -> Result:
        place = self.place_of(call)
        if place is None:
            return result
        with observers.unobserved(), torch.no_grad():
            again = run_recurrence(
                call.equation, call.x, call.states, call.parameters, lengths=call.lengths, resets=call.resets,
                reverse=call.reverse, noise=call.noise, all_states=True,
            )  # fmt: skip
        for name, series in (again.all_states or {}).items():
            self.states_by_place[place, name] = series[:, 0].cpu().numpy()
        return result


def plain_units(mode: Mode, value: Any, corpus: Iterable[Any]) -> dict[str, Any]:
    """Plain data of the units that follow a simple predicate in a corpus, over the last steps of one input."""
    labels, every = over_text(mode, find_units(mode, corpus), value)
    start = max(0, len(labels) - SHOWN_STEPS)
    # a predicate that is constant over this input has nothing to be compared with
    traces = [one for one in every if len(one.predicate[start:]) and np.ptp(one.predicate[start:]) > 0][:SHOWN_FINDINGS]
    return {
        "labels": labels[start:],
        "findings": [
            {
                "layer": str(one.finding.place), "state": one.finding.state, "unit": one.finding.unit,
                "predicate": one.finding.predicate, "measure": one.finding.measure, "found": one.finding.found,
                "score": one.finding.score, "values": one.values[start:], "wanted": one.predicate[start:],
            }
            for one in traces
        ],
    }  # fmt: skip
