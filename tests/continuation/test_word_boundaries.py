"""Which symbols spell words."""

from __future__ import annotations

import pytest

from recur import codecs
from recur.config import Config
from recur.continuation.word_boundaries import Spelling, in_word, is_word, last_word, trimmed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("I speak fluent French", ("I speak fluent ", "French")),
        ("I speak fluent French .", ("I speak fluent ", "French")),
        ('he said "yes."', ('he said "', "yes")),
        ("they don't", ("they ", "don't")),
        ("a well-known", ("a ", "well-known")),
        ("rock 'n'", ("rock '", "n")),
        ("in 1999", ("in ", "1999")),
        ("3.14", ("3.", "14")),
        ("naïve café", ("naïve ", "café")),
        ("cafe\u0301", ("", "cafe\u0301")),
        ("word", ("", "word")),
        ("  word  ", ("  ", "word")),
        ("...", None),
        ("", None),
        ("- ' _", None),
    ],
)
def test_a_line_is_cut_before_its_last_word(line: str, expected: tuple[str, str] | None) -> None:
    assert last_word(line) == expected


def test_words_have_a_letter_or_a_digit_and_are_no_reserved_names() -> None:
    assert [is_word(text) for text in ("a", "7", "'s", "<unk>", "...", "", "é")] == [True, True, True, False] + [
        False, False, True,
    ]  # fmt: skip
    assert [in_word(sign) for sign in "a7'-_\u2019\u0301 .,!"] == [True] * 7 + [False] * 4
    assert trimmed(" 'tis-") == "tis"


def test_every_character_goes_on_with_a_word_or_ends_it() -> None:
    codec = codecs.make("characters").fit(["ab c, d'e\n"])
    spelling = Spelling.of(codec)
    assert spelling.single
    assert spelling.has_space
    played = {token: (spelling.inside[index], spelling.boundary[index]) for index, token in enumerate(codec.vocabulary)}
    assert all(played[sign] == (True, False) for sign in "abcde'")
    assert all(played[sign] == (False, True) for sign in (" ", ",", "\n", "<eos>"))
    assert all(played[sign] == (False, False) for sign in ("<pad>", "<unk>", "<bos>"))


def test_a_text_without_spaces_has_no_space() -> None:
    assert not Spelling.of(codecs.make("characters").fit(["abc"])).has_space


def subwords(texts: list[str], size: int) -> tuple[list[str], Spelling]:
    codec = codecs.make("subwords", Config.of(max_vocab=size).data).fit(texts)
    return codec.vocabulary, Spelling.of(codec)


def test_pieces_that_are_a_space_and_letters_start_words() -> None:
    vocabulary, spelling = subwords(["the dog the dog, the dog"] * 3, 270)
    assert " the" in vocabulary
    the, comma, letter = (vocabulary.index(piece) for piece in (" the", ",", "d"))
    assert (spelling.starts[the], spelling.spaces[the], spelling.inside[the], spelling.boundary[the]) == (1, 1, 0, 1)
    assert (spelling.starts[comma], spelling.inside[comma], spelling.boundary[comma]) == (0, 0, 1)
    assert (spelling.starts[letter], spelling.inside[letter], spelling.boundary[letter]) == (0, 1, 0)


def test_a_space_that_is_a_piece_of_its_own_starts_a_word() -> None:
    vocabulary, spelling = subwords(["the dog"], 260)
    assert spelling.starts[vocabulary.index(" ")]
    assert not spelling.starts[vocabulary.index("\n")]


def test_bytes_of_half_a_character_are_letters() -> None:
    vocabulary, spelling = subwords(["the dog"], 260)
    assert spelling.inside[vocabulary.index("<0xC3>")]


def test_a_space_with_half_a_letter_starts_a_word_and_is_not_inside_one() -> None:
    vocabulary, spelling = subwords(["a é è ê ë î ï ô ö û ü à â"] * 3, 261)
    piece = vocabulary.index("<0x20><0xC3>")
    assert (spelling.starts[piece], spelling.spaces[piece]) == (1, 1)
    assert (spelling.inside[piece], spelling.boundary[piece]) == (0, 1)


def test_no_symbol_both_goes_on_with_a_word_and_ends_it() -> None:
    _, spelling = subwords(["the dog sat, é è — “so”"] * 3, 300)
    assert not (spelling.inside & spelling.boundary).any()
    assert not (spelling.inside & spelling.spaces).any()
    assert not (spelling.starts & ~spelling.spaces).any()
