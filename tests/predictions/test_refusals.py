"""Refusals of inputs that cannot be answered, with their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur.codecs import Codec, NumbersCodec, WordsCodec
from recur.data import InputQuery
from recur.errors import DataError
from recur.predictions.refusals import located, refuse_empty_series
from tests.modes.helpers import build


def series() -> NumbersCodec:
    return NumbersCodec(sequence=True).fit([[1.0, 2.0]])


@pytest.mark.parametrize("value", [[], "", np.zeros((0, 1))])
def test_a_series_without_a_step_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(DataError, match="^a.csv:2 is empty; expected the numbers of a series, one per step") as caught:
        refuse_empty_series(series(), [InputQuery([1.0], 1, "a.csv:1"), InputQuery(value, 2, "a.csv:2")])
    assert "give the numbers: 1.5 2 2.5" in str(caught.value.hint)


@pytest.mark.parametrize(
    "codec",
    [None, NumbersCodec(sequence=False).fit([1.0, 2.0]), WordsCodec().fit(["a b"])],
    ids=["none", "row", "words"],
)
def test_other_inputs_may_be_empty(codec: Codec | None) -> None:
    refuse_empty_series(codec, [InputQuery("", 1, "a.csv:1"), InputQuery([], 2, "a.csv:2")])


def test_a_series_with_steps_passes() -> None:
    refuse_empty_series(series(), [InputQuery([1.0], 1, "a.csv:1"), InputQuery(2.0, 2, "a.csv:2")])


ERROR = DataError("something else")


def test_the_first_input_that_cannot_be_read_is_named() -> None:
    mode = build("one-to-one", "numbers", "class")
    questions = [
        InputQuery([1, 2], 1, "a.csv:2"),
        InputQuery([1, "x"], 2, "a.csv:3"),
        InputQuery(["y", 2], 3, "a.csv:4"),
    ]
    assert located(mode, questions, ["a", "b"], ERROR).message == 'a.csv:3: column "value 2": "x" is not a number'


def test_the_column_is_named_where_there_is_one() -> None:
    mode = build("many-to-one", "series", "class")
    found = located(mode, [InputQuery([1, 2], 1, "a.csv:2"), InputQuery([1, "x"], 2, "a.csv:3")], ["load"], ERROR)
    assert found.message == 'a.csv:3: column "load": at step 2: "x" is not a number'


def test_an_error_of_something_else_stays_as_it_is() -> None:
    mode = build("one-to-one", "numbers", "class")
    assert located(mode, [InputQuery([1, 2], 1, "a.csv:2")], [], ERROR) is ERROR


def test_one_input_that_was_typed_has_no_place() -> None:
    mode = build("one-to-one", "numbers", "class")
    assert located(mode, [InputQuery([1, "x"], 1, "the input")], [], ERROR) is ERROR


def test_one_of_several_inputs_that_were_typed_has_its_place() -> None:
    mode = build("one-to-one", "numbers", "class")
    questions = [InputQuery([1, 2], 1, "the first input"), InputQuery([1, "x"], 2, "the second input")]
    assert located(mode, questions, [], ERROR).message.startswith("the second input: ")
