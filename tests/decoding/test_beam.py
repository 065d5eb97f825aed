"""Beam search: greedy at width 1, never worse when wider, and exhaustive when wide enough."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recur.decoding import Hypothesis
from recur.decoding.beam import beam
from recur.decoding.constraints import Rules
from recur.decoding.sampling import greedy
from recur.decoding.stepping import length_penalty, one_by_one
from tests.decoding.models import END, LENGTH, SYMBOLS, Chain, Table, start
from tests.modes.helpers import same


def best(model: Table, width: int, alpha: float = 0.6, n_best: int = 1, length: int = LENGTH) -> list[Hypothesis]:
    return beam(model, *start(), width=width, end=END, length=length, alpha=alpha, n_best=n_best)[0]


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_beam_of_one_is_greedy(seed: int, count: int) -> None:
    model = Table(seed)
    narrow = beam(model, *start(count), width=1, end=END, length=6)
    plain = one_by_one(model, *start(count), greedy, end=END, length=6)
    for [one], other in zip(narrow, plain, strict=True):
        assert (one.ids, one.finished) == (other.ids, other.finished)
        same(one.log_prob, other.log_prob)
        same(one.score, other.score)


@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(0, 6))
def test_log_probabilities_are_those_of_the_sequences(seed: int, width: int, length: int) -> None:
    model = Table(seed)
    for one in best(model, width, n_best=width, length=length):
        assert len(one.ids) + one.finished <= length
        same(one.log_prob, model.log_prob(one.ids, one.finished))
        same(one.score, one.log_prob / length_penalty(max(1, len(one.ids) + one.finished), 0.6))


@given(st.integers(0, 10_000))
def test_a_beam_that_holds_every_beginning_finds_the_likeliest_sequences(seed: int) -> None:
    model = Table(seed)
    expected = model.everything()[:5]
    found = best(model, SYMBOLS**LENGTH, alpha=0.0, n_best=5)
    assert [one.ids for one in found] == [ids for _, ids in expected]
    for one, (log_prob, _) in zip(found, expected, strict=True):
        same(one.log_prob, log_prob)
        assert one.finished


def order(one: Hypothesis) -> tuple[bool, float]:
    """What answers are ordered by: first those that ended, then the score."""
    return one.finished, one.score


@given(
    st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 4), st.floats(0, 2), st.integers(1, 7),
    st.sampled_from([1.0, 1.3]), st.integers(0, 3),
)  # fmt: skip
def test_a_wider_beam_never_scores_worse(
    seed: int, width: int, more: int, alpha: float, length: int, penalty: float, ngram: int
) -> None:
    # by the way the search is made: a slot knows nothing of the slots after it
    model, rules = Table(seed), Rules(repetition_penalty=penalty, no_repeat_ngram=ngram)
    options = {"end": END, "length": length, "alpha": alpha, "rules": rules}
    [narrow], [wide] = (beam(model, *start(), width=one, **options)[0] for one in (width, width + more))
    assert order(wide) >= order(narrow)


@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(0, 1))
def test_a_wider_beam_finds_all_that_a_narrower_one_finds(seed: int, width: int, alpha: float) -> None:
    narrow, wide = (
        beam(Table(seed), *start(), width=one, end=END, length=6, alpha=alpha, n_best=one)[0]
        for one in (width, width + 1)
    )
    found = {tuple(one.ids) for one in wide}
    assert {tuple(one.ids) for one in narrow if one.finished} <= found


def test_what_leads_on_to_the_likeliest_is_not_pushed_out() -> None:
    # 1 is the likeliest beginning and leads to a certain end; 2 leads to two beginnings that are likelier than
    # any after 1: where all compete for all places they push them out of a beam of two, and lead nowhere
    end, table = 9, [[0.1] * 10 for _ in range(10)]
    table[0] = [0, 0.40, 0.35, 0.25, 0, 0, 0, 0, 0, 0]
    table[1] = [0, 0, 0, 0, 0.34, 0.33, 0.33, 0, 0, 0]
    table[2] = [0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0]
    table[4] = [0] * 9 + [1.0]
    model = Chain(table)
    [narrow] = one_by_one(model, *start(), greedy, end=end, length=3)
    [wide] = beam(model, *start(), width=2, end=end, length=3, alpha=0.0)[0]
    assert narrow.ids == wide.ids == [1, 4]


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_of_what_a_beam_has_ended_the_best_come_first_and_differ(seed: int, width: int) -> None:
    found = best(Table(seed), width, n_best=width)
    ended = [one.score for one in found if one.finished]
    still_open = [one.score for one in found if not one.finished]
    assert ended == sorted(ended, reverse=True)
    assert still_open == sorted(still_open, reverse=True)
    # what has not ended is only there to make up the number
    assert [one.finished for one in found] == [True] * len(ended) + [False] * len(still_open)
    assert len({(tuple(one.ids), one.finished) for one in found}) == len(found)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 3))
def test_rows_are_searched_as_if_alone(seed: int, width: int, n_best: int) -> None:
    model = Table(seed)
    first, state = start(5)
    together = beam(model, first, state, width=width, end=END, length=LENGTH, n_best=n_best)
    for row, found in enumerate(together):
        [alone] = beam(model, first[:1], state[row : row + 1], width=width, end=END, length=LENGTH, n_best=n_best)
        assert [(one.ids, one.finished) for one in alone] == [(one.ids, one.finished) for one in found]


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_without_an_end_every_hypothesis_has_the_whole_length(seed: int, width: int) -> None:
    found = beam(Table(seed), *start(), width=width, end=None, length=5, n_best=width)[0]
    assert [(len(one.ids), one.finished) for one in found] == [(5, False)] * width


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_beam_of_one_is_greedy_under_rules_too(seed: int, ngram: int) -> None:
    model, rules = (
        Table(seed),
        Rules((1,), repetition_penalty=1.5, no_repeat_ngram=ngram, stop=lambda ids: ids[-1] == 2),
    )
    [[one]] = beam(model, *start(), width=1, end=END, length=6, rules=rules)
    [other] = one_by_one(model, *start(), greedy, end=END, length=6, rules=rules)
    assert (one.ids, one.finished) == (other.ids, other.finished)
    same(one.log_prob, other.log_prob)
    same(one.score, other.score)
    same(one.log_prob, model.log_prob(one.ids, one.finished and one.ids[-1:] != [2]))


def test_length_normalisation_prefers_longer_answers() -> None:
    # the end at once has 0.4; 1 and the end 0.6 * 0.5
    model = Chain([[0.0, 0.6, 0.0, 0.4], [0.0, 0.5, 0.0, 0.5], [0.25] * 4, [0.25] * 4])
    plain = beam(model, *start(), width=4, end=END, length=3, alpha=0.0)[0][0]
    normalised = beam(model, *start(), width=4, end=END, length=3, alpha=3.0)[0][0]
    assert plain.ids == []
    assert normalised.ids == [1]
    assert length_penalty(1, 0.6) == 1.0
