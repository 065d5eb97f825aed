"""Unit search: hidden units that follow a simple property of the text, found over a corpus.

Every unit is compared with every predicate at every step: by the area under the ROC curve where the predicate is true
or false (0.5: knows nothing; 1: separates perfectly; 0: the same with the opposite sign), by correlation where it is a
number. A unit is chosen on one half of the texts and its figure measured on the other, so that luck is not reported.
Source: A. Karpathy, J. Johnson, L. Fei-Fei (2016), Visualizing and understanding recurrent networks, section 4.2, found
such cells by looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from recur.continuation import prompt
from recur.engine import Call, Result, watch
from recur.engine import run as run_recurrence
from recur.errors import ConfigError, DataError
from recur.inspect.labels import MARKS, symbol_labels
from recur.inspect.record import Recorder
from recur.modes import Mode
from recur.modes.mode import need_input
from recur.modes.synced import continues
from recur.network.batch import pad
from recur.nn.places import Place

Array = np.ndarray[Any, np.dtype[Any]]
Predicate = Callable[[Sequence[str]], Sequence[float]]

MOST_STEPS = 20_000
LEAST = 10  # steps on which a predicate must be true, and false


@dataclass(frozen=True)
class Finding:
    """A unit that follows a predicate.

    Attributes
    ----------
    place : Place
    state : str
    unit : int
        Counted from 0.
    predicate : str
    measure : str
        "AUC" or "correlation".
    found, score : float
        On the half that it was chosen on, and on the other.
    """

    place: Place
    state: str
    unit: int
    predicate: str
    measure: str
    found: float
    score: float


def inside_quotes(tokens: Sequence[str]) -> list[float]:
    """1 between two quotation marks, 0 outside; the mark that opens is outside, the one that closes inside."""
    found, inside = [], False
    for token in tokens:
        found.append(float(inside))
        for mark in token:
            if mark == '"':
                inside = not inside
            elif mark in "“«”»":
                inside = mark in "“«"
    return found


def inside_brackets(tokens: Sequence[str]) -> list[float]:
    """How many brackets are open, at most 1."""
    found, depth = [], 0
    for token in tokens:
        found.append(float(depth > 0))
        depth = max(0, depth + sum(token.count(one) for one in "([{") - sum(token.count(one) for one in ")]}"))
    return found


def place_in_line(tokens: Sequence[str]) -> list[float]:
    """Steps since the last line end."""
    found, place = [], 0
    for token in tokens:
        found.append(float(place))
        place = 0 if token in ("\n", "⟨end⟩", "<eos>") else place + 1
    return found


def place_in_sentence(tokens: Sequence[str]) -> list[float]:
    """Steps since the last full stop, question or exclamation mark."""
    found, place = [], 0
    for token in tokens:
        found.append(float(place))
        place = 0 if token.strip() in (".", "?", "!") else place + 1
    return found


def _each(test: Callable[[str], bool]) -> Predicate:
    return lambda tokens: [float(test(token)) for token in tokens]


PREDICATES: dict[str, Predicate] = {
    "inside quotes": inside_quotes,
    "inside brackets": inside_brackets,
    "position in the line": place_in_line,
    "position in the sentence": place_in_sentence,
    "capital letter": _each(lambda token: token.strip()[:1].isupper()),
    "digit": _each(lambda token: any(map(str.isdigit, token))),
    "sign": _each(lambda token: bool(token.strip()) and not any(map(str.isalnum, token))),
    "space": _each(str.isspace),
}


def find_units(
    model: Any,
    texts: Iterable[Any],
    *,
    labels: Mapping[str, Sequence[Sequence[float]]] | None = None,
    predicates: Mapping[str, Predicate] | None = None,
    top: int = 20,
    most_steps: int = MOST_STEPS,
) -> list[Finding]:
    """Search for units that follow something simple.

    Parameters
    ----------
    model : Model or Mode
        That reads sequences of symbols.
    texts : iterable
        Raw inputs.
    labels : mapping of str to sequence of sequence of float, optional
        What the texts are labelled with: for each name, of every text a number a symbol, such as a tag's presence.
    predicates : mapping of str to callable, optional
        From the symbols of a text to a number a step; by default `PREDICATES`.
    top : int
        Findings, the best first; of each predicate at most three.
    most_steps : int
        Steps after which no more texts are read.

    Raises
    ------
    DataError
        With fewer than two texts, and for labels that do not fit them.
    """
    mode: Mode = model.mode
    tests = PREDICATES if predicates is None else predicates
    halves: list[tuple[list[dict[tuple[Place, str], Array]], dict[str, list[Array]]]] = [([], {}), ([], {})]
    count, read = 0, 0
    for number, text in enumerate(texts):
        tokens, values = read_states(mode, text)
        if not tokens:
            continue
        rows, columns = halves[number % 2]
        rows.append(values)
        for name, test in tests.items():
            columns.setdefault(name, []).append(np.asarray(test(tokens), float))
        for name, given in (labels or {}).items():
            columns.setdefault(name, []).append(_labelled(name, number, given, tokens))
        count, read = count + len(tokens), read + 1
        if count >= most_steps:
            break
    if not all(rows for rows, _ in halves):
        raise DataError(f"a search needs at least two texts, got {read}", hint="give more texts")
    joined = [_joined(rows) for rows, _ in halves]
    found: list[Finding] = []
    for name in halves[0][1]:
        first, second = (np.concatenate(columns[name]) for _, columns in halves)
        best = []
        # of both halves together: one alone may not show that a predicate is a number
        measure = measure_of(np.concatenate([first, second]))
        for key, states in joined[0].items():
            scores, others = compare(states, first, measure), compare(joined[1][key], second, measure)
            strength = np.abs(scores - 0.5) if measure == "AUC" else np.abs(scores)
            for unit in np.argsort(-np.nan_to_num(strength))[:3]:
                if np.isfinite(scores[unit]) and np.isfinite(others[unit]):
                    best.append(
                        Finding(key[0], key[1], int(unit), name, measure, float(scores[unit]), float(others[unit]))
                    )
        found += sorted(best, key=_strength, reverse=True)[:3]
    return sorted(found, key=_strength, reverse=True)[:top]


def _strength(finding: Finding) -> float:
    return abs(2 * finding.score - 1) if finding.measure == "AUC" else abs(finding.score)


def _labelled(name: str, number: int, given: Sequence[Sequence[float]], tokens: Sequence[str]) -> Array:
    """The labels of a text, one a symbol; a start sign that the network reads before it has that of the first."""
    if number >= len(given):
        raise DataError(f'labels "{name}" are of {len(given)} texts, and there are more', hint="give each text its own")
    values = np.asarray(given[number], float)
    before = len(tokens) - len(values)
    signs = sum(token == MARKS["<bos>"] for token in tokens[:1])
    if values.ndim != 1 or not len(values) or before not in (0, signs):
        raise DataError(
            f'labels "{name}" of text {number + 1} have the shape {values.shape}, '
            f"expected one number for each of its {len(tokens) - signs} symbols",
            hint="recur.inspect.find_units.__doc__ says what labels are",
        )
    return np.concatenate([values[:1].repeat(before), values])


def measure_of(wanted: Array) -> str:
    """How a predicate is compared: by AUC where it is true or false, by correlation where it is a number."""
    return "AUC" if set(np.unique(wanted)) <= {0.0, 1.0} else "correlation"


def compare(states: Array, wanted: Array, measure: str) -> Array:
    """How well each unit follows a predicate.

    ::

        AUC          (sum of the ranks where it is true - P (P + 1) / 2) / (P N)      equal values share their mean rank
        correlation  cov(h, w) / (std(h) std(w))

    Parameters
    ----------
    states : ndarray
        (N, S).
    wanted : ndarray
        (N,) the predicate.
    measure : str
        "AUC" or "correlation".

    Returns
    -------
    ndarray
        (S,), nan for a unit that never changes, and for a predicate that is too rare to say.
    """
    spread = states.std(0)
    if measure == "AUC":
        true = wanted == 1
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
        return np.where(spread > 0, area, np.nan)
    both = spread * wanted.std()
    covariance = ((states - states.mean(0)) * (wanted - wanted.mean())[:, None]).mean(0)
    return np.where(both > 0, covariance / np.where(both > 0, both, 1), np.nan)


@dataclass(frozen=True)
class Followed:
    """A found unit over one text.

    Attributes
    ----------
    finding : Finding
    values : ndarray
        (T,) the unit's state after each symbol.
    wanted : ndarray
        (T,) the predicate at each symbol.
    """

    finding: Finding
    values: Array
    wanted: Array


def over_text(
    model: Any, findings: Sequence[Finding], text: Any, *, predicates: Mapping[str, Predicate] | None = None
) -> tuple[list[str], list[Followed]]:
    """The symbols of a text, and what found units do over them beside what they follow.

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
    tokens, values = read_states(mode, text)
    found = [
        Followed(one, values[one.place, one.state][:, one.unit], np.asarray(tests[one.predicate](tokens), float))
        for one in findings
        if one.predicate in tests and (one.place, one.state) in values
    ]
    return tokens, found


def read_states(mode: Mode, value: Any) -> tuple[list[str], dict[tuple[Place, str], Array]]:
    """The symbols of an input, and every state (T, S) of every layer that reads it."""
    codec = need_input(mode.input_codec, mode.name)
    ids = prompt.prompt_ids(mode, value) if continues(mode) and mode.symbols else mode.encode_input(value)
    if ids is None or not codec.discrete or ids.ndim != 1:
        raise ConfigError(f"units are searched for in symbols; this network reads {codec.describe()}")
    if not len(ids):
        return [], {}
    seen = _States(mode)
    values, lengths = pad([ids])
    if values is None:
        return [], {}
    values = values.to(mode.device)
    with mode.answering(), watch.watched_by(seen):
        mode.read(values, lengths)
    # predicates are about the text itself, whether or not the network knows its words
    return symbol_labels(codec, ids, value, unknown_mark=""), seen.found


class _States(Recorder):
    """Notes every state of every step, by the backend that the call is for."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode)
        self.found: dict[tuple[Place, str], Array] = {}

    def recurrence(self, call: Call, result: Result) -> Result:
        place = self.place_of(call)
        if place is None:
            return result
        with watch.unwatched(), torch.no_grad():
            again = run_recurrence(
                call.equation, call.x, call.states, call.parameters, lengths=call.lengths, resets=call.resets,
                reverse=call.reverse, noise=call.noise, all_states=True,
            )  # fmt: skip
        for name, series in (again.all_states or {}).items():
            self.found[place, name] = series[:, 0].cpu().numpy()
        return result


def _joined(rows: list[dict[tuple[Place, str], Array]]) -> dict[tuple[Place, str], Array]:
    return {key: np.concatenate([one[key] for one in rows]) for key in rows[0]}
