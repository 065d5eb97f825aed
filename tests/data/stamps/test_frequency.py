"""How far apart the rows of a series are, and what follows them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.stamps.cell import DAY, HOUR, SECOND
from recur.data.stamps.frequency import Frequency, frequency_of


def stamps(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[us]").astype(np.int64)


def regular(first: str, step: int, count: int = 8) -> np.ndarray:
    return stamps(first)[0] + step * np.arange(count)


MONTHS = stamps(*(f"2020-{month:02}-01" for month in range(1, 13)))
ENDS = stamps("2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30", "2020-05-31")
WEEKDAYS = stamps(
    "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"
)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (regular("2020-01-01", HOUR), "every hour"), (regular("2020-01-01", 3 * HOUR), "every 3 hours"),
        (regular("2020-01-01", DAY), "every day"), (regular("2020-01-01", 7 * DAY), "every week"),
        (regular("2020-01-01", 15 * 60 * SECOND), "every 15 minutes"),
        (regular("2020-01-01", 250_000), "every 250 milliseconds"),
        (regular("2020-01-01", 7), "every 7 microseconds"), (MONTHS, "every month"), (MONTHS[::3], "every quarter"),
        (ENDS, "every month"),
        (MONTHS[::2], "every 2 months"), (stamps("2018-01-01", "2019-01-01", "2020-01-01", "2021-01-01"), "every year"),
        (WEEKDAYS, "every weekday"), (regular("2020-01-01", HOUR) + np.array([0, 9, 0, 5, 0, 8, 0, 3]) * SECOND, None),
        (stamps("2020-01-01", "2020-01-02", "2020-01-05", "2020-01-11", "2020-02-01"), "no regular step"),
        (stamps("2020-01-01"), "no regular step"),
    ],
)  # fmt: skip
def test_the_step_is_that_of_most_rows(at: np.ndarray, said: str | None) -> None:
    found = frequency_of([at])
    assert str(found) == said if said else found.unit == "time" and abs(found.step - HOUR) < 10 * SECOND


def test_a_row_that_is_missing_changes_no_step_and_equal_stamps_count_once() -> None:
    at = np.delete(regular("2020-01-01", HOUR, 30), [7, 8])
    assert frequency_of([np.sort(np.concatenate([at, at]))]) == Frequency("time", HOUR)
    assert frequency_of([at[:5], at[10:15] + 7]) == Frequency("time", HOUR)
    assert frequency_of([]) == Frequency()


def test_a_counter_has_a_step_without_a_unit() -> None:
    assert str(frequency_of([np.arange(5) * 2 * SECOND], counted=True)) == "every 2"
    assert str(frequency_of([np.arange(5) * SECOND // 2], counted=True)) == "every 0.5"


@pytest.mark.parametrize(
    ("step", "at", "places"),
    [
        (Frequency("time", HOUR), regular("2020-01-01", HOUR)[[0, 1, 4]], [0, 1, 4]),
        (Frequency("months", 1), MONTHS[[0, 2, 3]], [0, 2, 3]),
        (Frequency("months", 3), MONTHS[[0, 3, 9]], [0, 1, 3]),
        (Frequency("weekdays", 1), WEEKDAYS[[0, 4, 5]], [0, 4, 5]),
        (Frequency(), stamps("2020-01-01", "2021-01-01"), [0, 1]), (Frequency("time", HOUR), np.zeros(0, np.int64), []),
        (Frequency("time", HOUR), np.array([0, HOUR + 60 * SECOND, 2 * HOUR + 90 * SECOND]), [0, 1, 2]),
    ],
)  # fmt: skip
def test_each_stamp_has_its_step(step: Frequency, at: np.ndarray, places: list[int]) -> None:
    assert step.places(at).tolist() == places


@pytest.mark.parametrize(
    ("step", "after", "following"),
    [
        (Frequency("time", DAY), "2020-02-28", ["2020-02-29", "2020-03-01"]),
        (Frequency("months", 1), "2020-01-31", ["2020-02-29", "2020-03-31"]),
        (Frequency("months", 12), "2020-02-29", ["2021-02-28", "2022-02-28"]),
        (Frequency("months", 3), "2020-11-15", ["2021-02-15", "2021-05-15"]),
        (Frequency("weekdays", 1), "2024-01-05", ["2024-01-08", "2024-01-09"]), (Frequency(), "2020-01-01", []),
        (Frequency("months", 1), "2020-02-29", ["2020-03-31", "2020-04-30"]),
    ],
)  # fmt: skip
def test_the_calendar_goes_on(step: Frequency, after: str, following: list[str]) -> None:
    assert step.ahead(int(stamps(after)[0]), 2) == stamps(*following).tolist()


@given(st.sampled_from([Frequency("time", HOUR), Frequency("months", 1), Frequency("weekdays", 1)]), st.integers(1, 40))
def test_what_follows_is_a_step_apart(step: Frequency, count: int) -> None:
    first = int(stamps("2024-01-03")[0])
    assert step.places(np.array([first, *step.ahead(first, count)])).tolist() == list(range(count + 1))


def test_holidays_are_no_gaps() -> None:
    assert (Frequency("weekdays", 1).least_gap, Frequency("time", HOUR).least_gap) == (7, 2)
