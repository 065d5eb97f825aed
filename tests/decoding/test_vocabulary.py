"""The vocabulary of a decoder: the ids of a codec, with a beginning and an end."""

from __future__ import annotations

import numpy as np
import pytest

from recur import codecs
from recur.decoding.vocabulary import Vocabulary


@pytest.fixture
def words() -> Vocabulary:
    """Texts have a beginning and an end of their own."""
    return Vocabulary(codecs.make("words").fit(["a b"]))


@pytest.fixture
def tags() -> Vocabulary:
    """Tags get two ids more."""
    return Vocabulary(codecs.make("tags").fit([["A", "B", "C"]]))


def test_texts_bring_their_beginning_and_their_end(words: Vocabulary) -> None:
    assert (words.size, words.beginning, words.end, words.unknown) == (6, 2, 3, 1)
    assert words.never == (0, 2)


def test_tags_get_a_beginning_and_an_end_after_their_last_id(tags: Vocabulary) -> None:
    assert (tags.size, tags.beginning, tags.end, tags.unknown) == (5, 3, 4, None)
    assert tags.never == (3,)


@pytest.mark.parametrize(("unknown", "forbidden"), [(True, (0, 2)), (False, (0, 2, 1))])
def test_the_unknown_word_is_written_only_where_that_is_asked_for(
    words: Vocabulary, unknown: bool, forbidden: tuple[int, ...]
) -> None:
    assert words.forbidden(unknown) == forbidden
    assert words.silent(unknown) == (*forbidden, 3)


@pytest.mark.parametrize("unknown", [True, False])
def test_where_nothing_is_unknown_only_the_beginning_is_forbidden(tags: Vocabulary, unknown: bool) -> None:
    assert tags.forbidden(unknown) == (3,)
    assert tags.silent(unknown) == (3, 4)


def test_the_beginning_stands_before_and_the_end_after(tags: Vocabulary) -> None:
    ids = np.array([1, 0])
    assert tags.with_beginning(ids).tolist() == [3, 1, 0]
    assert tags.with_end(ids).tolist() == [1, 0, 4]
    assert tags.with_end(np.array([], np.int64)).dtype == np.int64


def test_a_person_reads_the_symbols(words: Vocabulary, tags: Vocabulary) -> None:
    assert [tags.symbol(index) for index in range(5)] == ["A", "B", "C", "⟨start⟩", "⟨end⟩"]
    assert [words.symbol(index) for index in (3, 4, 5)] == ["⟨end⟩", "a", "b"]


def test_added_ids_are_no_part_of_the_value(words: Vocabulary, tags: Vocabulary) -> None:
    assert tags.decode([3, 1, 0, 4]) == ["B", "A"]
    assert words.decode([2, 4, 5, 3]) == "a b"
