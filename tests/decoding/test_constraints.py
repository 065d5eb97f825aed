"""Constraints: what is forbidden, forced, made less likely, or not repeated."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.decoding import Decoding
from recur.decoding.beam import beam
from recur.decoding.constraints import Rules, followers
from recur.decoding.sampling import greedy
from recur.decoding.stepping import one_by_one, stream
from tests.decoding.models import END, Chain, Table, start
from tests.tolerances import close


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_forbidden_symbols_are_never_written(seed: int, width: int) -> None:
    model = Table(seed)
    for one in beam(model, *start(), width=width, end=END, length=6, n_best=width, rules=Rules((1,)))[0]:
        assert 1 not in one.ids
    sampled = one_by_one(
        model, *start(), Decoding(temperature=1.0, seed=seed).chooser(), end=END, length=6, rules=Rules((1,))
    )
    assert 1 not in sampled[0].ids


def ngrams(ids: list[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(ids[place : place + size]) for place in range(len(ids) - size + 1)]


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 4), st.lists(st.integers(0, 2), max_size=4))
def test_no_ngram_repeats(seed: int, size: int, width: int, before: list[int]) -> None:
    model = Table(seed, 0.5)
    rules = Rules(no_repeat_ngram=size, before=[before])
    known = ngrams(before, size)
    narrow = one_by_one(model, *start(), greedy, end=None, length=40, rules=rules)
    drawn = one_by_one(
        model, *start(), Decoding(temperature=1.0, seed=seed).chooser(), end=None, length=40, rules=rules
    )
    for one in [*narrow, *drawn, *beam(model, *start(), width=width, end=END, length=40, n_best=width, rules=rules)[0]]:
        again = ngrams([*before, *one.ids], size)[len(known) :]
        assert len(set(again)) == len(again)
        assert not set(again) & set(known)


@given(st.lists(st.integers(0, 2), max_size=12), st.integers(1, 4))
def test_followers_are_the_symbols_that_would_repeat(written: list[int], size: int) -> None:
    known = set(ngrams(written, size))
    expected = {
        symbol
        for symbol in range(3)
        if ngrams([*written, symbol], size)[-1:] and ngrams([*written, symbol], size)[-1] in known
    }
    assert followers(written, size) == expected


def test_where_nothing_may_follow_the_answer_is_what_there_is() -> None:
    # of two symbols and no end, each may be written once
    model, rules = Chain([[0.5, 0.5], [0.5, 0.5]]), Rules(no_repeat_ngram=1)
    [one] = one_by_one(model, *start(), greedy, end=None, length=9, rules=rules)
    [wide] = beam(model, *start(), width=2, end=None, length=9, rules=rules)[0]
    for found in (one, wide):
        assert (sorted(found.ids), found.finished) == ([0, 1], False)
    steps = stream(model, *start(), greedy, rules)
    assert [next(steps)[0].tolist() for _ in range(3)][-1] == [-1]


def test_repetition_is_discounted_as_a_power_of_the_probability() -> None:
    probs = torch.tensor([[0.2, 0.5, 0.3]])
    scores = Rules(repetition_penalty=1.5, before=[[1]]).scores(probs.log(), [0], [[1, 1]], 2)
    close(scores.exp(), torch.tensor([[0.2, 0.5**1.5, 0.3]]))
    # 1 was the likeliest until it was written
    assert greedy(scores).tolist() == [1]
    assert greedy(Rules(repetition_penalty=2.0).scores(probs.log(), [0], [[1]], 1)).tolist() == [2]


@pytest.mark.parametrize("width", [1, 4])
def test_an_answer_ends_with_a_stop(width: int) -> None:
    model, rules = Table(3), Rules(stop=lambda ids: ids[-1] == 2)
    for one in beam(model, *start(), width=width, end=END, length=9, n_best=width, rules=rules)[0]:
        assert 2 not in one.ids[:-1]
        assert one.finished or 2 not in one.ids


HALF = torch.full((2, 4), 0.25).log()


def test_without_rules_the_log_probabilities_are_left_alone() -> None:
    assert Rules().scores(HALF, [0, 1], [[], []], 0) is HALF
    assert not Rules().look_back
    assert Rules().forced(0) is None


@pytest.mark.parametrize(
    "rules", [Rules(repetition_penalty=1.1), Rules(no_repeat_ngram=1), Rules(stop=lambda ids: not ids)]
)
def test_rules_about_what_is_written_look_back(rules: Rules) -> None:
    assert rules.look_back


def test_forbidden_symbols_are_impossible_and_the_others_as_before() -> None:
    scores = Rules(forbid={3, 1}).scores(HALF, [0, 1], [[], []], 0)
    assert (scores == -torch.inf).tolist() == [[False, True, False, True]] * 2
    assert torch.equal(scores[:, [0, 2]], HALF[:, [0, 2]])


def test_a_forced_symbol_keeps_its_probability_even_where_it_is_forbidden() -> None:
    rules = Rules(forbid=[2], prefix=torch.tensor([[1, 2], [3, 0]]))
    scores = rules.scores(HALF, [1, 0], [[], []], 1)
    assert (scores > -torch.inf).nonzero().tolist() == [[0, 0], [1, 2]]
    assert scores[0, 0] == HALF[0, 0]
    assert rules.forced(2) is None


def test_what_is_written_is_made_less_likely_once_however_often_it_is_written() -> None:
    scores = Rules(repetition_penalty=2.0, before=[[], [3]]).scores(HALF[:1], [1], [[0, 0]], 2)
    close(scores[0].exp(), torch.tensor([0.0625, 0.25, 0.25, 0.0625]))


def test_the_text_before_counts_for_repeated_ngrams() -> None:
    scores = Rules(no_repeat_ngram=2, before=[[1, 2]]).scores(HALF[:1], [0], [[1]], 1)
    assert (scores[0] == -torch.inf).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("written", "size", "found"),
    [([], 1, set()), ([1], 1, {1}), ([1, 2], 3, set()), ([1, 2, 1], 2, {2}), ([1, 1], 2, {1}), ([1, 2], 0, set())],
)
def test_followers_worked_by_hand(written: list[int], size: int, found: set[int]) -> None:
    assert followers(written, size) == found


def test_rules_repeat_with_their_rows() -> None:
    rules = Rules(forbid=[1], prefix=torch.tensor([[1], [2]]), before=[[5], [6]]).repeated(2)
    assert rules.prefix is not None
    assert rules.prefix.tolist() == [[1], [1], [2], [2]]
    assert rules.before == [[5], [5], [6], [6]]
    assert rules.forbid == [1]
    assert Rules().repeated(3) == Rules()


def test_an_empty_answer_does_not_end_with_a_stop() -> None:
    rules = Rules(stop=lambda ids: ids != [2])
    assert not rules.ends([])
    assert rules.ends([1])
    assert not rules.ends([2])
