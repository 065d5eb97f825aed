"""Best-first search for whole words: against every spelling by hand, and side by side as each alone."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from recur import codecs, modes
from recur.continuation.word_search import Open, Question, Search, begin, joined, together
from recur.modes import NextItem
from recur.nn import flat_state
from tests.modes.helpers import same, small
from tests.tolerances import close

LINES = ["ab ba.", "b a.", "bab."]


def model() -> NextItem:
    torch.manual_seed(3)
    own = codecs.make("characters").fit(LINES)
    mode = modes.build("synced", own, None, small(hidden_size=8))
    assert isinstance(mode, NextItem)
    return mode.eval()


def searched(mode: NextItem, context: str, top: int = 3, above: float = 0.0) -> Search:
    return Search(mode, begin(mode, [Question(context, False)])[0], top, above)


def probability(mode: NextItem, context: str, word: str) -> float:
    """p of a word and of a sign, a space or the end after it, one character at a time."""
    own, log_p = mode.target_codec, 0.0
    [beginning] = begin(mode, [Question(context, False)])
    log_probs, state = beginning.log_probs, beginning.state
    for symbol in own.encode(word).tolist():
        log_p += float(log_probs[symbol])
        following, state = mode.step(torch.tensor([symbol]), state)
        log_probs = following[0]
    ends = [index for index, one in enumerate(own.vocabulary) if one in (" ", ".") or index == own.ids.eos]
    return math.exp(log_p) * float(log_probs[ends].exp().sum())


def test_the_words_found_are_the_likeliest_of_all_spellings() -> None:
    mode = model()
    with mode.answering():
        found = searched(mode, "b ").run()
        words = ["".join(one) for size in (1, 2, 3, 4) for one in product("ab", repeat=size)]
        expected = sorted(((probability(mode, "b ", word), word) for word in words), reverse=True)
    assert [one.word for one in found] == [word for _, word in expected[:3]]
    for candidate, (chance, word) in zip(found, expected, strict=False):
        same(candidate.probability, chance, word)


def test_words_that_are_not_likelier_than_asked_are_not_searched_for() -> None:
    mode = model()
    with mode.answering():
        likely = searched(mode, "b ", top=9).run()
        limit = likely[1].probability
        assert [one.word for one in searched(mode, "b ", top=9, above=limit * 0.999).run()][:2] == [
            one.word for one in likely[:2]
        ]
        search = searched(mode, "b ", above=1.0)
        assert search.ask() == []
        assert search.run() == []


def test_searches_side_by_side_find_what_each_finds_alone() -> None:
    mode = model()
    contexts = ["", "b ", "ab b"]
    with mode.answering():
        beside = [Search(mode, one, 3) for one in begin(mode, [Question(context, False) for context in contexts])]
        together(beside)
        for context, search in zip(contexts, beside, strict=True):
            alone = searched(mode, context)
            alone.run()
            best = sorted(alone.whole, key=lambda word: -alone.whole[word])[:3]
            assert sorted(search.whole, key=lambda word: -search.whole[word])[:3] == best
            for word in best:
                same(search.whole[word], alone.whole[word], word)


def test_a_search_that_may_stop_is_asked_no_more() -> None:
    mode = model()
    asked: list[int] = []

    def over(number: int) -> bool:
        asked.append(number)
        return True

    with mode.answering():
        together([searched(mode, "b "), searched(mode, "")], over)
    assert asked == [0, 1]


def test_a_space_is_read_before_a_word_that_stands_apart() -> None:
    mode = model()
    with mode.answering():
        [spaced] = begin(mode, [Question("b", True)])
        [written] = begin(mode, [Question("b ", False)])
    close(spaced.log_probs, written.log_probs)


def test_states_of_several_readings_are_put_side_by_side_and_picked_by_row() -> None:
    mode = model()
    with mode.answering():
        first, second = (
            begin(mode, [Question(context, False) for context in contexts]) for contexts in (["a", "ab "], ["b"])
        )
        batch = [
            Open(0.0, (1,), second[0].state, 0), Open(0.0, (1,), first[1].state, 1), Open(0.0, (1,), first[0].state, 0),
        ]  # fmt: skip
        state = joined(batch)
    for whole, one, other in zip(
        flat_state(state), flat_state(first[0].state), flat_state(second[0].state), strict=True
    ):
        close(whole, torch.stack([other[:, 0], one[:, 1], one[:, 0]], dim=1))


@pytest.mark.parametrize(("cost", "other"), [(0.5, 1.0), (1.0, 1.5)])
def test_the_likeliest_beginning_is_opened_first(cost: float, other: float) -> None:
    assert Open(cost, (9,), None, 5) < Open(other, (1,), None, 0)
