"""The next item of a sequence: symbols, frames and numbers that predict themselves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recur import modes
from recur.errors import ConfigError
from recur.modes import NextItem
from tests.modes.helpers import SERIES, TAGS, Row, build, codec, falls, padding_changes_nothing, rows, small


def model(kind: str, **options: Any) -> NextItem:
    mode = modes.build("synced", codec(kind), None, small(), **options)
    assert isinstance(mode, NextItem)
    return mode


@pytest.mark.parametrize("kind", ["words", "characters", "subwords", "tags", "series"])
@pytest.mark.parametrize("stream", [False, True])
def test_every_codec_learns_its_next_item(kind: str, stream: bool) -> None:
    falls(build("synced", kind, None, stream=stream), rows(kind, None))


@settings(max_examples=15)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.booleans())
def test_padding_changes_nothing_for_the_next_item(lengths: list[int], stream: bool) -> None:
    for kind, values in (("tags", TAGS[2]), ("series", SERIES[2])):
        mode = build("synced", kind, None, stream=stream)
        padding_changes_nothing(mode, [Row(values[:length], None) for length in lengths], length=3)


def test_reading_both_ways_is_refused_for_the_next_item() -> None:
    with pytest.raises(ConfigError, match="predicting the next item: a network that reads in both directions"):
        build("synced", "words", None, bidirectional=True)


@pytest.mark.parametrize("kind", ["words", "series"])
def test_it_continues_remembers_and_carries_its_state(kind: str) -> None:
    mode = model(kind)
    assert mode.abilities.continues
    assert mode.abilities.remembers
    assert mode.abilities.carries_state
    assert not mode.abilities.may_read_both_ways
    assert mode.item_model is mode


@pytest.mark.parametrize(("kind", "answers"), [("words", False), ("tags", False), ("series", True)])
def test_an_item_that_is_read_is_answered_where_the_next_one_is_a_number(kind: str, answers: bool) -> None:
    assert model(kind).abilities.answers_each_item is answers
    assert not model(kind).abilities.each_step


def test_what_has_a_target_of_its_own_continues_nothing() -> None:
    mode = build("synced", "words", "tags", bidirectional=False)
    assert mode.abilities.remembers
    assert not mode.abilities.continues
    assert not mode.abilities.carries_state
    assert mode.item_model is None


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_numbers_are_compared_with_those_that_come_as_many_steps_later(ahead: int) -> None:
    mode = model("series", ahead=ahead)
    [row] = [mode.encode(Row([1.0, 2.0, 4.0, 8.0], None))]
    assert row.input is not None
    assert mode.abilities.ahead == ahead
    assert mode.target_codec.decode(row.input) == pytest.approx([1.0, 2.0, 4.0, 8.0][:-ahead])
    assert mode.target_codec.decode(row.target) == pytest.approx([1.0, 2.0, 4.0, 8.0][ahead:])


def test_documents_begin_and_end_with_symbols_and_a_stream_does_not() -> None:
    documents, stream = model("words"), model("words", stream=True)
    assert documents.symbols is not None
    row = documents.encode(Row("the cat", None))
    assert row.input is not None
    assert row.input[0] == documents.symbols.beginning
    assert row.target[-1] == documents.symbols.end
    assert len(row.input) == len(row.target) == 3
    row = stream.encode(Row("the cat", None))
    assert len(row.target) == 1


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda mode: mode.predict(["the"]), "predict(mode, prompts)"),
        (lambda mode: mode.generate("the"), "generate(mode, prompt)"),
        (lambda mode: mode.samples([Row("the", None)]), "samples(mode, rows)"),
    ],
)
def test_a_prompt_is_continued_elsewhere(call: Any, instead: str) -> None:
    with pytest.raises(ConfigError, match="a model of the next item continues its prompt") as raised:
        call(model("words"))
    assert raised.value.hint == f"recur.continuation.{instead}"


def test_a_model_of_numbers_has_no_next_symbol() -> None:
    with pytest.raises(ConfigError, match="it does not predict the next symbol") as raised:
        model("series").symbol_head()
    assert raised.value.hint == "train without a target to get a language model"
