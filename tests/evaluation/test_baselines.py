"""Simple predictors against their definitions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recur
from recur import modes
from recur.codecs import NumbersCodec
from recur.config import Config
from recur.data import Example
from recur.evaluation.baselines import Counts, baseline, guesses
from recur.network.batch import Encoded


def row(source: object, target: object) -> Encoded:
    return Encoded(None if source is None else np.asarray(source), np.asarray(target))


pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(pairs, pairs)
def test_counts_agree_with_the_formula(seen: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    size = 5
    contexts, symbols = np.array(seen).T
    counts = Counts(contexts, symbols, size)
    single, double = Counter(w for _, w in seen), Counter(seen)

    def unigram(w: int) -> float:
        return (single[w] + len(single) / size) / (len(seen) + len(single))

    def bigram(v: int, w: int) -> float:
        after = sum(n for (a, _), n in double.items() if a == v)
        kinds = sum(1 for a, _ in double if a == v)
        return (double[v, w] + kinds * unigram(w)) / (after + kinds) if after else unigram(w)

    v, w = np.array(asked).T
    assert counts.unigram(w)[0] == pytest.approx(-sum(math.log(unigram(b)) for _, b in asked))
    assert counts.bigram(v, w)[0] == pytest.approx(-sum(math.log(bigram(a, b)) for a, b in asked))
    assert sum(bigram(3, w) for w in range(size)) == pytest.approx(1)


def test_majority_class() -> None:
    train = [row([1], 0), row([1], 1), row([1], 1)]
    dev = [row([1], 1), row([1], 0), row([1], 1), row([1], 1)]
    (guess,) = guesses(train, dev, each_step=False, discrete=True, own_future=False)
    assert guess.name == "majority class"
    assert guess.sums["accuracy"] == (3, 4)


def test_most_frequent_label_of_each_symbol() -> None:
    train = [row([5, 6, 5], [0, 1, 0]), row([5, 6], [2, 1])]
    dev = [row([5, 6, 7], [0, 1, 0])]
    by_symbol, majority = guesses(train, dev, each_step=True, discrete=True, own_future=False)
    # symbol 7 was never seen; the most frequent label stands in (0 and 1 are as frequent, the smaller id counts)
    assert by_symbol.sums["accuracy"] == (3, 3)
    assert majority.sums["accuracy"] == (2, 3)


def test_labels_beside_numbers_have_no_symbol_to_look_at() -> None:
    rows = [row(np.zeros((2, 3), np.float32), [0, 1])]
    assert [g.name for g in guesses(rows, rows, each_step=True, discrete=True, own_future=False)] == ["majority label"]


def test_bigram_beats_unigram_where_order_matters() -> None:
    ids = np.tile([4, 5, 6], 20)
    rows = [row(ids[:-1], ids[1:])]
    bigram, unigram = guesses(rows, rows, each_step=False, discrete=True, own_future=True)
    assert bigram.sums["loss"][0] < 0.2 * unigram.sums["loss"][0]


def test_decoders_are_compared_with_the_symbol_before() -> None:
    rows = [row([1, 2], [4, 5, 4, 5, 3])] * 3
    bigram, unigram = guesses(rows, rows, each_step=False, discrete=True, own_future=False)
    assert (bigram.name, unigram.name) == ("bigram", "unigram")
    assert bigram.sums["loss"][1] == 15


def test_persistence_and_mean_of_a_series() -> None:
    train = [row([[0.0], [2.0]], [[2.0], [4.0]])]
    dev = [row([[1.0], [2.0]], [[2.0], [5.0]])]
    found = {
        guess.name: guess.sums
        for guess in guesses(train, dev, each_step=True, discrete=False, own_future=True, columns=["y"])
    }
    assert found["persistence"] == {"loss": (10.0, 2.0), "square y": (10.0, 2.0)}
    assert found["mean"]["square y"] == (1.0 + 4.0, 2.0)


def test_persistence_is_the_value_as_many_steps_before_as_the_network_looks_ahead() -> None:
    codec = NumbersCodec(sequence=True, columns=["y"]).fit([[1.0, 2.0, 4.0, 8.0, 16.0]])
    mode = modes.build("synced", codec, None, Config.of(hidden_size=2).model, ahead=3)
    rows = [mode.encode(Example([1.0, 2.0, 4.0, 8.0, 16.0], None, "y:1"))]
    found = baseline(mode, rows, rows, own_future=True)
    assert found is not None
    assert found.values["persistence"] == pytest.approx(math.sqrt((7**2 + 14**2) / 2))


def test_mean_of_a_regression_with_two_columns() -> None:
    rows = [row([1.0], [0.0, 1.0]), row([1.0], [2.0, 1.0])]
    (mean,) = guesses(rows, rows, each_step=False, discrete=False, own_future=False, columns=["a", "b"])
    assert mean.sums == {"loss": (1.0, 2.0), "square a": (2.0, 2.0), "square b": (0.0, 2.0)}


def test_nothing_to_learn_from_has_no_baseline() -> None:
    assert guesses([], [], each_step=False, discrete=True, own_future=True) == []


def test_the_mean_of_a_series_with_gaps_is_that_of_each_value_counted_once() -> None:
    """Windows to learn from overlap, so that values in the middle of a series are in more of them."""
    draw = np.random.default_rng(0)
    truth = np.arange(120) / 4 + draw.normal(size=120)
    there = draw.random(120) < 0.6
    held = 108
    rows = [{"value": float(value) if known else None} for value, known in zip(truth, there, strict=True)]
    options = {"hidden_size": 4, "max_steps": 1, "seed": 1, "device": "cpu", "progress": False}
    model = recur.fit(rows, input="value", missing="mean", **options)
    learned = [truth[step] for step in range(1, held) if there[step]]
    measured = [truth[step] for step in range(held + 1, 120) if there[step]]
    expected = np.sqrt(np.mean(np.square(np.array(measured) - np.mean(learned))))
    assert model.metrics["baseline"]["mean"] == pytest.approx(expected, rel=1e-5)
    # the scale, and what --missing mean fills in
    known = truth[:held][there[:held]]
    assert isinstance(codec := model.mode.target_codec, NumbersCodec)
    assert codec.mean[0] == pytest.approx(known.mean())
    assert codec.deviation[0] == pytest.approx(known.std())
    assert codec.missing_count == held - len(known)


def test_the_majority_label_of_a_series_is_that_of_each_step_counted_once() -> None:
    # of 108 steps 60 are "edge", but most windows hold more of the middle
    tags = ["edge"] * 30 + ["middle"] * 48 + ["edge"] * 42
    rows = [{"x": float(step % 5), "tag": tag} for step, tag in enumerate(tags)]
    options = {"hidden_size": 4, "max_steps": 1, "seed": 1, "device": "cpu", "progress": False}
    model = recur.fit(rows, input="x", target="tag", mode="synced", **options)
    assert model.metrics["baseline"]["majority label"] == 1.0
