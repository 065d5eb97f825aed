"""Spacing: on which side each sign touches a word, learned from the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import WordsCodec
from recur.codecs.spacing import Spacing, is_sign


def test_spaces_before_signs_are_learnt() -> None:
    french = WordsCodec().fit(["Va !", "Cours, vite !", "Oui, non.", "Je sais."])
    assert french.split == "words"
    assert french.decode(french.encode("Oui, vite !")) == "Oui, vite !"


def split(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Letters together, every other sign alone."""
    return [(found[0], found.span()) for found in re.finditer(r"\w+|[^\w\s]", text)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["a", ",", "b", "."], "a, b."), (["(", "a", ")"], "(a)"), (["a", "'", "b", "'", "c"], "a 'b' c"),
        (["'", "a", "'", "'", "b", "'"], "'a' 'b'"), ([], ""), (["."], "."), (["$", "3"], "$3"),
        (["a", "-", "b"], "a - b"),
    ],
)  # fmt: skip
def test_signs_stand_as_usual_where_nothing_was_learned(words: list[str], text: str) -> None:
    assert Spacing().join(words, split) == text


def test_the_side_on_which_most_signs_touch_is_learned() -> None:
    learned = Spacing.learn(["a -b , c", "d -e , f"], split)
    assert "-" in learned.right
    assert "-" not in learned.left
    assert "," not in learned.left | learned.right
    assert learned.join(["a", "-", "b", ",", "c"], split) == "a -b , c"


def test_a_sign_that_was_not_seen_keeps_its_habit_and_one_that_was_loses_it() -> None:
    learned = Spacing.learn(["a , b"], split)
    assert "." in learned.left
    assert "," not in learned.left


def test_quotation_marks_that_touch_either_side_alike_open_and_close_in_turn() -> None:
    assert '"' in Spacing.learn(['he "a" b "c" d'], split).pairs
    assert '"' not in Spacing.learn(['3" and 4" and 5"'], split).pairs


def test_words_that_would_split_otherwise_stay_apart() -> None:
    together = Spacing(left=frozenset({"b"}))
    assert together.join(["a", "b"], split) == "a b"


@given(st.lists(st.sampled_from(["a", "bc", ",", ".", "(", ")", "'", '"', "-", "$"]), max_size=12))
def test_splitting_what_was_joined_gives_the_words_again(words: list[str]) -> None:
    assert [word for word, _ in split(Spacing().join(words, split))] == words


def test_the_state_is_sorted_lists() -> None:
    found = Spacing(frozenset("b") | {"a"}, frozenset("("), frozenset()).state()
    assert found == {"left": ["a", "b"], "right": ["("], "pairs": []}


@pytest.mark.parametrize(("word", "sign"), [(".", True), ("...", True), ("a.", False), ("3", False), ("<unk>", False)])
def test_a_sign_has_no_letter_and_no_digit(word: str, sign: bool) -> None:
    assert is_sign(word) is sign


def test_the_majority_decides() -> None:
    learned = Spacing.learn(["a- b", "a- b", "a - b"], split)
    assert "-" in learned.left
    assert "-" not in Spacing.learn(["a- b", "a - b", "a - b"], split).left
