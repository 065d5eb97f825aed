"""Words with their letters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import SpelledWordsCodec
from recur.codecs.spelled import LONGEST, UNKNOWN_LETTER
from recur.config import Config
from recur.errors import RunError

words = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)


def fitted(values: list[list[str]], **options: object) -> SpelledWordsCodec:
    codec = codecs.make("spelled", Config.of(**options).data).fit(values)
    assert isinstance(codec, SpelledWordsCodec)
    return codec


@given(st.lists(st.lists(words, min_size=1, max_size=5), min_size=1, max_size=4), st.booleans())
def test_words_have_the_ids_of_the_words_codec_and_their_letters(values: list[list[str]], lower: bool) -> None:
    codec = fitted(values, lower=lower)
    plain = codecs.make("words", Config.of(lower=lower).data).fit(values)
    for value in values:
        table = codec.encode(value)
        assert np.array_equal(table[:, 0], plain.encode(value))
        assert codec.decode(table) == plain.decode(plain.encode(value)) == codec.decode(table[:, 0])
        for row, word in zip(table, codec.tokens(value), strict=True):
            spelled = [codec.letters[index - UNKNOWN_LETTER - 1] for index in row[1:] if index]
            assert "".join(spelled) == word


def test_an_unknown_word_still_has_its_spelling() -> None:
    codec = fitted([["cat", "sat"]])
    cats, new = codec.encode(["tacs", "doc"])
    assert cats[0] == new[0] == codec.ids.unk
    assert [codec.letters[index - 2] for index in cats[1:]] == ["t", "a", "c", "s"]
    assert new[1:].tolist()[:2] == [UNKNOWN_LETTER, UNKNOWN_LETTER]
    assert codec.unknown_rate(["cat", "dog"]) == 0.5


def test_of_a_very_long_word_both_ends_are_read() -> None:
    codec = fitted([["ab"]])
    table = codec.encode(["a" * 500 + "b" * 500])
    assert table.shape == (1, 1 + LONGEST)
    assert [codec.letters[index - 2] for index in table[0, 1:]] == ["a"] * (LONGEST // 2) + ["b"] * (LONGEST // 2)


def test_no_words_are_no_rows() -> None:
    assert fitted([["a"]]).encode([]).shape == (0, 1)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    codec = fitted([["The", "cat"], ["naïve"]])
    codec.save(tmp_path, "input")
    again = codecs.load(tmp_path, "input")
    assert isinstance(again, SpelledWordsCodec)
    assert np.array_equal(again.encode(["The", "dog"]), codec.encode(["The", "dog"]))
    assert again.describe() == codec.describe()


def test_a_damaged_alphabet_is_refused(tmp_path: Path) -> None:
    fitted([["cat"]]).save(tmp_path, "input")
    file = tmp_path / "input.json"
    file.write_text(file.read_text().replace('"c"', '"cc"'))
    with pytest.raises(RunError, match="letters"):
        codecs.load(tmp_path, "input")
