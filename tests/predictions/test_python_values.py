"""What `fit` takes, `predict` and `evaluate` take: one table of values and the answers that they must have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import recur
from recur import Model
from recur.errors import DataError
from tests.tolerances import SINGLE, agree

pandas = pytest.importorskip("pandas", reason="pandas is not installed")

QUICK = {"hidden_size": 8, "max_steps": 3, "progress": False, "seed": 1, "device": "cpu"}
TEXTS = ["a fine film", "a dull film", "a warm song"]
NUMBERS = {"width": [1.0, 2.0, 3.0], "depth": [4.0, 5.0, 7.0]}
LOAD = [float(50 + 10 * np.sin(i / 3)) for i in range(40)]
HEAT = [float(20 + np.cos(i / 3)) for i in range(40)]


@pytest.fixture(scope="module")
def texts() -> Model:
    labels = ["good", "bad"] * 15
    rows = {"text": [f"{text} {i}" for i, text in enumerate(TEXTS * 10)], "label": labels}
    return recur.fit(pandas.DataFrame(rows).astype({"label": "category"}), **QUICK)


@pytest.fixture(scope="module")
def plants() -> Model:
    draw = np.random.default_rng(0)
    kinds = ["x", "y"] * 20
    return recur.fit({"width": draw.normal(size=40), "depth": draw.normal(size=40), "kind": kinds}, **QUICK)


@pytest.fixture(scope="module")
def ahead() -> Model:
    frame = pandas.DataFrame({"load": LOAD * 3, "heat": HEAT * 3})
    return recur.fit(frame, forecast="direct", horizon=4, window=10, **QUICK)


@pytest.fixture(scope="module")
def alone() -> Model:
    return recur.fit(pandas.Series(LOAD * 3, name="load"), forecast="direct", horizon=4, window=10, **QUICK)


def values(answers: Any) -> list[Any]:
    return [one.value for one in answers]


OF_TEXTS = {
    "list": TEXTS,
    "tuple": tuple(TEXTS),
    "array": np.array(TEXTS),
    "series": pandas.Series(TEXTS),
    "frame": pandas.DataFrame({"text": TEXTS}),
    "frame with more columns": pandas.DataFrame({"id": [7, 8, 9], "text": TEXTS, "label": ["good"] * 3}),
    "dictionary of columns": {"text": TEXTS},
    "rows": [{"text": text} for text in TEXTS],
    "pairs": [(text, "good") for text in TEXTS],
}


@pytest.mark.parametrize("name", OF_TEXTS)
def test_texts_are_the_same_rows_in_every_form(name: str, texts: Model) -> None:
    truth = [texts.predict(text).scores[0][1] for text in TEXTS]
    found = [one.scores[0][1] for one in texts.predict(OF_TEXTS[name])]
    assert found == pytest.approx(truth, rel=SINGLE)


OF_NUMBERS = {
    "frame": pandas.DataFrame(NUMBERS),
    "frame of other order": pandas.DataFrame(NUMBERS)[["depth", "width"]],
    "whole numbers that may be missing": pandas.DataFrame(NUMBERS).astype("Int64"),
    "categories": pandas.DataFrame(NUMBERS).astype("category"),
    "dictionary of columns": NUMBERS,
    "dictionary of arrays": {name: np.array(column) for name, column in NUMBERS.items()},
    "dictionary of series": {name: pandas.Series(column) for name, column in NUMBERS.items()},
    "rows": pandas.DataFrame(NUMBERS).to_dict("records"),
    "lists": pandas.DataFrame(NUMBERS).to_numpy().tolist(),
    "array": pandas.DataFrame(NUMBERS).to_numpy(),
    "whole rows": [(1.0, 4.0, "x"), (2.0, 5.0, "x"), (3.0, 7.0, "x")],
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_are_the_same_rows_in_every_form(name: str, plants: Model) -> None:
    truth = [plants.predict({"width": w, "depth": d}).scores[0][1] for w, d in zip(*NUMBERS.values(), strict=True)]
    found = [one.scores[0][1] for one in plants.predict(OF_NUMBERS[name])]
    assert found == pytest.approx(truth, rel=SINGLE)


OF_SERIES = {
    "list of steps": [[a, b] for a, b in zip(LOAD, HEAT, strict=True)],
    "frame": pandas.DataFrame({"load": LOAD, "heat": HEAT}),
    "frame of other order": pandas.DataFrame({"heat": HEAT, "load": LOAD}),
    "dictionary of columns": {"load": LOAD, "heat": HEAT},
    "rows": [{"load": a, "heat": b} for a, b in zip(LOAD, HEAT, strict=True)],
    "array": np.array([LOAD, HEAT]).T,
}


@pytest.mark.parametrize("name", OF_SERIES)
def test_a_series_of_columns_has_one_forecast_in_every_form(name: str, ahead: Model) -> None:
    given = OF_SERIES[name]
    answer = ahead.predict([given] if name == "list of steps" else given)
    [found] = [answer] if name == "array" else answer
    truth = ahead.predict([np.array([LOAD, HEAT]).T])[0].value
    agree(found.value, truth)
    assert np.shape(found.value) == (4, 2)


@pytest.mark.parametrize(
    "given", [LOAD, tuple(LOAD), np.array(LOAD), pandas.Series(LOAD), pandas.Series(LOAD, index=range(7, 47))]
)
def test_a_series_of_one_column_is_one_input(given: Any, alone: Model) -> None:
    assert len(alone.predict(given).value) == 4
    assert alone.predict(given).value == alone.predict([LOAD])[0].value


def test_evaluate_takes_the_same(texts: Model, plants: Model, ahead: Model, alone: Model) -> None:
    labelled = {"text": TEXTS, "label": ["good", "bad", "good"]}
    figures = [texts.evaluate(rows)["loss"] for rows in (labelled, pandas.DataFrame(labelled))]
    assert figures[0] == pytest.approx(figures[1])
    kinds = pandas.DataFrame({**NUMBERS, "kind": ["x", "y", "x"]})
    assert plants.evaluate(kinds)["rows"] == 3
    assert ahead.evaluate(pandas.DataFrame({"load": LOAD, "heat": HEAT}))["rows"] == 1
    assert alone.evaluate(pandas.Series(LOAD))["rows"] == 1


def test_missing_cells_of_data_frames_are_missing_numbers(plants: Model) -> None:
    frame = pandas.DataFrame({"width": pandas.array([1, None, 3], "Int64"), "depth": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match='a number is missing in column "width"'):
        plants.predict(frame)
    kinds = ["x", "y"] * 10
    rows = pandas.DataFrame({"a": pandas.array([1, None] + list(range(18)), "Int64"), "kind": kinds})
    with pytest.raises(DataError, match='missing in column "a"'):
        recur.fit(rows, mode="one-to-one", target="kind", **QUICK)
    filled = recur.fit(rows, mode="one-to-one", target="kind", missing="mean", **QUICK)
    assert len(filled.predict(rows)) == 20


def test_two_columns_of_one_name_are_refused_everywhere(plants: Model) -> None:
    frame = pandas.DataFrame([[1.0, 2.0, 3.0]] * 3, columns=["width", "depth", "depth"])
    for use in (plants.predict, plants.evaluate, lambda rows: recur.fit(rows, **QUICK)):
        with pytest.raises(DataError, match='two columns are named "depth"'):
            use(frame)


def test_a_frame_in_may_give_a_frame_back(texts: Model, ahead: Model) -> None:
    frame = pandas.DataFrame({"text": TEXTS}, index=["a", "b", "c"])
    found = texts.predict(frame, as_frame=True, top=2)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.columns.tolist() == ["text", "label", "probability", "label 2", "probability 2"]
    assert found["label"].tolist() == values(texts.predict(frame))
    steps = ahead.predict(pandas.DataFrame({"load": LOAD, "heat": HEAT}), as_frame=True)
    assert steps.columns.tolist() == ["series", "step", "load", "heat"]
    assert steps["step"].tolist() == [1, 2, 3, 4]
    assert texts.predict([], as_frame=True).empty


def test_an_input_that_cannot_be_read_is_named(plants: Model) -> None:
    with pytest.raises(DataError, match="input 2: "):
        plants.predict([[1.0, 2.0], [1.0, "x"]])
    with pytest.raises(DataError, match='the input has no "depth"'):
        plants.predict({"width": 1.0})


HOURS = pandas.date_range("2024-01-01", periods=120, freq="h")
IN_TIME = {
    "column": pandas.DataFrame({"time": HOURS, "load": LOAD * 3}),
    "column of texts": pandas.DataFrame({"time": HOURS.astype(str), "load": LOAD * 3}),
    "index": pandas.DataFrame({"load": LOAD * 3}, index=HOURS),
    "index, newest first": pandas.DataFrame({"load": LOAD * 3}, index=HOURS)[::-1],
    "index of periods": pandas.DataFrame({"load": LOAD * 3}, index=HOURS.to_period("h")),
    "named index": pandas.DataFrame({"load": LOAD * 3}, index=HOURS.rename("time")),
    "series": pandas.Series(LOAD * 3, index=HOURS, name="load"),
    "series, newest first": pandas.Series(LOAD * 3, index=HOURS)[::-1],
}


@pytest.fixture(scope="module")
def hourly() -> Model:
    return recur.fit(IN_TIME["column"], forecast="direct", horizon=3, window=10, **QUICK)


@pytest.mark.parametrize("name", IN_TIME)
def test_times_are_read_from_a_column_and_from_an_index(name: str, hourly: Model) -> None:
    found = hourly.predict(IN_TIME[name], as_frame=True)
    truth = hourly.predict(IN_TIME["column"], as_frame=True)
    assert found["time"].tolist() == ["2024-01-06 00:00", "2024-01-06 01:00", "2024-01-06 02:00"]
    assert found["load"].tolist() == truth["load"].tolist()


def test_fit_reads_the_index_as_the_time_and_its_levels_as_series() -> None:
    by_index = recur.fit(IN_TIME["index, newest first"], forecast="direct", horizon=3, window=10, **QUICK)
    assert by_index.roles.time is not None
    shops = pandas.concat({"n": IN_TIME["series"], "s": IN_TIME["series"] + 5}, names=["shop", "hour"]).to_frame()
    panel = recur.fit(shops, forecast="direct", horizon=3, window=10, **QUICK)
    assert panel.roles.group == "shop"
    assert panel.predict(shops, as_frame=True)["shop"].tolist() == ["n"] * 3 + ["s"] * 3


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_types_of_columns_do_not_matter(backend: str, plants: Model) -> None:
    if backend == "pyarrow":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    frame = pandas.DataFrame(NUMBERS)
    truth = [one.scores[0][1] for one in plants.predict(frame)]
    found = [one.scores[0][1] for one in plants.predict(frame.convert_dtypes(dtype_backend=backend))]
    assert found == pytest.approx(truth, rel=SINGLE)


def test_a_row_of_a_data_frame_is_one_input(plants: Model, texts: Model) -> None:
    frame = pandas.DataFrame({**NUMBERS, "kind": ["x", "y", "x"]})
    expected = values(plants.predict(frame))
    assert [plants.predict(frame.iloc[place]).value for place in range(3)] == expected
    assert values(plants.predict([frame.iloc[place] for place in range(3)])) == expected
    told = pandas.DataFrame({"text": TEXTS, "label": ["good", "bad", "good"]})
    assert texts.predict(told.iloc[1]).value == texts.predict(TEXTS[1]).value


def test_a_row_of_a_data_frame_without_a_column_is_refused_by_its_name(plants: Model) -> None:
    with pytest.raises(DataError, match='no "depth"'):
        plants.predict(pandas.DataFrame({"width": [1.0], "other": [2.0]}).iloc[0])
