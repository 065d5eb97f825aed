"""Tables with a time column as people have them: what is sorted, told apart, left out, refused and held out."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import data, modes
from recur.config import Config
from recur.data import InputQueries, RowExamples
from recur.data.times.order import OrderedTable
from recur.errors import ConfigError, DataError
from recur.training.check import check

HOURS = [datetime(2020, 1, 1) + timedelta(hours=hour) for hour in range(100)]
LOAD = [f"{at},{value}.5" for value, at in enumerate(HOURS)]
DAYS = [f"{datetime(2020, 1, 1) + timedelta(days=day):%Y-%m-%d}" for day in range(60)]


def config(**options: Any) -> Config:
    return Config.of(**{"bptt": 8, **options})


def file(folder: Path, header: str, lines: list[str], name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def loaded(path: Path, **options: Any) -> data.Dataset:
    return data.load(config(source=str(path), **options))


def parts_of(found: data.Dataset) -> tuple[RowExamples, RowExamples]:
    assert isinstance(found.train, RowExamples)
    assert isinstance(found.dev, RowExamples)
    return found.train, found.dev


def values(examples: Any) -> list[float]:
    """The first column of all rows of examples, each once, in the order in which they come."""
    found: dict[float, None] = {}
    for example in examples:
        for step in np.asarray(example.input, dtype=object).reshape(len(example.input), -1):
            found.setdefault(float(step[0]))
    return list(found)


def shuffled(lines: list[str]) -> list[str]:
    return random.Random(0).sample(lines, len(lines))


# a header, what a row begins with, and how the time is read
COLUMNS = {
    "any name": ("nr,messzeitpunkt,load", lambda i: f"{i},{HOURS[i]}", "messzeitpunkt (year first), every hour"),
    "year and quarter": ("Year,Quarter,gdp", lambda i: f"{2000 + i // 4},Q{i % 4 + 1}", "Year, Quarter, every quarter"),
    "number of a quarter": ("year,qtr,gdp", lambda i: f"{2000 + i // 4},{i % 4 + 1}", "year, qtr, every quarter"),
    "year and week": ("year,week,n", lambda i: f"{2015 + i // 52},{i % 52 + 1}", "year, week, every week"),
    "year and day": ("year,doy,n", lambda i: f"2020,{i + 1}", "year, doy, every day"),
    "short dates": (
        "Buchungstag;Betrag", lambda i: f"{datetime(2021, 1, 1) + timedelta(days=i):%d.%m.%y}", "(day first), every",
    ),
    "a spreadsheet": ("Date,load", lambda i: f"{44197 + i}", "Date (days of a spreadsheet), every day"),
    "a time at the end of its name": ("time_s,load", lambda i: f"{i * 0.02:.2f}", "time_s (counts), every 0.02"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "stamp", "said"), COLUMNS.values(), ids=COLUMNS)
def test_columns_of_time_are_found(header: str, stamp: Callable[[int], str], said: str, tmp_path: Path) -> None:
    sign = ";" if ";" in header else ","
    lines = [f"{stamp(i)}{sign}{i % 7}.5" for i in range(60)]
    assert said in loaded(file(tmp_path, header, lines[::-1])).notes[0]


ORDERS: dict[str, tuple[Callable[[list[str]], list[str]], str | None]] = {
    "oldest first": (list, None),
    "newest first": (
        lambda lines: lines[::-1],
        "sorted: the rows are newest first in the file, and are read oldest first",
    ),
    "shuffled": (shuffled, "out of order"),
    "a total below": (lambda lines: [*lines, "Total,10213.5"], 'left out: 1 row: table.csv:102: "Total" is not a time'),
    "a row twice": (
        lambda lines: [*lines, lines[50]],
        "duplicates: 1 row that equals another row in every column: left out",
    ),
}


@pytest.mark.parametrize(("change", "said"), ORDERS.values(), ids=ORDERS)
def test_a_series_is_read_oldest_first_and_its_end_is_held_out(
    change: Callable[[list[str]], list[str]], said: str | None, tmp_path: Path
) -> None:
    found = loaded(file(tmp_path, "date,load", change(LOAD)))
    assert values(found.train) == [value + 0.5 for value in range(90)]
    assert values(found.dev) == [value + 0.5 for value in range(90, 100)]
    assert found.held_out == "the last 10 % of the series, from 2020-01-04 18:00 on"
    assert found.notes[0] == "time: date (year first), every hour, from 2020-01-01 00:00 to 2020-01-05 03:00"
    assert said is None or any(said in note for note in found.notes)


@pytest.mark.parametrize("forecast", [None, "direct"])
def test_gaps_end_pieces_that_no_window_crosses(forecast: str | None, tmp_path: Path) -> None:
    path = file(tmp_path, "date,load", LOAD[:40] + LOAD[45:])
    found = loaded(path, forecast=forecast)
    assert found.notes[1] == (
        "gaps: 5 rows missing in 1 gap, the longest, of 5 rows, after 2020-01-02 15:00; "
        "read in 2 pieces (--fill fills gaps)"
    )
    for example in found.train:
        assert set(np.diff(values([example]))) == {1.0}


@pytest.mark.parametrize(("fill", "middle"), [("linear", 42.5), ("previous", 39.5), ("zero", 0.0)])
def test_gaps_are_filled_where_that_is_asked(fill: str, middle: float, tmp_path: Path) -> None:
    found = loaded(file(tmp_path, "date,load", LOAD[:40] + LOAD[45:]), fill=fill)
    table = found.train.table
    assert isinstance(table, OrderedTable)
    assert (len(table), float(table[42]["load"]), table.time(42)) == (100, middle, "2020-01-02 18:00")
    assert [index for index in range(100) if table.is_filled(index)] == [40, 41, 42, 43, 44]
    assert f"filled ({fill})" in found.notes[1]


def test_filled_rows_are_no_answers_of_a_forecast(tmp_path: Path) -> None:
    found = loaded(file(tmp_path, "date,load", LOAD[:40] + LOAD[45:]), fill="linear", forecast="direct")
    assert np.isnan(found.train.series.targets).sum() == 5


@pytest.mark.parametrize(("how", "value"), [("first", 50.5), ("last", 1.5), ("mean", 26.0)])
def test_one_time_with_two_values_is_refused_unless_one_is_chosen(how: str, value: float, tmp_path: Path) -> None:
    path = file(tmp_path, "date,load", [*LOAD, f"{HOURS[50]},1.5"])
    with pytest.raises(DataError, match=r"table.csv:52 and table.csv:102 have the same time, 2020-01-03 02:00"):
        loaded(path)
    table = loaded(path, duplicates=how).train.table
    assert float(table[50]["load"]) == value


REFUSED = {
    "no stamp": ("date,load", [*LOAD, "soon,1.0"], {}, 'table.csv:102, date: "soon" is not a time'),
    "ambiguous": (
        "date,load", [f"0{1 + i % 9}/0{1 + i // 9}/2020,{i}" for i in range(50)], {}, "day first.*or.*month first",
    ),
    "no such column": ("date,load", LOAD, {"time": ["when"]}, 'no column "when" for time'),
    "no times": (
        "date,load,name", [f"{line},word" for line in LOAD], {"time": ["name"]}, 'column "name" contains no times',
    ),
    "group of measurements": (
        "t,temp,x", [f"{i},{i / 7:.3f},{i % 3}" for i in range(50)], {"group": "temp"}, "decimal numbers",
    ),
    "group of single rows": (
        "a,b,x", [f"r{i},{i % 5},{i % 3}" for i in range(50)], {"group": "a"}, "50 different values in 50",
    ),
    "the hour that ends daylight saving": (
        "time,load", [f"2024-10-27 0{h}:00,{50 + i % 3}" for i, h in enumerate([0, 1, 2, 2, *range(3, 10)])], {},
        "have the same time, 2024-10-27 02:00.*one row for each time",
    ),
    "fill without a step": ("date,load", [LOAD[i * i] for i in range(10)], {"fill": "linear"}, "no regular step"),
    "hour of dates": ("date,load", [f"{day},1.5" for day in DAYS], {"time_features": ["hour"]}, "the same in all rows"),
    "group name missing": (
        "store,date,sales", [f"{s},{d},{i}.5" for s in "ab" for i, d in enumerate(DAYS)] + [f",{DAYS[0]},1"],
        {"group": "store"}, 'table.csv:122: "store".* is empty',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "lines", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_put_in_order_is_refused(
    header: str, lines: list[str], options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises((DataError, ConfigError), match=said):
        loaded(file(tmp_path, header, lines), **options)


STORES = ["north", "south", "east"]
PANELS = {
    "store,date": (
        "date,store,sales",
        [f"{d},{s},{100 * k + i}" for i, d in enumerate(DAYS) for k, s in enumerate(STORES)], "store",
    ),
    "long format": ("unique_id,ds,y", [f"T{k},{i},{100 * k + i}" for k in range(3) for i in range(60)], "unique_id"),
    "numbers as names": (
        "date,shop,sales", [f"{d},{k},{100 * k + i}" for i, d in enumerate(DAYS) for k in range(3)], "shop",
    ),
    "first row only": (
        "store,date,sales",
        [f"{'' if i else s},{d},{100 * k + i}" for k, s in enumerate(STORES) for i, d in enumerate(DAYS)], "store",
    ),
    "two columns": (
        "date,store,item,sales",
        [f"{d},{k % 2},{k // 2},{100 * k + i}" for i, d in enumerate(DAYS) for k in (0, 1, 2, 3)], "store,item",
    ),
    "years": (
        "country,year,gdp",
        [f"{c},{1950 + i},{100 * k + i}" for k, c in enumerate(("AT", "DE")) for i in range(60)], "country",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "order", [list, shuffled, lambda lines: lines[::-1]], ids=["as it is", "shuffled", "newest first"]
)
@pytest.mark.parametrize(("header", "lines", "group"), PANELS.values(), ids=PANELS)
def test_series_are_told_apart_and_the_end_of_each_is_held_out(
    header: str, lines: list[str], group: str, order: Callable[[list[str]], list[str]], tmp_path: Path
) -> None:
    if any(line.startswith(",") for line in lines):
        order = list
    found = loaded(file(tmp_path, header, order(lines)))
    assert found.roles.group == group
    for example in found.train:
        steps = values([example])
        assert len({int(step) // 100 for step in steps}) == 1
        assert set(np.diff(steps)) == {1.0}
    assert max(value % 100 for value in values(found.train)) == 53
    assert sorted(int(value) % 100 for value in values(found.dev)) == sorted([*range(54, 60)] * len(found.dev))
    assert found.held_out == f"the last 10 % of each of {len(found.dev)} series"


def test_a_year_that_is_in_no_order_is_a_feature(tmp_path: Path) -> None:
    draw = random.Random(0)
    lines = [f"{draw.randint(2000, 2020)},{draw.randint(1, 10**5)},{draw.randint(1, 10**4)}" for _ in range(200)]
    roles = loaded(file(tmp_path, "year,km,price", lines), target=["price"]).roles
    assert (roles.input, roles.time, roles.group) == (["year", "km"], None, None)


@pytest.mark.parametrize(
    ("header", "line", "options"),
    [
        ("date,a,b,load", "{at},{i}.5,{j}.25,{i}.75", {"target": ["load"]}),
        ("date,text,label", "{at},a text {i},{k}", {}),
    ],
)
def test_random_rows_of_a_timed_table_are_never_held_out(
    header: str, line: str, options: dict[str, Any], tmp_path: Path
) -> None:
    lines = [line.format(at=at, i=i, j=i * 7 % 11, k=["good", "bad"][i % 2]) for i, at in enumerate(HOURS)]
    found = loaded(file(tmp_path, header, shuffled(lines)), **options)
    border = "the last 10 % of the rows by time, from 2020-01-04 18:00 on"
    assert (len(found.train), len(found.dev), found.held_out) == (90, 10, border)
    times = [[part.table[int(row)]["date"] for row in part.rows] for part in parts_of(found)]
    assert max(times[0]) < min(times[1])


def test_rows_of_one_time_are_held_out_together(tmp_path: Path) -> None:
    lines = [f"{DAYS[i // 8]},{i}.5,{i % 7}.5,{i}.25" for i in range(100)]
    found = loaded(file(tmp_path, "date,a,b,load", lines), target=["load"], mode="one-to-one")
    times = [{part.table[int(row)]["date"] for row in part.rows} for part in parts_of(found)]
    assert not times[0] & times[1]


@pytest.mark.parametrize(("header", "asked", "ways"), [("date", None, 1), ("date", True, 2), ("height", None, 2)])
def test_steps_of_time_are_read_one_way_unless_told_otherwise(
    header: str, asked: bool | None, ways: int, tmp_path: Path
) -> None:
    lines = [f"{at if header == 'date' else i % 9},{i % 7}.5,{['up', 'down'][i % 2]}" for i, at in enumerate(HOURS)]
    settings = config(source=str(file(tmp_path, f"{header},x,label", lines)), bidirectional=asked, mode="synced")
    found = data.load(settings)
    codecs = data.fit_codecs(settings, found.roles, found.train, found.labelled)
    mode = modes.build("synced", *codecs, settings.model, one_way=found.roles.one_way)
    assert mode.stack.directions == ways
    assert check(settings).direction == {1: "forwards only", 2: "in both directions"}[ways]


def test_a_later_file_is_read_as_the_training_data_was(tmp_path: Path) -> None:
    days = [f"{datetime(2020, 1, 1) + timedelta(days=day):%d/%m/%Y},{day}.5" for day in range(60)]
    settings = config(source=str(file(tmp_path, "date,load", days)), forecast="direct", horizon=2)
    roles = data.load(settings).roles
    # of these days alone nothing would say which number is the month
    later = file(tmp_path, "date,load", ["03/04/2020,3.5", "02/04/2020,2.5", "01/04/2020,1.5"], "later.csv")
    [question] = InputQueries(later, roles, settings)
    assert np.asarray(question.value)[:, 0].tolist() == [1.5, 2.5, 3.5]
    assert [question.stamps[step] for step in range(2)] == ["2020-04-04", "2020-04-05"]
    with pytest.raises(DataError, match='no column "date", which orders the rows'):
        InputQueries(file(tmp_path, "load", ["1", "2"], "bare.csv"), roles, settings)


def test_each_series_is_continued_from_its_end_with_its_name_and_times(tmp_path: Path) -> None:
    header, lines, _ = PANELS["store,date"]
    settings = config(source=str(file(tmp_path, header, lines)), forecast="direct", horizon=2)
    roles = data.load(settings).roles
    asked = list(InputQueries(file(tmp_path, header, lines[::-1], "later.csv"), roles, settings))
    assert sorted(question.series for question in asked) == sorted(STORES)
    assert {question.stamps[0] for question in asked} == {"2020-03-01"}


def test_rows_without_an_order_are_predicted_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = [f"{at},a text {i},{['good', 'bad'][i % 2]}" for i, at in enumerate(HOURS)]
    path = file(tmp_path, "date,text,label", lines[::-1])
    settings = config(source=str(path))
    asked = InputQueries(path, data.load(settings).roles, settings)
    assert [question.value for question in asked][:2] == ["a text 99", "a text 98"]


def test_what_is_done_to_the_rows_of_a_later_file_is_reported(tmp_path: Path) -> None:
    settings = config(source=str(file(tmp_path, "date,load", LOAD)))
    roles = data.load(settings).roles
    later = file(tmp_path, "date,load", [*LOAD[:20][::-1], "Total,1.5"], "later.csv")
    assert InputQueries(later, roles, settings).notes == [
        "sorted: the rows are newest first in the file, and are read oldest first",
        'left out: 1 row: later.csv:22: "Total" is not a time',
    ]
    assert InputQueries(file(tmp_path, "date,load", LOAD[:20], "again.csv"), roles, settings).notes == []
