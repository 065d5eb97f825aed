"""Stop sequences: where an answer ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recur.decoding.detokenizer import Detokenizer
from recur.decoding.stop_sequences import StopSequences
from recur.errors import DataError
from tests.modes.helpers import TAGS, codec


@settings(max_examples=30)
@given(st.text("ab ", max_size=12), st.lists(st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=3))
def test_a_text_in_pieces_is_cut_where_the_whole_is(text: str, stops: list[str]) -> None:
    codec_of_text = codec("characters", ["ab "])
    found = StopSequences(codec_of_text, stops)
    whole = found.value(codec_of_text.encode(text).tolist(), codec_of_text.decode)
    assert not any(stop in whole for stop in stops)
    assert text.startswith(whole)
    detokenizer = Detokenizer(codec_of_text, (), stops)
    pieces = []
    for symbol in codec_of_text.encode(text).tolist():
        pieces += [] if detokenizer.stopped else detokenizer.push(symbol)
    assert "".join([*pieces, *detokenizer.finish()]) == whole
    rule = found.rule()
    assert rule is not None
    # the first place where the rule says stop is the first place where a stop is complete
    ids = codec_of_text.encode(text)
    ends = [place for place in range(1, len(ids) + 1) if rule(ids[:place].tolist())]
    complete = [place for place in range(1, len(text) + 1) if any(stop in text[:place] for stop in stops)]
    assert ends[:1] == complete[:1]


def test_an_item_that_nobody_knows_is_no_stop() -> None:
    with pytest.raises(DataError):
        StopSequences(codec("tags"), ["Q"])
    tags = codec("tags")
    ids = tags.encode(TAGS[0]).tolist()
    assert StopSequences(tags, ["V"]).value(ids, tags.decode) == ["D", "N"]
    assert StopSequences(tags, []).value(ids, tags.decode) == TAGS[0]


@pytest.mark.parametrize(
    ("text", "stops", "value"),
    [
        ("ab ab", ("b",), "a"), ("ab", ("c",), "ab"), ("aab", ("ab", "b"), "a"), ("abab", ("ba", "bab"), "a"),
        ("ba", ("b",), ""), ("", ("a",), ""), ("aabb", ("aabb", "b"), "aa"),
    ],
)  # fmt: skip
def test_a_text_is_cut_before_the_stop_that_is_complete_first(text: str, stops: tuple[str, ...], value: str) -> None:
    characters = codec("characters", ["ab "])
    assert StopSequences(characters, stops).value(characters.encode(text).tolist(), characters.decode) == value


def test_without_stops_there_is_no_rule() -> None:
    assert StopSequences(codec("tags"), []).rule() is None
    assert StopSequences(codec("characters", ["ab "]), []).rule() is None


def test_a_tag_ends_what_is_written_with_it() -> None:
    tags = codec("tags")
    rule = StopSequences(tags, ["N", "V"]).rule()
    assert rule is not None
    noun, determiner = tags.encode(["N", "D"]).tolist()
    assert rule([determiner, noun])
    assert not rule([noun, determiner])
    assert not rule([])


def test_a_stop_of_many_bytes_is_found_in_single_bytes() -> None:
    subwords = codec("subwords")
    rule = StopSequences(subwords, ["🙂🙂"]).rule()
    assert rule is not None
    ids = subwords.encode("a🙂🙂").tolist()
    assert [place for place in range(1, len(ids) + 1) if rule(ids[:place])] == [len(ids)]
