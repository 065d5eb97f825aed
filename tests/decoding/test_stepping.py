"""Decoding step by step: symbols, their log probabilities, and where an answer ends."""

from __future__ import annotations

import math

import pytest
import torch

from recur.decoding.constraints import Rules
from recur.decoding.sampling import greedy
from recur.decoding.stepping import NOTHING, length_penalty, one_by_one, stream
from tests.decoding.models import Chain, start
from tests.tolerances import close


@pytest.mark.parametrize(
    ("length", "alpha", "expected"), [(1, 0.6, 1.0), (7, 1.0, 2.0), (7, 0.0, 1.0), (19, 0.5, 2.0), (13, 2.0, 9.0)]
)
def test_the_length_penalty_is_that_of_its_formula(length: int, alpha: float, expected: float) -> None:
    assert length_penalty(length, alpha) == pytest.approx(expected, rel=1e-12)


def test_every_step_has_the_symbols_and_their_log_probabilities() -> None:
    # 0 -> 1 -> 2 -> 1 ...
    model = Chain([[0.1, 0.7, 0.2], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3]])
    steps = [next(found) for found in [stream(model, *start(), greedy)] for _ in range(4)]
    assert [ids.tolist() for ids, _, _ in steps] == [[1], [2], [1], [2]]
    close(torch.stack([log_probs for _, log_probs, _ in steps])[:, 0].exp(), torch.tensor([0.7, 0.6, 0.5, 0.6]))
    assert all(torch.equal(log_probs, scores) for _, log_probs, scores in steps)


def test_scores_are_those_of_the_rules_and_log_probabilities_those_of_the_model() -> None:
    model = Chain([[0.9, 0.1]] * 2)
    found = stream(model, *start(), greedy, Rules(repetition_penalty=2.0))
    next(found)
    ids, log_probs, scores = next(found)
    # 0 is written, and 0.9 squared is still the likeliest
    assert ids.tolist() == [0]
    close(log_probs.exp(), torch.tensor([0.9]))
    close(scores.exp(), torch.tensor([0.81]))


def test_a_forced_symbol_is_written_whatever_its_probability() -> None:
    model = Chain([[0.9, 0.1, 0.0]] * 3)
    found = stream(model, *start(2), greedy, Rules(prefix=torch.tensor([[2], [1]])))
    assert next(found)[0].tolist() == [2, 1]
    assert next(found)[0].tolist() == [0, 0]


def test_an_answer_ends_before_the_end_symbol_which_counts() -> None:
    model = Chain([[0.0, 0.8, 0.2], [0.0, 0.1, 0.9], [0.4, 0.3, 0.3]])
    [one] = one_by_one(model, *start(), greedy, end=2, length=9, alpha=1.0)
    assert (one.ids, one.finished) == ([1], True)
    assert one.log_prob == pytest.approx(math.log(0.8 * 0.9), rel=1e-5)
    assert one.score == pytest.approx(math.log(0.8 * 0.9) / length_penalty(2, 1.0), rel=1e-5)


def test_rows_end_each_at_its_own_time_and_at_the_length_at_last() -> None:
    # after 0 comes 1 and then the end; after 2 always comes 2
    model = Chain([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    found = one_by_one(model, torch.tensor([0, 2]), torch.arange(2), greedy, end=3, length=4)
    assert [(one.ids, one.finished) for one in found] == [([1], True), ([2, 2, 2, 2], False)]


def test_a_stop_ends_an_answer_that_keeps_its_last_symbol() -> None:
    model = Chain([[0.0, 1.0], [0.5, 0.5]])
    [one] = one_by_one(model, *start(), greedy, end=None, length=9, rules=Rules(stop=lambda ids: ids[-1] == 1))
    assert (one.ids, one.finished) == ([1], True)


def test_a_row_without_a_choice_says_so_and_the_others_go_on() -> None:
    model = Chain([[1.0, 0.0], [0.0, 1.0]])
    found = stream(model, torch.tensor([0, 1]), torch.arange(2), greedy, Rules(forbid=[0]))
    assert next(found)[0].tolist() == [NOTHING, 1]
