"""Baselines: the metrics of the simplest guesses, computed only from counts.

==========================  =====================================================================
one label a row             the most frequent label
a label a step              the most frequent label of each symbol; the most frequent label
spans                       the spans of the most frequent label of each symbol
the next symbol             bigram and unigram, interpolated (Witten & Bell 1991)
numbers, their own future   persistence: a value equals the last known one
frames of notes             how often each key sounds; the same, given whether it sounded a step before
a forecast                  persistence; seasonal naive: as one season before
other numbers               the mean of the training rows, each counted once
==========================  =====================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.codecs.spans import compare
from recur.figures import figure
from recur.heads.known_targets import known_in
from recur.modes import Mode
from recur.network.batch import Encoded

MOST_STEPS = 5_000_000


@dataclass(frozen=True)
class Guess:
    """One simple predictor and its metrics on the held-out rows.

    Attributes
    ----------
    name : str
        In words: "bigram".
    sums : dict
        What a mode's error would have added up: "loss", "accuracy" for symbols, "square COLUMN" and "energy COLUMN" for
        numbers.
    """

    name: str
    sums: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Baseline:
    """Metrics of simple predictors, the best first.

    Examples
    --------
    >>> str(Baseline("perplexity", {"bigram": 310.24, "unigram": 720.0}))
    'bigram 310.2, unigram 720.0'
    """

    metric: str
    values: Mapping[str, float]

    def __str__(self) -> str:
        return ", ".join(f"{name} {figure(self.metric, value)}" for name, value in self.values.items())

    def record(self) -> dict[str, Any]:
        """JSON values for run.json and metrics.json."""
        return {"figure": self.metric, "values": dict(self.values)}


def baseline(mode: Mode, train: Iterable[Encoded], dev: Iterable[Encoded], *, own_future: bool) -> Baseline | None:
    """Return the metrics of simple predictors, in the units of the mode's own metric; None where there are none.

    Parameters
    ----------
    mode : Mode
    train : iterable of Encoded
        Training rows, each target once: no windows that overlap.
    dev : iterable of Encoded
        Held-out rows.
    own_future : bool
        As in `guesses`.
    """
    own, codec = mode.simple_guesses(dev), mode.target_codec
    if own is not None:
        return _ranked(mode, [Guess(name, sums) for name, sums in own.items()])
    if mode.head.spans:
        return _ranked(mode, _spans([str(label) for label in codec.labels], train, dev))
    if codec.events:
        return _ranked(mode, _frames(train, dev))
    if own_future and not codec.discrete:
        dev = _as_known(dev, mode.abilities.ahead)
    columns = [] if codec.discrete else codec.column_names()
    each_step = mode.abilities.each_step
    simple = guesses(
        train, dev, each_step=each_step, discrete=codec.discrete, own_future=own_future, columns=columns,
        zeros=_zeros(codec) if codec.numeric else None,
    )  # fmt: skip
    return _ranked(mode, simple)


def _ranked(mode: Mode, simple: Iterable[Guess]) -> Baseline | None:
    """Return the metrics of guesses, the best first."""
    values = {}
    for guess in simple:
        value = mode.summary(guess.sums).get(mode.metric, math.nan)
        if not math.isnan(value):
            values[guess.name] = value
    ranked = sorted(values.items(), key=lambda item: -item[1] if mode.higher_is_better else item[1])
    return Baseline(mode.metric, dict(ranked)) if ranked else None


class Counts:
    """How often a symbol follows a context, over pairs (context, symbol).

    ::

        P(w)     = (c(w) + T/V) / (N + T)                        T kinds of symbols seen, N symbols, V vocabulary
        P(w | v) = (c(v, w) + T(v) P(w)) / (c(v) + T(v))         T(v) kinds of symbols seen after v

    Source: Witten & Bell 1991, "The zero-frequency problem", method C, interpolated with the shorter context.
    """

    def __init__(self, contexts: np.ndarray, symbols: np.ndarray, size: int) -> None:
        self._size = size
        self._single = np.bincount(symbols, minlength=size).astype(np.float64)
        kinds = int((self._single > 0).sum())
        self._unigram = (self._single + kinds / size) / max(1.0, self._single.sum() + kinds)
        self._pairs, counts = np.unique(contexts * size + symbols, return_counts=True)
        self._pair_counts = counts.astype(np.float64)
        owners = self._pairs // size
        most = int(owners.max()) + 1 if len(owners) else 1
        self._after = np.bincount(owners, weights=self._pair_counts, minlength=most)
        self._kinds = np.bincount(owners, minlength=most).astype(np.float64)
        # the symbol seen most often after each context; ties go to the smaller id
        self._favourite = np.full(most, int(self._single.argmax()), dtype=np.int64)
        ranked = np.lexsort((-self._pairs, self._pair_counts))
        self._favourite[owners[ranked]] = self._pairs[ranked] % size

    def unigram(self, symbols: np.ndarray) -> tuple[float, float]:
        """Return (sum of -log P(w), number guessed right by the most frequent symbol)."""
        return float(-np.log(self._unigram[symbols]).sum()), float((symbols == self._single.argmax()).sum())

    def bigram(self, contexts: np.ndarray, symbols: np.ndarray) -> tuple[float, float]:
        """Return (sum of -log P(w | v), number guessed right by each context's favourite)."""
        keys = contexts * self._size + symbols
        places = np.minimum(np.searchsorted(self._pairs, keys), max(0, len(self._pairs) - 1))
        together = np.where(self._pairs[places] == keys, self._pair_counts[places], 0.0) if len(self._pairs) else 0.0
        known = contexts < len(self._after)
        safe = np.where(known, contexts, 0)
        after, kinds = self._after[safe] * known, self._kinds[safe] * known
        seen = after + kinds > 0
        mixed = (together + kinds * self._unigram[symbols]) / np.where(seen, after + kinds, 1.0)
        probabilities = np.where(seen, mixed, self._unigram[symbols])
        return float(-np.log(probabilities).sum()), float((symbols == self.favourites(contexts)).sum())

    def favourites(self, contexts: np.ndarray) -> np.ndarray:
        """Return the symbol seen most often after each context; after a new one, the most frequent of all."""
        known = contexts < len(self._after)
        return np.where(known, self._favourite[np.where(known, contexts, 0)], self._single.argmax())


def guesses(
    train: Iterable[Encoded],
    dev: Iterable[Encoded],
    *,
    each_step: bool,
    discrete: bool,
    own_future: bool,
    columns: Sequence[str] = (),
    zeros: np.ndarray | None = None,
) -> list[Guess]:
    """Return the metrics of simple predictors on the held-out rows.

    Parameters
    ----------
    train, dev : iterable of Encoded
        Encoded rows; of the training rows the first five million steps are counted.
    each_step : bool
        Whether each step of the input has a target.
    discrete : bool
        Whether targets are ids.
    own_future : bool
        Whether the target is the input, some steps later: a language model, a series.
    columns : sequence of str
        Names of the columns of numbers.
    zeros : ndarray, optional
        (C,) what a zero is among the standardised numbers of each column; by default zero.
    """
    rows = limited(train)
    first = next(rows, None)
    if first is None:
        return []
    rows = _chain(first, rows)
    if not discrete:
        return _numbers(rows, dev, own_future, columns, zeros)
    if first.target.ndim == 0:
        return _labels(rows, dev)
    if each_step:
        return _step_labels(rows, dev)
    two, one = _symbols(rows, dev, "bigram", "unigram", by_input=own_future)
    return [two, one]


def _labels(train: Iterator[Encoded], dev: Iterable[Encoded]) -> list[Guess]:
    seen = np.array([int(row.target) for row in train], dtype=np.int64)
    held_out = np.array([int(row.target) for row in dev], dtype=np.int64)
    seen, held_out = seen[known_in(seen)], held_out[known_in(held_out)]
    if not len(held_out) or not len(seen):
        return []
    counts = Counts(np.zeros_like(seen), seen, int(max(seen.max(), held_out.max())) + 1)
    return [Guess("majority class", _sums(counts.unigram(held_out), len(held_out)))]


def _step_labels(train: Iterator[Encoded], dev: Iterable[Encoded]) -> list[Guess]:
    first = next(train)
    ids = first.input is not None and first.input.dtype.kind in "iu"
    names = ("most frequent label per symbol", "majority label")
    by_symbol, majority = _symbols(_chain(first, train), dev, *names, by_input=ids)
    return [by_symbol, majority] if ids else [majority]


def _spans(labels: Sequence[str], train: Iterable[Encoded], dev: Iterable[Encoded]) -> list[Guess]:
    """Return the spans of the most frequent tag of each symbol."""
    rows = limited(train)
    first = next(rows, None)
    # numbers have no most frequent tag each: all steps would have the tag of no span
    if first is None or first.input is None or first.input.dtype.kind not in "iu":
        return []
    counts = Counts(*_pairs(_chain(first, rows), by_input=True), len(labels))
    right = guessed = true = 0
    for row in dev:
        contexts, tags = _pairs([row], by_input=True)
        expected, predicted = ([labels[index] for index in ids] for ids in (tags, counts.favourites(contexts)))
        counted = compare(expected, predicted)
        right, guessed, true = right + counted.right, guessed + counted.guessed, true + counted.true
    spans = {"span_precision": (float(right), float(guessed)), "span_recall": (float(right), float(true))}
    return [Guess("most frequent tag per symbol", {"loss": (0.0, 0.0), **spans})]


def _symbols(
    train: Iterator[Encoded], dev: Iterable[Encoded], paired: str, single: str, *, by_input: bool
) -> tuple[Guess, Guess]:
    seen_contexts, seen = _pairs(train, by_input)
    contexts, held_out = _pairs(dev, by_input)
    size = int(max(seen.max(initial=0), held_out.max(initial=0))) + 1
    counts = Counts(seen_contexts, seen, size)
    return (
        Guess(paired, _sums(counts.bigram(contexts, held_out), len(held_out))),
        Guess(single, _sums(counts.unigram(held_out), len(held_out))),
    )


def _zeros(codec: Codec) -> np.ndarray:
    mean, deviation = (np.asarray(each, np.float64).ravel() for each in codec.normalisation())
    zeros: np.ndarray = -mean / deviation
    return zeros


def _numbers(
    train: Iterator[Encoded], dev: Iterable[Encoded], own_future: bool, columns: Sequence[str], zeros: np.ndarray | None
) -> list[Guess]:
    total, count = np.zeros(1), np.zeros(1)
    for row in train:
        target = np.atleast_2d(row.target).astype(np.float64)
        total = total + np.nansum(target, axis=0)
        count = count + (~np.isnan(target)).sum(axis=0)
    mean = total / np.maximum(1, count)
    errors: dict[str, list[np.ndarray]] = {"mean": []}
    signals = []
    for row in dev:
        target = np.atleast_2d(row.target).astype(np.float64)
        errors["mean"].append(target - mean)
        if zeros is not None:
            signals.append(target - zeros)
        if own_future and row.input is not None:
            errors.setdefault("persistence", []).append(target - np.atleast_2d(row.input)[: len(target)])
    simple = []
    for name, parts in errors.items():
        if parts:
            squares = np.concatenate(parts) ** 2
            known = (~np.isnan(squares)).sum(axis=0).tolist()
            by_column = np.nansum(squares, axis=0).tolist()
            pairs = zip(columns, by_column, map(float, known), strict=False)
            sums = {f"square {column}": (square, count) for column, square, count in pairs}
            if signals:
                # what the error of a signal is a share of, over the same steps
                energies = np.where(np.isnan(squares), 0.0, np.concatenate(signals) ** 2).sum(axis=0).tolist()
                pairs = zip(columns, energies, map(float, known), strict=False)
                sums |= {f"energy {column}": (energy, count) for column, energy, count in pairs}
            width = squares.shape[1]
            simple.append(Guess(name, {"loss": (sum(by_column) / width, sum(known) / width), **sums}))
    return simple


def _as_known(rows: Iterable[Encoded], ahead: int) -> Iterator[Encoded]:
    """Series whose missing values are replaced by the last known ones, so that persistence repeats known values; of the
    first ``ahead`` values the earlier values are unknown."""
    for row in rows:
        if row.input is None or not np.isnan(row.target).any():
            yield row
            continue
        known = np.ones(row.input.shape, dtype=bool)
        known[ahead:] = ~np.isnan(row.target[: max(0, len(row.input) - ahead)])
        source = np.maximum.accumulate(np.where(known, np.arange(len(known))[:, None], 0), axis=0)
        yield Encoded(np.take_along_axis(row.input, source, axis=0), row.target)


def _frames(train: Iterable[Encoded], dev: Iterable[Encoded]) -> list[Guess]:
    """Keys by themselves, each with its probability; and given whether it sounded a step before."""
    # on (0) or off (1) before -> how often the key sounded (0), out of how many steps (1)
    counts = np.zeros((2, 2, 1))
    for row in limited(train):
        before, now = _silence_first(row.target), row.target
        for place, was in enumerate((before > 0, before <= 0)):
            counts = counts + np.zeros((2, 2, now.shape[1]))
            counts[place] += ((now > 0) & was).sum(axis=0), was.sum(axis=0)
    after = (counts[:, 0] + 1) / (counts[:, 1] + 2)
    alone = (counts[:, 0].sum(axis=0) + 1) / (counts[:, 1].sum(axis=0) + 2)
    losses, steps = np.zeros(2), 0
    for row in dev:
        now = row.target > 0
        conditional = np.where(_silence_first(row.target) > 0, after[0], after[1])
        for place, chance in enumerate((conditional, np.broadcast_to(alone, now.shape))):
            losses[place] -= float(np.log(np.where(now, chance, 1 - chance)).sum())
        steps += len(now)
    names = ("each key after itself", "each key alone")
    return [Guess(name, {"loss": (float(loss), float(steps))}) for name, loss in zip(names, losses, strict=True)]


def _silence_first(frames: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(frames[:1]), frames[:-1]])


def _sums(totals: tuple[float, float], count: int) -> dict[str, tuple[float, float]]:
    loss, right = totals
    return {"loss": (loss, float(count)), "accuracy": (right, float(count))}


def _pairs(rows: Iterable[Encoded], by_input: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return contexts and symbols of all steps: the input of the same step, or else the symbol before."""
    contexts, symbols = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for row in rows:
        known = known_in(row.target)
        symbols.append(row.target[known])
        if by_input and row.input is not None:
            # the letters of a word may follow it
            contexts.append((row.input if row.input.ndim == 1 else row.input[:, 0])[known])
        elif len(row.target):
            # the beginning is a context of its own, id 0, which no symbol before has; so is a symbol that is missing
            before = np.concatenate(([0], row.target[:-1] + 1))
            contexts.append(np.maximum(before, 0)[known])
    return np.concatenate(contexts), np.concatenate(symbols)


def limited(rows: Iterable[Encoded]) -> Iterator[Encoded]:
    """Yield rows until five million steps are reached."""
    left = MOST_STEPS
    for row in rows:
        yield row
        left -= row.steps
        if left <= 0:
            return


def _chain(first: Encoded, rest: Iterator[Encoded]) -> Iterator[Encoded]:
    yield first
    yield from rest
