"""Tags: a label for every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import TagsCodec
from recur.codecs.codec import NO_TARGET
from recur.errors import DataError

labels = st.one_of(st.integers(-1000, 1000), st.text(min_size=1, max_size=8).map(str.strip).filter(bool))


@given(st.lists(st.lists(labels, max_size=6), min_size=1).filter(any))
def test_tags_come_back(values: list[list[Any]]) -> None:
    codec = codecs.make("tags").fit(values)
    for value in values:
        assert list(map(str, codec.decode(codec.encode(value)))) == list(map(str, value))


@pytest.fixture
def codec() -> TagsCodec:
    """Three tags: DET, NOUN, VERB."""
    return TagsCodec().fit([["NOUN", "VERB", None], "DET NOUN"])


@pytest.mark.parametrize(
    "value", [["NOUN", "DET"], ("NOUN", " DET "), np.array(["NOUN", "DET"]), " NOUN\tDET\n"], ids=repr
)
def test_tags_are_given_as_a_list_or_as_a_text_with_spaces(codec: TagsCodec, value: Any) -> None:
    assert codec.encode(value).tolist() == [1, 0]
    assert codec.encode(value).dtype == np.int64


def test_a_step_without_a_tag_has_no_target(codec: TagsCodec) -> None:
    assert codec.encode_target(["NOUN", None, "", float("nan"), "DET"]).tolist() == [1, *[NO_TARGET] * 3, 0]
    assert codec.encode_target("NOUN DET").tolist() == [1, 0]


def test_a_missing_tag_of_a_value_that_is_read_is_refused(codec: TagsCodec) -> None:
    with pytest.raises(DataError, match="a label is missing"):
        codec.encode(["NOUN", None])


def test_an_unseen_tag_is_refused_with_the_nearest_and_its_step(codec: TagsCodec) -> None:
    with pytest.raises(DataError, match='tag "NOUNS" was not in the training data. Did you mean "NOUN"?') as caught:
        codec.encode(["VERB", "NOUNS"])
    assert caught.value.step == 1


def test_no_steps_are_an_empty_sequence(codec: TagsCodec) -> None:
    assert (codec.encode([]).shape, codec.encode("").shape) == ((0,), (0,))
    assert codec.decode([]) == []


def test_an_id_without_a_tag_is_refused(codec: TagsCodec) -> None:
    with pytest.raises(DataError, match="id 3 is outside the 3 tag labels"):
        codec.decode([0, 3])


def test_tags_show_on_one_line_and_describe_themselves(codec: TagsCodec) -> None:
    assert codec.show(["NOUN", "DET", "VERB"], 10) == "NOUN DET …"
    assert codec.describe() == "tags: 3 tags (DET, NOUN, VERB)"
