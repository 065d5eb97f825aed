"""Columns of time stamps: one format, judged by all cells."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from recur.config import Config, DataConfig
from recur.data.readers.memory import read_memory
from recur.data.stamps import cell, formats, frequency, instants
from recur.data.stamps.frequency import frequency_of
from recur.data.stamps.parts import UNREADABLE
from recur.data.times import timeline
from recur.errors import DataError

# cells -> format, and the stamps as they are shown
READ = {
    "dates": (["2020-01-31", "2020-02-01"], "year first", ["2020-01-31", "2020-02-01"]),
    "clocks": (["2020-01-31 13:00", "2020-02-01"], "year first", ["2020-01-31 13:00", "2020-02-01 00:00"]),
    "slashes": (["2020/1/31", "2020/2/1"], "year first", ["2020-01-31", "2020-02-01"]),
    "day first": (["01/02/2020", "13/02/2020"], "day first", ["2020-02-01", "2020-02-13"]),
    "month first": (["01/02/2020", "02/13/2020"], "month first", ["2020-01-02", "2020-02-13"]),
    "two digits": (["01/02/20", "31/12/99"], "day first", ["2020-02-01", "1999-12-31"]),
    "points": (["01.02.2020 06:30", "02.02.2020"], "day first", ["2020-02-01 06:30", "2020-02-02 00:00"]),
    "names": (["1 Feb 2020", "Mar 2, 2020"], "month names", ["2020-02-01", "2020-03-02"]),
    "German names": (["3. März 2020", "4. Okt 2020"], "month names", ["2020-03-03", "2020-10-04"]),
    "half days": (
        ["01/13/2020 1:05 PM", "01/13/2020 12:00 am"],
        "month first",
        ["2020-01-13 13:05", "2020-01-13 00:00"],
    ),
    "months": (["1949-01", "1949-12"], "year and month", ["1949-01", "1949-12"]),
    "months by name": (["Jan-60", "Feb-60"], "month names", ["1960-01", "1960-02"]),
    "quarters": (["2020Q1", "2020-Q4"], "quarters", ["2020-Q1", "2020-Q4"]),
    "years": (["1990", "1991"], "year", ["1990", "1991"]),
    "compact": (["20200131", "20200201"], "%Y%m%d", ["2020-01-31", "2020-02-01"]),
    "compact hours": (["2020013123", "2020020100"], "%Y%m%d%H", ["2020-01-31 23:00", "2020-02-01 00:00"]),
    "seconds": (["1577836800", "1577836860"], "seconds", ["2020-01-01 00:00", "2020-01-01 00:01"]),
    "milliseconds": (["1577836800500"], "milliseconds", ["2020-01-01 00:00:00.500000"]),
    "counter": (["1", "2", "10"], "counter", ["1", "2", "10"]),
    "seconds of a recording": (["0.0", "0.5"], "counter", ["0", "0.5"]),
    "log": (["10/Oct/2020:13:55:36 +0200"], "month names", ["2020-10-10 13:55:36"]),
    "Italian months": (["dic 2015", "gen 2016"], "month names", ["2015-12", "2016-01"]),
    "Dutch months": (["mrt-15", "mei-15"], "month names", ["2015-03", "2015-05"]),
    "Polish names": (["3 lutego 2020", "4 października 2020"], "month names", ["2020-02-03", "2020-10-04"]),
    "Russian names": (["3 мая 2020", "4 июня 2020"], "month names", ["2020-05-03", "2020-06-04"]),
    "Chinese days": (["2021年01月02日", "2021年1月3日"], "year first", ["2021-01-02", "2021-01-03"]),
    "Chinese months": (["2021年1月", "2021年12月"], "year and month", ["2021-01", "2021-12"]),
    "short days with points": (["01.01.21", "02.01.21"], "day first", ["2021-01-01", "2021-01-02"]),
    "clocks with points": (["10.10.10", "17.00.00"], "clock", ["1970-01-01 10:10:10", "1970-01-01 17:00"]),
    "months with points": (["2015.09", "2015.1", "2015.11"], "year.month", ["2015-09", "2015-10", "2015-11"]),
    "seasons": (["2011/12", "2012/13"], "seasons", ["2011", "2012"]),
    "days of a spreadsheet": (["44197", "44198.5"], "days of a spreadsheet", ["2021-01-01 00:00", "2021-01-02 12:00"]),
    "American zones": (["2021-01-01 12:00 EST"], "year first", ["2021-01-01 12:00"]),
    "end of a day": (["31.01.2020 24:00"], "day first", ["2020-02-01 00:00"]),
}


@pytest.mark.parametrize(("cells", "form", "shown"), READ.values(), ids=READ)
def test_a_column_is_read_in_the_format_of_all_of_its_cells(cells: list[str], form: str, shown: list[str]) -> None:
    judged = formats.infer_format(cells, "date")
    assert judged is not None
    assert judged.format == form
    assert [instants.shown(int(wall), judged.resolution) for wall in instants.read(cells, judged).wall] == shown


REFUSED = {
    "days or months": (["01/01/2020", "01/02/2020"], r"2020-02-01 \(day first\) or 2020-01-02 \(month first\)"),
    "days and months": (["13/01/2020", "01/13/2020"], 'mixes days before months .* "13/01/2020" and "01/13/2020"'),
    "three readings": (["01-02-03"], r"2003-02-01 .* or 2003-01-02 .* or 2001-02-03 \(year first\)"),
    "zone or none": (["2020-01-01T00:00Z", "2020-01-01T01:00"], "stamps with a zone and stamps without one"),
}


@pytest.mark.parametrize(("cells", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_ambiguous_is_refused_with_its_readings(cells: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        formats.infer_format(cells, "date")


@pytest.mark.parametrize(("asked", "stamp"), [("day first", "2020-02-01"), ("month first", "2020-01-02")])
def test_a_format_that_is_asked_for_decides(asked: str, stamp: str) -> None:
    judged = formats.infer_format(["01/02/2020"], "date", requested=asked)
    assert judged is not None
    assert instants.shown(int(instants.read(["01/02/2020"], judged).wall[0]), judged.resolution) == stamp


@pytest.mark.parametrize("cell", ["Jan 15", "Jan 01 10:00:00", "01.02.", "Monday", "2020-01 13:00"])
def test_a_day_without_a_year_is_no_stamp(cell: str) -> None:
    assert formats.infer_format([cell, cell], "date") is None


def test_texts_and_totals_are_no_stamps() -> None:
    assert formats.infer_format(["Total", "north", "2020-01-01"], "date") is None
    judged = formats.infer_format(["2020-01-01", "2020-01-02", "Total", ""], "date")
    assert judged is not None
    assert (instants.read(["Total", "", "2020-13-01"], judged).at == UNREADABLE).all()


def test_zones_are_put_in_order_in_utc_and_shown_as_written() -> None:
    cells = ["2020-10-25T02:30:00+02:00", "2020-10-25T02:00:00+01:00"]
    judged = formats.infer_format(cells, "date")
    assert judged is not None
    assert judged.zone
    found = instants.read(cells, judged)
    assert (found.at[1] - found.at[0]) / 60e6 == 30
    assert (found.wall[1] - found.wall[0]) / 60e6 == -30


def walls(cells: list[str]) -> tuple[np.ndarray, bool, str]:
    judged = formats.infer_format(cells, "date")
    assert judged is not None
    return instants.read(cells, judged).wall, judged.resolution == "number", judged.resolution


STEPS = {
    "months": ([f"1949-{month:02d}" for month in range(1, 13)], "every month", ["1950-01", "1950-02"]),
    "ends of months": (["2020-01-31", "2020-02-29", "2020-03-31"], "every month", ["2020-04-30", "2020-05-31"]),
    "years": (["1990", "1991", "1992"], "every year", ["1993", "1994"]),
    "minutes": ([f"2020-01-01 00:{m:02d}" for m in range(0, 60, 10)], "every 10 minutes", ["2020-01-01 01:00"]),
    "weekdays": ([f"2020-01-{d:02d}" for d in (2, 3, 6, 7, 8, 9, 10)], "every weekday", ["2020-01-13"]),
    "late clocks": ([f"2020-01-01 0{h}:00:0{h % 3}" for h in range(9)], "every", []),
    "nothing regular": (["2020-01-01", "2020-01-05", "2020-02-11", "2020-02-13"], "no regular step", []),
    "a counter": (["1", "2", "3"], "every 1", ["4", "5"]),
}


@pytest.mark.parametrize(("cells", "said", "ahead"), STEPS.values(), ids=STEPS)
def test_the_step_of_a_series_and_what_follows_it(cells: list[str], said: str, ahead: list[str]) -> None:
    wall, counted, resolution = walls(cells)
    found = frequency_of([wall], counted=counted)
    assert str(found).startswith(said)
    assert [instants.shown(each, resolution) for each in found.ahead(int(wall[-1]), len(ahead))] == ahead


def test_missing_rows_are_steps_without_a_row() -> None:
    wall, counted, _ = walls([f"2020-01-{day:02d}" for day in (1, 2, 3, 6, 7)])
    assert frequency_of([wall], counted=counted).places(wall).tolist() == [0, 1, 2, 5, 6]


def test_examples_of_docstrings() -> None:
    assert sum(doctest.testmod(module).failed for module in (formats, cell, frequency)) == 0


def test_a_column_that_is_to_be_predicted_is_no_time() -> None:
    rows = [{"words": f"March {day} , 1998", "digits": f"1998-03-{day:02d}"} for day in range(1, 29)]
    table = read_memory(rows)
    assert timeline.find(table, Config.of(input=["words"], target=["digits"]).data) is None
    assert timeline.find(
        read_memory([{"x": day, "digits": row["digits"]} for day, row in enumerate(rows)]), DataConfig()
    )
