"""Predictions as a data frame: its columns and its index."""

from __future__ import annotations

import sys

import pytest

from recur.data import InputQuery
from recur.errors import MissingExtraError
from recur.heads import Prediction
from recur.predictions import frame
from tests.predictions.sheets import sheet

pandas = pytest.importorskip("pandas")

QUESTIONS = [InputQuery("fine", 1, "here"), InputQuery("poor", 2, "here")]
ANSWERS = [Prediction(label, [(label, share)], label) for label, share in (("good", 0.75), ("bad", 0.5))]


def test_answers_are_rows_with_their_numbers() -> None:
    found = frame(sheet(), QUESTIONS, ANSWERS, ["fine", "poor"])
    assert list(found.columns) == ["row", "text", "label", "probability"]
    assert found["row"].tolist() == [1, 2]
    assert found["label"].tolist() == ["good", "bad"]
    assert found["probability"].tolist() == [0.75, 0.5]


@pytest.mark.parametrize("given", ["frame", "series"])
def test_a_row_for_each_row_of_a_data_frame_has_its_index(given: str) -> None:
    source = pandas.DataFrame({"text": ["fine", "poor"]}, index=["x", "y"])
    found = frame(sheet(), QUESTIONS, ANSWERS, source if given == "frame" else source["text"])
    assert list(found.columns) == ["text", "label", "probability"]
    assert found.index.tolist() == ["x", "y"]


def test_several_rows_for_a_row_have_an_index_of_their_own() -> None:
    steps = sheet(lead=["row", "step"], values=["tags"], stepped=True, top=0)
    source = pandas.DataFrame({"text": ["a b", "c"]}, index=["x", "y"])
    answers = [Prediction(["A", "B"], [], ""), Prediction(["C"], [], "")]
    found = frame(steps, QUESTIONS, answers, source)
    assert found.index.tolist() == [0, 1, 2]
    assert found["row"].tolist() == [1, 1, 2]


def test_a_list_has_a_method_of_that_name_and_no_index() -> None:
    assert frame(sheet(), QUESTIONS, ANSWERS, ["fine", "poor"]).index.tolist() == [0, 1]


def test_no_answers_are_a_frame_of_the_columns() -> None:
    found = frame(sheet(), [], [], [])
    assert list(found.columns) == sheet().columns
    assert len(found) == 0


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"recur-nn\[data\]"):
        frame(sheet(), QUESTIONS, ANSWERS, None)


def test_steps_are_numbered_even_where_each_answer_has_one() -> None:
    steps = sheet(lead=["row", "step"], values=["tags"], stepped=True, top=0)
    source = pandas.DataFrame({"text": ["a", "c"]}, index=["x", "y"])
    answers = [Prediction(["A"], [], ""), Prediction(["C"], [], "")]
    assert frame(steps, QUESTIONS, answers, source).index.tolist() == [0, 1]
