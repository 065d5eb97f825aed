"""Predicates of texts, symbol by symbol."""

from __future__ import annotations

from recur.inspect import predicates


def marked(test: str, text: str) -> str:
    """The symbols of a text at which a predicate holds; a point at the others."""
    holds = predicates.PREDICATES[test](list(text))
    return "".join(one if yes else "." for one, yes in zip(text, holds, strict=True))


def test_two_quotation_marks_in_one_symbol_open_and_close() -> None:
    tokens = ["he", '"yes"', "and", "“no”", "so", '"', "x", '"', "y"]
    assert predicates.inside_quotes(tokens) == [0, 0, 0, 0, 0, 1, 1, 0, 0]


def test_what_is_open_after_a_symbol_is_inside() -> None:
    assert marked("inside quotes", 'so "we go" home') == '..."we go......'
    assert marked("inside quotes", "가 「나다」 라") == "..「나다..."
    assert marked("inside brackets", "a(b[c])d") == ".(b[c].."
    assert marked("inside brackets", "a)b(c") == "...(c"


def test_words_of_single_characters_have_positions_and_ends() -> None:
    assert marked("end of a word", "we go, 12 x") == ".e..o...2.x"
    assert predicates.place_in_word(list("we go")) == [1, 2, 0, 1, 2]
    assert predicates.end_of_word(["we", "go"]) == [0, 0], "words as symbols have no letters"
