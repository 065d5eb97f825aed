"""The time of a table's rows as it was read."""

from __future__ import annotations

import numpy as np
import pytest

from recur.data.stamps.cell import DAY, HOUR
from recur.data.stamps.frequency import Frequency
from recur.data.stamps.parts import Stamps
from recur.data.stamps.timing import Timeline, Timing


@pytest.mark.parametrize(
    ("columns", "formats", "said"),
    [
        (["ds"], ["ymd"], "ds (ymd)"), (["t"], ["counter"], "t (counts)"),
        (["t"], ["seconds"], "t (seconds since 1970)"),
        (["date", "hour"], ["ymd", "hour"], "date (ymd), hour"), (["year", "month"], ["year", "month"], "year, month"),
    ],
)  # fmt: skip
def test_columns_and_formats_are_said_in_words(columns: list[str], formats: list[str], said: str) -> None:
    assert str(Timing(columns, formats, "day")) == said


@pytest.mark.parametrize(
    ("resolution", "counted"), [("number", True), ("clock", True), ("day", False), ("time", False)]
)
def test_a_counter_and_a_clock_are_no_times(resolution: str, counted: bool) -> None:
    assert Timing(["t"], ["x"], resolution).counted is counted


@pytest.mark.parametrize(
    ("resolution", "zone", "shown"),
    [
        ("day", False, "2020-01-01"),
        ("time", False, "2020-01-01 02:00"),
        ("year", False, "2020"),
        ("month", False, "2020-01"),
    ],
)
def test_a_stamp_is_shown_as_exactly_as_it_was_written(resolution: str, zone: bool, shown: str) -> None:
    wall = int(np.datetime64("2020-01-01T02:00", "us").astype(np.int64))
    assert Timing(["ds"], ["ymd"], resolution, zone).show(wall, wall).replace("T", " ").startswith(shown)


def test_the_zone_of_a_stamp_is_shown() -> None:
    wall = int(np.datetime64("2020-01-01T02:00", "us").astype(np.int64))
    assert Timing(["ds"], ["ymd"], "time", True).show(wall, wall - 2 * HOUR).endswith("+02:00")


@pytest.mark.parametrize(
    ("formats", "resolution", "sure"),
    [(["ymd"], "day", True), (["year"], "year", False), (["counter"], "number", False)],
)
def test_a_year_and_a_counter_may_be_values(formats: list[str], resolution: str, sure: bool) -> None:
    made = Timeline(Timing(["t"], formats, resolution), Stamps(np.zeros(1), np.zeros(1)), np.arange(1))
    assert made.sure is sure


def test_a_frequency_is_kept_with_the_timing() -> None:
    made = Timeline(Timing(["t"], ["ymd"], "day"), Stamps(np.zeros(1), np.zeros(1)), np.arange(1))
    assert made.with_frequency(Frequency("time", DAY)).timing.frequency == Frequency("time", DAY)
    assert made.timing.frequency == Frequency()
