"""The report of a trained network: what is measured, what is refused, which notes come with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import recur
from recur.errors import ConfigError, DataError
from tests.modes.helpers import same

ROWS = [
    {"text": text, "label": label} for text, label in [("good film", "yes"), ("bad film", "no"), ("a good one", "yes")]
]


@pytest.fixture(scope="module")
def model() -> recur.Model:
    return recur.fit(ROWS * 4, target="label", cell="elman", hidden_size=4, epochs=1, dev_fraction=0.25, device="cpu")


def measured(model: recur.Model, rows: Any, **options: Any) -> dict[str, Any]:
    return model.evaluate(rows, **options)


def test_metrics_come_with_the_number_of_rows_and_the_share_of_the_largest_class(model: recur.Model) -> None:
    found = measured(model, ROWS)
    assert found["rows"] == 3
    same(found["majority_class_accuracy"], 2 / 3)
    right = sum(answer.value == row["label"] for answer, row in zip(model.predict(ROWS), ROWS, strict=True))
    same(found["accuracy"], right / 3)


def test_a_confusion_is_measured_where_it_is_asked_for(model: recur.Model) -> None:
    assert set(measured(model, ROWS, confusion=True)) - set(measured(model, ROWS))


def test_rows_without_a_target_are_counted_and_not_measured(model: recur.Model) -> None:
    found = measured(model, [*ROWS, {"text": "a film", "label": ""}])
    assert (found["rows"], found["missing_targets"]) == (3, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "a", "label": ""}], "nothing to evaluate on: every target is missing"),
        ([{"text": "a", "label": "maybe"}, {"text": "b", "label": "never"}], "maybe"),
    ],
    ids=["no targets", "unknown classes"],
)
def test_rows_that_cannot_be_measured_are_refused(model: recur.Model, rows: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        measured(model, rows)


def test_a_file_without_rows_is_refused_by_its_name(model: recur.Model, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("text,label\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"empty\.csv"):
        measured(model, path)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"last_word": True}, "this model does not continue a text"), ({"beam": 2}, "beam applies to generated texts"),
     ({"cache_theta": 0.5}, "cache_theta")],
    ids=["last word", "beam", "theta alone"],
)  # fmt: skip
def test_what_the_network_cannot_have_is_refused(model: recur.Model, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        measured(model, ROWS, **options)


def test_metrics_are_plain_numbers(model: recur.Model) -> None:
    json.dumps(measured(model, ROWS, confusion=True))


@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
def test_the_metrics_in_another_precision_are_beside_those_in_float32(model: recur.Model, precision: str) -> None:
    plain = measured(model, ROWS)
    told: list[float] = []
    found = measured(model, ROWS, precision=precision, tell=told.append)
    assert told == sorted(told)
    own, rounded = found.pop("by_precision")
    assert found == plain
    assert (own["precision"], rounded["precision"]) == ("float32", precision)
    assert set(own) == set(rounded) == {"precision", "loss", "accuracy", "macro_accuracy"}
    same(own["loss"], plain["loss"])
    assert 0 < abs(rounded["loss"] - own["loss"]) < 0.05
    assert measured(model, ROWS) == plain  # the network is in float32 again


def test_a_precision_that_does_not_exist_is_refused(model: recur.Model) -> None:
    with pytest.raises(ConfigError, match="precision='int4' is not one of float32, bfloat16, int8"):
        measured(model, ROWS, precision="int4")
