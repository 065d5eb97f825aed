"""The continuous cache, against its equations written out step by step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from recur.codecs import make
from recur.config import Config, DataConfig
from recur.data import Roles, StreamExamples, read
from recur.errors import ConfigError
from recur.evaluation import continuous_cache as cache
from recur.modes import Mode, build
from recur.training import randomness

ROLES = Roles("synced", ["text"], [], "words", "words", None, True, "")


def text(words: int) -> tuple[StreamExamples, Mode]:
    draw = np.random.default_rng(0)
    lines = [" ".join(draw.choice(["a", "b", "c", "d"], 9)) for _ in range(words // 10)]
    table = read(lines, DataConfig())
    pieces = StreamExamples(table, ROLES, 0, len(table))
    codec = make("words", Config.of(documents="file").data).fit(piece.input for piece in pieces)
    with randomness.preserve():
        randomness.seed(0)
        mode = build("synced", codec, None, Config.of(hidden_size=6).model, stream=True)
    return pieces, mode


def by_hand(mode: Mode, ids: list[int], size: int, theta: float, share: float) -> float:
    """Mean of -log p, one step after another."""
    errors, state, past = [], None, []
    with mode.answering():
        for now, following in pairwise(ids):
            vectors, state = mode.run(torch.tensor([[now]]), state)
            h = vectors[0, 0]
            p = mode.output.log_probs(h)[following].exp().item()
            kept = past[-size:]
            if kept:
                weights = torch.tensor([theta * float(h @ one) for one, _ in kept]).softmax(-1).tolist()
                p_cache = sum(w for w, (_, word) in zip(weights, kept, strict=True) if word == following)
                p = (1 - share) * p + share * p_cache
            errors.append(-math.log(p))
            past.append((h, following))
    return sum(errors) / len(errors)


@pytest.mark.parametrize("size", [1, 7, 130, 1000])
def test_the_mixture_is_that_of_the_equations(size: int) -> None:
    pieces, mode = text(300)
    reading = cache.read(mode, pieces, size, (0.0, 2.0))
    tape = cache.Tape(mode, pieces).ids.astype(int).tolist()
    for theta in (0.0, 2.0):
        expected = by_hand(mode, tape, size, theta, 0.2)
        assert reading.loss(theta, 0.2) == pytest.approx(expected, rel=1e-5)
    assert reading.loss(2.0, 0.0) == pytest.approx(float(-reading.model.mean()))


def test_the_best_theta_and_lambda_are_the_likeliest_of_those_tried() -> None:
    pieces, mode = text(200)
    reading = cache.read(mode, pieces, 50, (0.5, 2.0))
    best = reading.best(50)
    losses = [reading.loss(theta, share) for theta in (0.5, 2.0) for share in cache.LAMBDAS]
    assert reading.loss(best.theta, best.share) == min(losses)
    metrics = reading.metrics(best)
    assert metrics["perplexity"] == pytest.approx(math.exp(min(losses)))
    assert (metrics["cache"], metrics["cache_theta"], metrics["cache_lambda"]) == (50, best.theta, best.share)


@pytest.mark.parametrize(
    ("given", "message"),
    [((0, 0.3, 0.1), "a cache of 0 steps"), ((9, -1.0, 0.1), "at least 0, got -1.0"), ((9, 0.3, 1.0), "got 1.0")],
)
def test_a_cache_that_makes_no_sense_is_refused(given: tuple[int, float, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cache.Cache(*given)


def test_rows_have_no_cache() -> None:
    pieces, _ = text(40)
    codec = make("words").fit(["a b"])
    with pytest.raises(ConfigError, match="a cache needs one long text"):
        cache.read(build("synced", codec, None, Config.of(hidden_size=4).model), pieces, 9, (0.3,))
