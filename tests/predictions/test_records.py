"""Predictions as rows of a table: which columns there are, and what is in each row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur import modes
from recur.data import InputQuery
from recur.heads import Prediction
from recur.predictions import Sheet
from tests.modes.helpers import ahead, build, codec, small
from tests.predictions.sheets import roles, sheet

CLASS = Prediction("good", [("good", 0.75), ("bad", 0.25)], "good")


@pytest.mark.parametrize(
    ("top", "columns", "record"),
    [
        (1, ["row", "text", "label", "probability"], {"row": 7, "text": "fine", "label": "good", "probability": 0.75}),
        (
            3,
            ["row", "text", "label", "probability", "label 2", "probability 2", "label 3", "probability 3"],
            {
                "row": 7, "text": "fine", "label": "good", "probability": 0.75, "label 2": "bad",
                "probability 2": 0.25, "label 3": None, "probability 3": None,
            },
        ),
    ],
)  # fmt: skip
def test_a_class_is_one_row_with_as_many_candidates_as_asked_for(
    top: int, columns: list[str], record: dict[str, Any]
) -> None:
    made = sheet(top=top)
    assert made.columns == columns
    assert list(made.records(InputQuery("fine", 7, "here"), CLASS)) == [record]


def test_an_answer_without_scores_is_its_value() -> None:
    [record] = sheet().records(InputQuery("fine", 1, "here"), Prediction("good", [], "good"))
    assert (record["label"], record["probability"]) == ("good", None)


def test_numbers_are_a_cell_for_each_column() -> None:
    made = sheet(input_name=None, values=["a", "b [m]"], numbers=True, top=0)
    assert made.columns == ["row", "a", "b [m]"]
    [record] = made.records(InputQuery([1], 2, "here"), Prediction(np.array([0.5, 1.5]), [], ""))
    assert record == {"row": 2, "a": 0.5, "b [m]": 1.5}


def test_tags_are_a_row_for_each_step_beside_what_is_read_there() -> None:
    made = sheet(lead=["row", "step"], values=["tags"], stepped=True, top=0, synced=True)
    found = list(made.records(InputQuery("the sky", 3, "here"), Prediction(["D", "N"], [], "")))
    assert found == [
        {"row": 3, "step": 1, "text": "the", "tags": "D"}, {"row": 3, "step": 2, "text": "sky", "tags": "N"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "read"),
    [("the blue sky", [None, None]), (["the", "sky"], ["the", "sky"]), ("ab", ["a", "b"]), (3, [None, None])],
)
def test_what_is_read_at_a_step_is_a_word_or_a_character_where_there_are_as_many(value: Any, read: list[Any]) -> None:
    made = sheet(values=["tags"], stepped=True, top=0, synced=True)
    records = made.records(InputQuery(value, 1, "here"), Prediction(["A", "B"], [], ""))
    assert [record["text"] for record in records] == read


def test_steps_that_are_not_answered_one_by_one_have_the_whole_input() -> None:
    made = sheet(values=["tags"], stepped=True, top=0)
    records = made.records(InputQuery("the sky", 1, "here"), Prediction(["A", "B", "C"], [], ""))
    assert [record["text"] for record in records] == ["the sky"] * 3


def test_steps_of_rows_have_the_numbers_of_their_rows() -> None:
    made = sheet(input_name=None, values=["tags"], stepped=True, top=0)
    question = InputQuery([1, 2, 3], 5, "here", rows=[5, None, 9])
    found = made.records(question, Prediction(["A", "B", "C"], [], ""))
    assert [record["row"] for record in found] == [5, None, 9]


def test_a_forecast_has_its_series_its_times_and_its_quantiles() -> None:
    made = sheet(
        lead=["shop", "step"], input_name=None, values=["load"], numbers=True, stepped=True, timed=True, top=0,
        quantiles=[0.1, 0.9],
    )  # fmt: skip
    assert made.columns == ["shop", "step", "time", "load", "load 10 %", "load 90 %"]
    question = InputQuery([1.0], 5, "here", series="north", stamps=["2024-01-01"])
    answer = Prediction([1.0, 2.0], [], "", quantiles={0.1: [0.5, 1.5], 0.9: [1.5, 2.5]})
    assert [list(record.values()) for record in made.records(question, answer)] == [
        ["north", 1, "2024-01-01", 1.0, 0.5, 1.5], ["north", 2, None, 2.0, 1.5, 2.5]
    ]  # fmt: skip


def test_a_roll_has_the_pitches_that_sound_and_their_names() -> None:
    made = sheet(values=["notes", "notes names"], input_name=None, stepped=True, top=0, played=True)
    records = made.records(InputQuery("a.mid", 1, "here"), Prediction([[60, 64], []], [], ""))
    assert [list(record.values()) for record in records] == [[1, [60, 64], ["C4", "E4"]], [1, [], []]]


def test_json_has_the_answer_whole() -> None:
    made = sheet(values=["load"], numbers=True, units=["kW"], quantiles=[0.1])
    question = InputQuery(np.array([1.0, 2.0]), 4, "here", series="north", rows=[4, 5], stamps=["a", "b", "c"])
    answer = Prediction([0.5, 1.5], [("x", 0.5)], "", ranks=[-1.0], quantiles={0.1: np.array([0.25, 1.0])})
    assert made.document(question, answer) == {
        "row": 4, "series": "north", "input": [1.0, 2.0], "value": [0.5, 1.5], "scores": [["x", 0.5]], "ranks": [-1.0],
        "quantiles": {"0.1": [0.25, 1.0]}, "columns": ["load"], "units": ["kW"], "rows": [4, 5], "times": ["a", "b"],
    }  # fmt: skip


def test_json_leaves_out_what_is_not_there() -> None:
    assert sheet().document(InputQuery("fine", 1, "here"), CLASS) == {
        "row": 1, "input": "fine", "value": "good", "scores": [["good", 0.75], ["bad", 0.25]]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("temp", 1234.6, "1235"), ("temperature", 1.2345678, "1.234568"), ("temperature 10 %", 1.2345678, "1.234568"),
        ("temp 10 %", 1234.6, "1235"), ("temp", "x", "x"), ("step", 3, 3),
    ],
)  # fmt: skip
def test_numbers_are_rounded_for_people_by_the_scale_of_their_column(name: str, value: Any, text: Any) -> None:
    made = sheet(values=["temp", "temperature"], scales=[1000.0, 0.001], quantiles=[0.1])
    assert made.written(name, value) == text


@pytest.mark.parametrize(
    ("kinds", "target", "columns"),
    [
        (("many-to-one", "words", "class"), "label", ["row", "text", "label", "probability"]),
        (("many-to-one", "words", "class"), "row", ["row", "text", "predicted row", "probability"]),
        (("synced", "words", "tags"), "tags", ["row", "step", "text", "tags"]),
        (("many-to-many", "words", "characters"), "title", ["row", "text", "title", "probability"]),
        (("many-to-many", "series", "series"), "load", ["row", "step", "load"]),
    ],
)  # fmt: skip
def test_the_columns_are_those_of_the_mode(kinds: tuple[str, str, str], target: str, columns: list[str]) -> None:
    mode = build(*kinds)
    made = Sheet.of(mode, roles([target], mode.target_codec.kind))
    assert made.columns == columns
    assert made.synced == (kinds[0] == "synced")


def test_a_text_that_continues_itself_has_no_name_of_a_column() -> None:
    mode = build("synced", "characters", None)
    assert Sheet.of(mode, roles([], "characters"), top=2).columns == [
        "row", "text", "continuation", "probability", "continuation 2", "probability 2"
    ]  # fmt: skip


def test_rows_of_one_series_have_its_group_and_no_steps() -> None:
    question = InputQuery([1], 1, "here", rows=[1])
    made = Sheet.of(build("synced", "series", "tags"), roles(["tags"], "tags", group="shop"), first=question)
    assert made.lead == ["shop", "row"]


def test_the_median_of_a_forecast_has_no_column_of_its_own() -> None:
    load = codec("series")
    mode = modes.build("forecast", load, load, small(), forecast=ahead(2, quantiles=[0.1, 0.5, 0.9]))
    made = Sheet.of(mode, roles(["load"], "numbers", forecast="direct"))
    assert made.columns == ["series", "step", "load", "load 10 %", "load 90 %"]


def test_numbers_have_no_probability() -> None:
    made = Sheet.of(build("one-to-one", "class", "numbers"), roles(["price [EUR]", "area"], "numbers"))
    assert made.top == 0
    assert made.columns == ["row", "text", "value 1", "value 2"]
