"""Columns made of time stamps."""

from __future__ import annotations

import doctest
import math

import pytest

from recur import data
from recur.config import Config
from recur.data.times import calendar
from recur.errors import DataError


def read(times: list[str], features: list[str], name: str = "date") -> data.Table:
    rows = [{name: time, "load": index} for index, time in enumerate(times)]
    return data.read(rows, Config.of(**{"time_features": features}).data)


def angle(row: dict[str, float], feature: str) -> float:
    """The share of a cycle."""
    return math.atan2(row[f"{feature} sin"], row[f"{feature} cos"]) / (2 * math.pi) % 1


def test_times_become_places_in_their_cycles() -> None:
    table = read(["2016-07-01 18:00:00", "2016-07-04T00:30:00"], ["hour", "weekday", "month", "yearday"])
    assert table.columns[:4] == ["date", "load", "hour sin", "hour cos"]
    assert angle(table[0], "hour") == pytest.approx(0.75)
    assert angle(table[1], "hour") == pytest.approx(0.5 / 24)
    assert angle(table[0], "weekday") == pytest.approx(4 / 7)
    assert angle(table[1], "weekday") == pytest.approx(0.0)
    assert angle(table[0], "month") == pytest.approx(0.5)
    assert angle(table[0], "yearday") == pytest.approx(182 / 365.25)


@pytest.mark.parametrize("text", ["1949-02", "01.02.1949", "1949/02/01", "1949/02/01 13:30", "1949-02-01"])
def test_usual_forms_of_times_are_read(text: str) -> None:
    assert angle(read([text, text], ["month"])[0], "month") == pytest.approx(1 / 12)


def test_what_is_no_time_is_named_with_its_row() -> None:
    with pytest.raises(DataError, match='row 2, date: "noon" is not a time'):
        read(["2016-07-01", "noon", "2016-07-03"], ["weekday"])


@pytest.mark.parametrize(
    ("stamp", "feature"), [("2016-07-01", "hour"), ("2016-07", "weekday"), ("2016-W03", "weekday"), ("2016", "month")]
)
def test_a_feature_shorter_than_the_stamps_is_refused(stamp: str, feature: str) -> None:
    with pytest.raises(DataError, match=f"so {feature} would be the same in all rows"):
        read([stamp] * 2, [feature])


def test_the_hour_of_another_column_belongs_to_the_date() -> None:
    rows = [{"date": "2016-07-01", "hour": hour, "load": 1.0} for hour in range(24)]
    table = data.read(rows, Config.of(**{"time_features": ["hour"]}).data)
    assert [angle(row, "hour") for row in table] == pytest.approx([hour / 24 for hour in range(24)])


def test_a_feature_that_is_the_same_in_all_rows_is_refused() -> None:
    table = read(["2016-07-01 06:00", "2016-07-02 06:00"], ["hour"])
    with pytest.raises(DataError, match="hour is the same in all 2 rows"):
        calendar.refuse_constant(table, ["hour"])
    with pytest.raises(DataError, match="no time column"):
        read(["Vienna"], ["hour"], name="place")


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(calendar).failed == 0
