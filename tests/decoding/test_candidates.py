"""The likeliest next symbols, without those that are never an answer."""

from __future__ import annotations

import pytest
import torch

from recur import codecs
from recur.decoding.candidates import likeliest, without_silent
from recur.decoding.vocabulary import Vocabulary
from tests.tolerances import close


@pytest.fixture
def words() -> Vocabulary:
    """Ids 0 to 3 are reserved, 4 is a, 5 is b."""
    return Vocabulary(codecs.make("words").fit(["a b"]))


LIKELY = torch.tensor([[0.3, 0.2, 0.1, 0.2, 0.05, 0.15], [0.0, 0.6, 0.0, 0.1, 0.2, 0.1]]).log()


@pytest.mark.parametrize(("unknown", "first"), [(False, [[5, 4], [4, 5]]), (True, [[1, 5], [1, 4]])])
def test_the_likeliest_items_come_first_without_what_is_no_item(
    words: Vocabulary, unknown: bool, first: list[list[int]]
) -> None:
    probabilities, ids = likeliest(LIKELY, words, 2, unknown=unknown)
    assert ids.tolist() == first
    close(probabilities, LIKELY.gather(1, ids).exp())


@pytest.mark.parametrize(("unknown", "count"), [(False, 2), (True, 3)])
def test_there_are_no_more_candidates_than_items(words: Vocabulary, unknown: bool, count: int) -> None:
    assert likeliest(LIKELY, words, 99, unknown=unknown)[1].shape == (2, count)


def test_what_is_no_item_is_impossible_and_the_rest_as_before(words: Vocabulary) -> None:
    allowed = without_silent(LIKELY, words)
    assert (allowed[0] == -torch.inf).tolist() == [True, True, True, True, False, False]
    assert torch.equal(allowed[:, 4:], LIKELY[:, 4:])
    assert LIKELY.isfinite().sum() == 10
