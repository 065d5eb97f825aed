"""The interval between the rows of a series: a fixed time step, months, weekdays, or irregular."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from recur.data.stamps.cell import DAY, HOUR, SECOND
from recur.data.stamps.instants import moment

MOST_OF_THEM = 0.95  # of the distances are whole numbers of steps, where there is a step
COMMON = 0.5  # of the distances are one step
NEAR = 0.1  # of a step: clocks that are a little late
HOLIDAYS = 5  # weekdays in a row without a row, in a series that has no weekends
_EPOCH = datetime(1970, 1, 1)
_NAMES = {
    7 * DAY: "week", DAY: "day", HOUR: "hour", 60 * SECOND: "minute", SECOND: "second", SECOND // 1000: "millisecond",
}  # fmt: skip


@dataclass(frozen=True)
class Frequency:
    """The step of a series.

    Attributes
    ----------
    unit : str
        ``time`` (step in microseconds), ``months``, ``weekdays``, ``count`` (step in millionths), or ``none``.
    step : int
    """

    unit: str = "none"
    step: int = 0

    def __str__(self) -> str:
        if self.unit == "none":
            return "no regular step"
        if self.unit == "months":
            known = {1: "month", 3: "quarter", 12: "year"}
            return f"every {known[self.step]}" if self.step in known else f"every {self.step} months"
        if self.unit == "weekdays":
            return "every weekday"
        if self.unit == "count":
            return f"every {self.step / SECOND:g}"
        for size, name in _NAMES.items():
            if self.step % size == 0:
                count = self.step // size
                return f"every {name}" if count == 1 else f"every {count} {name}s"
        return f"every {self.step} microseconds"

    def places(self, at: np.ndarray) -> np.ndarray:
        """Return the step of each stamp of one sorted series, from 0; 0, 1, 2, ... where no step is regular."""
        if self.unit == "none" or not len(at):
            return np.arange(len(at))
        if self.unit in ("months", "weekdays"):
            numbers = _months(at) // self.step if self.unit == "months" else _weekdays(at)
            first: np.ndarray = numbers - numbers[0]
            return first
        # late clocks add up over a long series: distances are rounded one by one
        return np.concatenate([[0], np.cumsum(np.rint(np.diff(at) / self.step).astype(np.int64))])

    def ahead(self, at: int, count: int) -> list[int]:
        """Return the ``count`` stamps that follow one; nothing where no step is regular."""
        if self.unit == "none":
            return []
        if self.unit == "months":
            return [_add_months(at, self.step * (each + 1)) for each in range(count)]
        if self.unit == "weekdays":
            days = [at // DAY + each for each in range(1, 2 * count + 8)]
            return [at + (day - at // DAY) * DAY for day in days if (day + 3) % 7 < 5][:count]
        return [at + self.step * (each + 1) for each in range(count)]

    @property
    def least_gap(self) -> int:
        """Steps between two rows from which on rows are missing."""
        return HOLIDAYS + 2 if self.unit == "weekdays" else 2


def frequency_of(series: Sequence[np.ndarray], *, counted: bool = False) -> Frequency:
    """Return the step of series whose stamps are sorted.

    Parameters
    ----------
    series : sequence of ndarray
        Stamps of each, in microseconds on the clock; equal stamps count once.
    counted : bool
        Whether they are a counter and no times.

    >>> str(frequency_of([np.arange(5) * 3_600_000_000]))
    'every hour'
    """
    distances = np.concatenate([np.diff(np.unique(at)) for at in series] or [np.zeros(0, np.int64)])
    if not len(distances):
        return Frequency()
    if not counted:
        calendar = _calendar(series, distances)
        if calendar is not None:
            return calendar
    step, often = Counter(distances.tolist()).most_common(1)[0]
    if often < COMMON * len(distances):
        # clocks that are late give every distance once: the one in the middle is near the step
        step = int(np.median(distances))
    ratio = distances / step
    whole = np.abs(ratio - np.rint(ratio)) <= NEAR
    if whole.mean() < MOST_OF_THEM or (np.rint(ratio) == 1).mean() < COMMON or (np.rint(ratio) == 0).any():
        return Frequency()
    return Frequency("count" if counted else "time", int(step))


def _calendar(series: Sequence[np.ndarray], distances: np.ndarray) -> Frequency | None:
    """Return months or weekdays, where the rows follow the calendar and no fixed step."""
    middle = np.median(distances)
    if 27 * DAY <= middle <= 370 * DAY:
        steps = np.concatenate([np.diff(np.unique(_months(at))) for at in series])
        whole = sum(len(np.unique(at)) for at in series) == sum(len(np.unique(_months(at))) for at in series)
        step, often = Counter(steps.tolist()).most_common(1)[0] if len(steps) else (0, 0)
        if whole and step and often >= COMMON * len(steps) and not (steps % step).any() and _same_day(series):
            return Frequency("months", int(step))
    if not (distances % DAY).any() and Counter(distances.tolist()).most_common(1)[0][0] == DAY:
        week = np.concatenate([(at // DAY + 3) % 7 for at in series])
        if len(week) > 5 and (week < 5).all() and (distances == 3 * DAY).any():
            return Frequency("weekdays", 1)
    return None


def _same_day(series: Sequence[np.ndarray]) -> bool:
    """Whether all stamps are of one day of the month, or of its last days, or of no more than a few of them."""
    days = {moment(int(at)).day for each in series for at in each}
    return len(days) == 1 or min(days) >= 28 or max(days) <= 3


def _months(at: np.ndarray) -> np.ndarray:
    return at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def _weekdays(at: np.ndarray) -> np.ndarray:
    days = at // DAY
    return np.asarray(np.busday_count("1970-01-01", days.astype("datetime64[D]")), dtype=np.int64)


def _add_months(at: int, count: int) -> int:
    time = moment(at)
    month = time.year * 12 + time.month - 1 + count
    year, month = divmod(month, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    ends = (time + timedelta(days=1)).month != time.month
    later = time.replace(year=year, month=month + 1, day=last if ends else min(time.day, last))
    return (later - _EPOCH) // timedelta(microseconds=1)
