"""One answer as plain data, and every form of it that is written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.data import InputQuery
from recur.heads import Prediction
from recur.predictions import csv_writer, document, frame
from recur.predictions.plain import PlainAnswer, plain
from recur.serve.encoding import predictions
from tests.predictions.sheets import sheet

FORECAST = Prediction(
    np.array([0.5, 1.5], np.float32), [], "0.5 1.5", np.array([[0.25, 0.75]]),
    quantiles={0.1: np.array([0.25, 1.0], np.float32), 0.5: np.array([0.5, 1.5], np.float32)},
)  # fmt: skip
LABELS = Prediction(np.str_("good"), [(np.str_("good"), 0.75), (np.str_("bad"), 0.25)], "good", ranks=[-0.5, -1.5])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.float32(0.5), 0.5), (np.arange(2), [0, 1]), ((1, np.int64(2)), [1, 2]), (Path("a") / "b", "a/b"),
        ({1: np.arange(1)}, {"1": [0]}), ("a", "a"), (None, None),
    ],
)  # fmt: skip
def test_values_become_plain_data(value: Any, found: Any) -> None:
    assert plain(value) == found


def test_an_answer_holds_only_pythons_own_values() -> None:
    found = PlainAnswer.of(FORECAST)
    assert found == PlainAnswer([0.5, 1.5], "0.5 1.5", [], [], {0.1: [0.25, 1.0], 0.5: [0.5, 1.5]}, [[0.25, 0.75]])
    assert found.named_quantiles == {"0.1": [0.25, 1.0], "0.5": [0.5, 1.5]}
    assert all(type(value) is float for value in found.value)


def test_what_an_answer_does_not_have_is_empty() -> None:
    assert PlainAnswer.of(Prediction("a", [], "a")) == PlainAnswer("a", "a", [], [], {}, None)


def test_all_forms_have_the_same_values() -> None:
    made, question = (
        sheet(values=["load"], input_name=None, stepped=True, numbers=True, top=0, quantiles=[0.1]),
        InputQuery([1.0], 1, "here"),
    )
    rows = [[0.5, 0.25], [1.5, 1.0]]
    text = io.StringIO()
    csv_writer(text.write)(made, question, FORECAST)
    cells = [line.split(",")[-2:] for line in text.getvalue().splitlines()[1:]]
    assert [[float(cell) for cell in line] for line in cells] == rows
    line = json.loads(document(made, question, FORECAST))
    [http] = json.loads(predictions([FORECAST]))["predictions"]
    assert line["value"] == http["value"] == [0.5, 1.5]
    assert line["quantiles"] == http["quantiles"] == {"0.1": [0.25, 1.0], "0.5": [0.5, 1.5]}
    assert http["alignment"] == [[0.25, 0.75]]
    pytest.importorskip("pandas", reason="pandas is not installed")
    assert frame(made, [question], [FORECAST], None)[["load", "load 10 %"]].values.tolist() == rows


def test_candidates_are_pairs_in_json_lines_and_objects_over_http() -> None:
    line = json.loads(document(sheet(), InputQuery("fine", 1, "here"), LABELS))
    [http] = json.loads(predictions([LABELS]))["predictions"]
    assert line["scores"] == [[one["value"], one["probability"]] for one in http["scores"]]
    assert line["scores"] == [["good", 0.75], ["bad", 0.25]]
