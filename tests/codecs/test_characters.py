"""Characters: one id a code point, and the text comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import CharactersCodec
from recur.errors import RunError


def test_unknown_characters_read_as_the_replacement_sign() -> None:
    codec = CharactersCodec().fit(["abc"])
    assert codec.encode("aé").tolist() == [codec.id("a"), codec.ids.unk]
    assert codec.decode(codec.encode("aéb")) == "a\ufffdb"
    assert codec.unknown_rate("aéb") == pytest.approx(1 / 3)


texts = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.lists(texts.filter(bool), min_size=1, max_size=5))
def test_characters_of_a_known_text_come_back(values: list[str]) -> None:
    codec = codecs.make("characters").fit(values)
    for value in values:
        assert codec.decode(codec.encode(value)) == value


def test_ids_follow_code_points() -> None:
    codec = CharactersCodec().fit(["caab\n"])
    assert codec.vocabulary == ["<pad>", "<unk>", "<bos>", "<eos>", "\n", "a", "b", "c"]
    assert codec.encode("a\ncz").tolist() == [5, 4, 7, codec.ids.unk]
    assert codec.tokens("a\nc") == ["a", "\n", "c"]


def test_an_emoji_is_one_step_and_its_surrogates_are_put_together() -> None:
    codec = CharactersCodec().fit(["a🙂"])
    assert codec.encode("🙂🙂a").tolist() == [5, 5, 4]
    assert codec.encode("\ud83d\ude42").tolist() == [5]


def test_reserved_ids_are_no_characters_of_the_text() -> None:
    codec = CharactersCodec().fit(["ab"])
    assert codec.decode([codec.ids.bos, 4, codec.ids.pad, 5, codec.ids.eos]) == "ab"


def test_lower_case_is_that_of_unicode(tmp_path: Path) -> None:
    codec = CharactersCodec(lower=True).fit(["İSTANBUL Ä"])
    codec.save(tmp_path, "c")
    loaded = codecs.load(tmp_path, "c")
    for each in (codec, loaded):
        assert each.decode(each.encode("ÄSTAN")) == "ästan"
        # a capital I with a dot is two characters in lower case
        assert len(each.encode("İ")) == 2


def test_a_list_of_texts_is_read_as_one() -> None:
    codec = CharactersCodec().fit(["ab"])
    assert codec.encode(["a", "ba"]).tolist() == codec.encode("aba").tolist()


def test_a_file_whose_tokens_are_longer_than_a_character_is_damaged(tmp_path: Path) -> None:
    codecs.make("words").fit(["two words"]).save(tmp_path, "c")
    state = json.loads((tmp_path / "c.json").read_text())
    (tmp_path / "c.json").write_text(json.dumps(state | {"kind": "characters"}))
    with pytest.raises(RunError, match="does not hold single characters"):
        codecs.load(tmp_path, "c")
