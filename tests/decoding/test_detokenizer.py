"""Streaming detokenization: what each symbol adds, and what waits for the next one."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import Codec
from recur.config import Config
from recur.decoding.detokenizer import Detokenizer


def pieces(kind: str, text: Any, stops: tuple[str, ...] = (), before: Any = "") -> list[list[Any]]:
    """What each symbol of a text adds, and what is left at the end."""
    codec = codecs.make(kind, Config.of(max_vocab=260 if kind == "subwords" else None).data)
    codec.fit(["ab, (c) d. é🙂"] if kind != "tags" else [["A", "B"]])
    detokenizer = Detokenizer(codec, codec.encode(before).tolist(), stops)
    found = [detokenizer.push(symbol) for symbol in codec.encode(text).tolist()]
    return [*found, detokenizer.finish()]


def test_a_word_brings_the_space_before_it() -> None:
    assert pieces("words", "d d, (c).") == [["d"], [" d"], [","], [" ("], ["c"], [")"], ["."], []]


def test_the_first_word_after_a_text_brings_its_space_too() -> None:
    assert pieces("words", "d", before="ab") == [[" d"], []]
    assert pieces("words", "d", before="(") == [["d"], []]


def test_half_a_character_waits_for_its_other_half() -> None:
    assert pieces("subwords", "é🙂") == [[], ["é"], [], [], [], ["🙂"], []]


def test_half_a_character_at_the_end_is_given_as_it_is() -> None:
    codec = codecs.make("subwords", Config.of(max_vocab=260).data).fit(["a"])
    detokenizer = Detokenizer(codec)
    assert detokenizer.push(int(codec.encode("é")[0])) == []
    assert detokenizer.finish() == ["\ufffd"]


def test_tags_are_items() -> None:
    assert pieces("tags", ["B", "A"]) == [["B"], ["A"], []]


def test_a_tag_that_stops_is_not_given() -> None:
    codec = codecs.make("tags").fit([["A", "B"]])
    detokenizer = Detokenizer(codec, stops=["B"])
    assert (detokenizer.push(0), detokenizer.stopped) == (["A"], False)
    assert (detokenizer.push(1), detokenizer.stopped) == ([], True)
    assert detokenizer.finish() == []


@pytest.mark.parametrize(
    ("text", "stops", "found"),
    [
        ("abd", ("d",), [["a"], ["b"], [], []]), ("abab", ("bb",), [["a"], [], ["ba"], [], ["b"]]),
        ("ab", ("abc",), [[], [], ["ab"]]), ("abc", ("abc",), [[], [], [], []]), ("ac", ("ab", "c"), [[], ["a"], []]),
    ],
)  # fmt: skip
def test_what_may_begin_a_stop_waits_until_it_is_known(
    text: str, stops: tuple[str, ...], found: list[list[str]]
) -> None:
    assert pieces("characters", text, stops) == found


@given(st.text("ab, (c)d.", max_size=20), st.sampled_from(["words", "characters", "subwords"]))
def test_pieces_make_the_text_that_the_codec_decodes(text: str, kind: str) -> None:
    codec = codecs.make(kind, Config.of(max_vocab=260 if kind == "subwords" else None).data).fit(["ab, (c) d."])
    assert "".join(chain.from_iterable(pieces_of(codec, text))) == codec.decode(codec.encode(text))


def pieces_of(codec: Codec, text: str) -> list[list[str]]:
    """What each symbol of a text adds."""
    detokenizer = Detokenizer(codec)
    return [*(detokenizer.push(symbol) for symbol in codec.encode(text).tolist()), detokenizer.finish()]
