"""Greedy, sampling and beam search, over models small enough to enumerate."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recur import continuation
from recur.decoding import Decoding, Hypothesis
from recur.decoding.beam import beam
from recur.decoding.constraints import Rules, followers
from recur.decoding.sampling import greedy, sampler
from recur.decoding.search import search
from recur.decoding.stepping import length_penalty, one_by_one, stream
from recur.errors import ConfigError
from recur.modes.mode import PREDICT_BATCH
from tests.modes.helpers import TEXTS, build, rows, same, train
from tests.tolerances import close

SYMBOLS, END, LENGTH = 4, 3, 4


class Table:
    """A model whose distribution depends on everything that it has read: state' = (4 state + id) mod 97."""

    def __init__(self, seed: int, sharpness: float = 2.0) -> None:
        scores = torch.randn(97, SYMBOLS, generator=torch.Generator().manual_seed(seed))
        self.log_probs = (sharpness * scores).log_softmax(-1)

    def step(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = (SYMBOLS * state + ids) % 97
        return self.log_probs[state], state

    def select(self, state: Tensor, rows: Tensor) -> Tensor:
        return state.index_select(0, rows)

    def log_prob(self, ids: list[int], ended: bool, start: int = 0) -> float:
        """log p of a sequence, read from its beginning."""
        state, total = torch.tensor([start]), 0.0
        last = torch.tensor([0])
        for symbol in [*ids, *[END] * ended]:
            log_probs, state = self.step(last, state)
            total += float(log_probs[0, symbol])
            last = torch.tensor([symbol])
        return total

    def everything(self) -> list[tuple[float, list[int]]]:
        """Every sequence that ends within LENGTH symbols, likeliest first."""
        found = [
            (self.log_prob(list(ids), True), list(ids))
            for length in range(LENGTH)
            for ids in product(range(SYMBOLS - 1), repeat=length)
        ]
        return sorted(found, reverse=True)


class Chain:
    """A model that only knows the last symbol; the table is p(next | last)."""

    def __init__(self, table: list[list[float]]) -> None:
        self.log_probs = torch.tensor(table).log()

    def step(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.log_probs[ids], state

    def select(self, state: Tensor, rows: Tensor) -> Tensor:
        return state.index_select(0, rows)


def start(count: int = 1) -> tuple[Tensor, Tensor]:
    """The symbol 0, and states that tell rows apart."""
    return torch.zeros(count, dtype=torch.long), torch.arange(count)


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
def test_forbidden_symbols_are_never_written(seed: int, width: int) -> None:
    model = Table(seed)
    for one in beam(model, *start(), width=width, end=END, length=6, n_best=width, rules=Rules((1,)))[0]:
        assert 1 not in one.ids
    sampled = one_by_one(
        model, *start(), Decoding(temperature=1.0, seed=seed).chooser(), end=END, length=6, rules=Rules((1,))
    )
    assert 1 not in sampled[0].ids


@given(st.integers(0, 10_000), st.integers(1, 4), st.lists(st.integers(0, 2), min_size=1, max_size=3))
def test_a_prefix_is_forced_and_counts(seed: int, width: int, prefix: list[int]) -> None:
    model = Table(seed)
    for decoding in (Decoding(beam=width), Decoding(temperature=1.0, seed=1)):
        rules = decoding.rules(prefix=torch.tensor([prefix]))
        [[one]] = search(model, *start(), decoding, end=END, length=6, rules=rules)
        assert one.ids[: len(prefix)] == prefix
        same(one.log_prob, model.log_prob(one.ids, one.finished))


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


def test_repetition_is_discounted_as_a_power_of_the_probability() -> None:
    probs = torch.tensor([[0.2, 0.5, 0.3]])
    scores = Rules(repetition_penalty=1.5, before=[[1]]).scores(probs.log(), [0], [[1, 1]], 2)
    close(scores.exp(), torch.tensor([[0.2, 0.5**1.5, 0.3]]))
    # 1 was the likeliest until it was written
    assert greedy(scores).tolist() == [1]
    assert greedy(Rules(repetition_penalty=2.0).scores(probs.log(), [0], [[1]], 1)).tolist() == [2]


def test_an_answer_ends_with_a_stop() -> None:
    model, rules = Table(3), Rules(stop=lambda ids: ids[-1] == 2)
    for width in (1, 4):
        for one in beam(model, *start(), width=width, end=END, length=9, n_best=width, rules=rules)[0]:
            assert 2 not in one.ids[:-1]
            assert one.finished or 2 not in one.ids


def test_length_normalisation_prefers_longer_answers() -> None:
    # the end at once has 0.4; 1 and the end 0.6 * 0.5
    model = Chain([[0.0, 0.6, 0.0, 0.4], [0.0, 0.5, 0.0, 0.5], [0.25] * 4, [0.25] * 4])
    plain = beam(model, *start(), width=4, end=END, length=3, alpha=0.0)[0][0]
    normalised = beam(model, *start(), width=4, end=END, length=3, alpha=3.0)[0][0]
    assert plain.ids == []
    assert normalised.ids == [1]
    assert length_penalty(1, 0.6) == 1.0


def test_a_length_of_nothing_is_an_empty_answer() -> None:
    for decoding in (Decoding(), Decoding(beam=3), Decoding(temperature=1.0)):
        [[one]] = search(Table(0), *start(), decoding, end=END, length=0)
        assert (one.ids, one.log_prob, one.finished) == ([], 0.0, False)


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_the_same_seed_draws_the_same_symbols(table: int, seed: int) -> None:
    drawn = [
        one_by_one(Table(table), *start(3), Decoding(temperature=0.9, seed=seed).chooser(), end=END, length=8)
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]


def test_another_seed_and_no_seed_draw_other_symbols() -> None:
    def draw(seed: int | None) -> list[int]:
        choose = Decoding(temperature=1.0, seed=seed).chooser()
        return one_by_one(Table(0, 0.1), *start(), choose, end=None, length=60)[0].ids

    assert draw(0) != draw(1)
    assert draw(None) != draw(None)


def test_as_many_samples_as_asked_for_are_drawn_the_likeliest_first() -> None:
    model, options = Table(0, 0.5), Decoding(temperature=1.0, seed=0)
    found = search(model, *start(3), options, end=END, length=8, n_best=5)
    assert [len(samples) for samples in found] == [5, 5, 5]
    for row, samples in enumerate(found):
        assert len({tuple(one.ids) for one in samples}) > 1
        assert [one.score for one in samples] == sorted((one.score for one in samples), reverse=True)
        for one in samples:
            same(one.log_prob, model.log_prob(one.ids, one.finished, start=row))


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [("one-to-many", "class", "characters"), ("many-to-many", "words", "characters"), ("synced", "characters", None)],
)
def test_a_seed_draws_on_over_batches_of_inputs(name: str, source: str, target: str | None) -> None:
    mode = build(name, source, target)
    inputs = ["yes" if source == "class" else TEXTS[0]] * (PREDICT_BATCH + 1)
    options = {"temperature": 1.0, "seed": 0, "length": 30}
    answers = [answer.value for answer in continuation.predict(mode, inputs, **options)]
    assert answers[PREDICT_BATCH] != answers[0]
    assert answers == [answer.value for answer in continuation.predict(mode, inputs, **options)]
    [several] = continuation.predict(mode, inputs[:1], top=3, **options)
    # three draws of their own; two of them may well be equal, all three hardly
    assert len(several.scores) == 3
    assert len({value for value, _ in several.scores}) >= 2
    assert several.value == several.scores[0][0]


def test_drawing_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    for seed in (None, 3):
        one_by_one(Table(0), *start(), Decoding(temperature=1.0, seed=seed).chooser(), end=END, length=5)
    assert torch.equal(torch.get_rng_state(), before)


# the last two are nothing in single precision
NARROWEST = [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}, {"top_p": 1e-60}, {"temperature": 1e-300}]


@given(st.integers(0, 10_000), st.sampled_from(NARROWEST))
def test_the_narrowest_sampling_is_greedy(seed: int, narrow: dict[str, float]) -> None:
    options = Decoding(**{"temperature": 1.0, "seed": seed, **narrow})
    drawn = one_by_one(Table(seed), *start(3), options.chooser(), end=END, length=6)
    assert [one.ids for one in drawn] == [
        one.ids for one in one_by_one(Table(seed), *start(3), greedy, end=END, length=6)
    ]


def frequencies(log_probs: Tensor, **options: float) -> Tensor:
    """How often each symbol is drawn."""
    choose = Decoding(**{"temperature": 1.0, "seed": 0, **options}).chooser()
    return torch.bincount(choose(log_probs.expand(20_000, -1)), minlength=log_probs.shape[-1]) / 20_000


def test_symbols_are_drawn_as_often_as_they_are_likely() -> None:
    probs = torch.tensor([0.1, 0.5, 0.15, 0.25])
    assert (frequencies(probs.log()) - probs).abs().max() < 0.02
    tempered = probs**2 / (probs**2).sum()
    assert (frequencies(probs.log(), temperature=0.5) - tempered).abs().max() < 0.02


def test_top_k_and_top_p_leave_the_rest_out() -> None:
    probs = torch.tensor([0.1, 0.5, 0.15, 0.25])
    assert frequencies(probs.log(), top_k=2).nonzero().flatten().tolist() == [1, 3]
    # the smallest set that reaches 0.6 is 0.5 and 0.25
    assert frequencies(probs.log(), top_p=0.6).nonzero().flatten().tolist() == [1, 3]
    assert frequencies(probs.log(), top_p=0.4).nonzero().flatten().tolist() == [1]
    assert frequencies(probs.log(), top_p=1.0).nonzero().flatten().tolist() == [0, 1, 2, 3]
    # of the two best, renormalised, the first alone reaches 0.6
    assert frequencies(probs.log(), top_k=2, top_p=0.6).nonzero().flatten().tolist() == [1]
    assert frequencies(probs.log(), top_k=99).nonzero().flatten().tolist() == [0, 1, 2, 3]


def test_a_symbol_of_no_probability_is_never_drawn() -> None:
    assert frequencies(torch.tensor([0.0, 0.5, 0.0, 0.5]).log())[[0, 2]].sum() == 0


def test_sampler_keeps_the_type_of_ids() -> None:
    choose = sampler(1.0, None, None, torch.Generator().manual_seed(0))
    assert choose(torch.zeros(3, 5)).dtype == torch.int64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "beam must be at least 1, got 0"),
        ({"length": -1}, "length must be at least 0, got -1"),
        ({"temperature": -0.1}, "temperature must be at least 0, got -0.1"),
        ({"temperature": float("nan")}, "temperature must be at least 0, got nan"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0.0}, "top_p must be above 0 and at most 1, got 0.0"),
        ({"top_p": 1.5}, "top_p must be above 0 and at most 1, got 1.5"),
        ({"top_k": 5}, "top_k 5 narrows what is sampled, and with a temperature of 0 nothing is"),
        ({"top_p": 0.9}, "top_p 0.9 narrows what is sampled, and with a temperature of 0 nothing is"),
        ({"length_penalty": -1}, "length_penalty must be at least 0, got -1"),
        ({"beam": 2, "temperature": 1.0}, "exclude each other"),
        ({"repetition_penalty": 0.5}, "repetition_penalty must be at least 1, got 0.5"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram must be at least 0, got -1"),
        ({"stop": ["a", ""]}, "stop is an empty text"),
        ({"bean": 2}, 'there is no decoding option "bean". Did you mean "beam"?'),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Decoding.of(options)
    assert message in raised.value.message


def test_the_beam_is_as_wide_as_the_answers_asked_for() -> None:
    assert Decoding.of({}, top=3).beam == 3
    assert Decoding.of({"beam": 5}, top=3).beam == 5
    assert Decoding.of({"temperature": 1.0}, top=3).beam == 1
    with pytest.raises(ConfigError, match="top must be at least 1, got 0"):
        Decoding.of({}, top=0)


def test_a_network_writes_the_same_with_a_beam_of_one_as_without() -> None:
    mode = build("many-to-many", "words", "tags")
    train(mode, rows("words", "tags"), steps=15)
    assert [a.value for a in continuation.predict(mode, TEXTS, beam=1)] == [
        a.value for a in continuation.predict(mode, TEXTS)
    ]


def test_a_network_with_the_widest_beam_is_never_less_likely_than_greedy() -> None:
    mode = build("many-to-many", "words", "tags")
    train(mode, rows("words", "tags"), steps=15)
    wide = continuation.predict(mode, TEXTS, beam=6**4, length=4, length_penalty=0.0, top=6**4)
    for one, other in zip(continuation.predict(mode, TEXTS, length=4), wide, strict=True):
        ended = [probability for value, probability in other.scores]
        assert one.scores[0][1] <= max(ended) * 1.0001


def test_every_sequence_of_a_network_has_probabilities_that_sum_to_one() -> None:
    mode = build("one-to-many", "class", "tags")
    [answer] = continuation.predict(mode, ["yes"], top=10**4, length=3, length_penalty=0.0)
    # the symbols that are never written have the rest
    total = torch.tensor([probability for _, probability in answer.scores]).sum()
    assert 0.5 < float(total) < 1.0
    close(total, torch.tensor(sum(probability for _, probability in answer.scores)))
