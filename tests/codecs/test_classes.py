"""Classes: labels in their order, an id for each, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import ClassCodec
from recur.codecs.classes import Labels, label
from recur.codecs.codec import NO_TARGET
from recur.errors import DataError, RunError


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
def test_a_missing_label_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="a label is missing"):
        codecs.make("class").fit(["a", value])


def test_a_number_and_its_text_are_one_class() -> None:
    codec = codecs.make("class").fit([2, 10, 1, np.int64(2), 1.0])
    assert codec.decode(0) == 1
    assert [int(codec.encode(value)) for value in ("1", 2, "10")] == [0, 1, 2]


labels = st.one_of(st.integers(-1000, 1000), st.text(min_size=1, max_size=8).map(str.strip).filter(bool))


@given(st.lists(labels, min_size=1))
def test_classes_come_back(values: list[Any]) -> None:
    codec = codecs.make("class").fit(values)
    for value in values:
        assert str(codec.decode(codec.encode(value))) == str(value)
    assert codec.size == len({str(value) for value in values})


def test_an_unseen_class_is_refused_with_the_nearest() -> None:
    codec = ClassCodec().fit(["positive", "negative"])
    with pytest.raises(
        DataError, match='class "positiv" was not in the training data. Did you mean "positive"?'
    ) as caught:
        codec.encode("positiv")
    assert "fix the row or leave it out" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (" a ", "a"), (3, 3), (3.0, 3), (2.5, "2.5"), (True, True), (np.float32(4), 4), (np.bool_(False), False),
        ("a\ud800", "a\ufffd"),
    ],
)  # fmt: skip
def test_a_raw_value_becomes_a_label(raw: Any, found: Any) -> None:
    assert label(raw) == found
    assert type(label(raw)) is type(found)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "a label is missing \\(empty\\)"), ("  ", "a label is missing \\(empty\\)"),
        (float("nan"), "a label is missing \\(NaN\\)"), (["a"], "expected one label, found list"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_refused(raw: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        label(raw)


def test_whole_numbers_come_by_size_and_before_texts() -> None:
    assert Labels(["b", 10, "9", -2, "a", "-"]).values == [-2, "9", 10, "-", "a", "b"]


def test_ids_and_labels_lead_to_each_other() -> None:
    labels = Labels(["b", "a", 3])
    assert [labels.id(value) for value in (3, "3", " a ", "b")] == [0, 0, 1, 2]
    assert [labels.value(index) for index in range(3)] == [3, "a", "b"]


@pytest.mark.parametrize("index", [-1, 3])
def test_an_id_outside_the_labels_is_refused(index: int) -> None:
    with pytest.raises(DataError, match=f"id {index} is outside the 3 class labels"):
        Labels(["b", "a", 3]).value(index)


def test_a_row_without_a_label_has_no_target() -> None:
    codec = ClassCodec().fit(["a", "b"])
    assert codec.encode_target(None) == codec.encode_target("") == NO_TARGET
    assert codec.encode_target("b") == 1


def test_one_class_is_decoded_at_a_time() -> None:
    with pytest.raises(DataError, match="expected the id of one class, got 2 ids"):
        ClassCodec().fit(["a", "b"]).decode([0, 1])


def test_six_labels_are_described_and_the_others_counted() -> None:
    assert ClassCodec().fit(["a", "b"]).describe() == "class: 2 classes (a, b)"
    assert ClassCodec().fit(range(7)).describe() == "class: 7 classes (0, 1, 2, 3, 4, 5, …)"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], "different texts"), (["a", "a"], "different texts"), ([1, "1"], "different texts"), ([None], "different"),
        (["b", "a"], "not in their order"), ("ab", "should be list, found str"),
    ],
)  # fmt: skip
def test_labels_that_a_file_cannot_have_are_refused(labels: Any, said: str) -> None:
    with pytest.raises(RunError, match=said):
        Labels.restore({"labels": labels}, Path("c.json"), "class")
