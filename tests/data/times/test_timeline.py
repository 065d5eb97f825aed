"""The time of a table's rows: which columns say it, and which rows have none."""

from __future__ import annotations

from typing import Any

import pytest

from recur.config import Config
from recur.data import read
from recur.data.times.timeline import is_part_of_time
from recur.errors import ConfigError
from tests.data.reading import refused
from tests.data.timed import days, table

CLOCKS = ["00:00", "06:00", "12:00", "18:00"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"ds": days(1, 2, 3)}, "ds (year first)"), ({"when": days(1, 2, 3)}, "when (year first)"),
        ({"year": [2018, 2019, 2020], "month": [1, 2, 3]}, "year, month"),
        ({"date": days(1, 1, 1), "hour": [0, 6, 12]}, "date (year first), hour"),
        ({"date": days(1, 1, 1), "time": CLOCKS[:3]}, "date (year first), time"), ({"t": [1, 2, 3]}, "t (counts)"),
        ({"year": [2020, 2020, 2021], "quarter": ["Q1", "Q2", "Q1"]}, "year, quarter"),
        ({"date": ["13.01.2020", "14.01.2020", "15.01.2020"]}, "date (day first)"),
    ],
)  # fmt: skip
def test_the_time_is_found_by_its_name_or_by_its_cells(columns: dict[str, list[Any]], said: str) -> None:
    made = table(columns | {"load": [1.5, 2.5, 3.5]})
    assert made.timeline is not None
    assert str(made.timeline.timing) == said
    assert made.timeline.rows.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({"load": [1.5, 2.5]}, {}),
        ({"birth_date": days(1, 2)}, {}),
        ({"ds": days(1, 2)}, {"time": ["none"]}),
        ({"ds": days(1, 2)}, {"target": ["ds"]}),
    ],
)
def test_a_table_may_have_no_time(columns: dict[str, list[Any]], options: dict[str, Any]) -> None:
    assert table(columns | {"text": ["a b", "c d"]}, **options).timeline is None


def test_a_column_that_is_named_is_there_and_holds_times() -> None:
    with pytest.raises(ConfigError, match='has no column "dz" for time. Known: ds, load'):
        table({"ds": days(1, 2), "load": [1.5, 2.5]}, time=["dz"])
    with pytest.raises(ConfigError, match='column "text" contains no times; it begins with "a b"'):
        table({"text": ["a b", "c d"], "load": [1.5, 2.5]}, time=["text"])


@pytest.mark.parametrize(
    ("last", "said"),
    [("", "there is no time"), ("Total", '"Total" is not a time'), ("Summe 2020", '"Summe 2020" is not a time')],
)
def test_what_a_spreadsheet_writes_below_a_table_is_left_out(last: str, said: str) -> None:
    made = table({"ds": [*days(1, 2, 3), last], "shop": ["a", "a", "a", "Total"], "load": [1.5, 2.5, 3.5, 7.5]})
    assert made.timeline is not None
    assert made.timeline.rows.tolist() == [0, 1, 2]
    assert made.timeline.left_out == [f"the data given, row 4: {said}"]


def test_a_row_without_a_time_is_refused_unless_such_rows_are_left_out() -> None:
    columns = {"ds": [*days(1, 2, 3), "soon"], "load": [1.5, 2.5, 3.5, 4.5]}
    error = refused(lambda: table(columns))
    assert error.message.startswith('the data given, row 4, ds: "soon" is not a time; the other rows are read as ds')
    assert "--damaged skip" in str(error.hint)
    made = table(columns, damaged="skip")
    assert made.timeline is not None
    assert made.timeline.rows.tolist() == [0, 1, 2]


def test_a_later_file_is_read_as_the_training_data_was() -> None:
    first = table({"when": ["13.01.2020", "14.01.2020"], "load": [1.5, 2.5]})
    assert first.timeline is not None
    later = read({"when": ["01.02.2020"], "load": [1.5]}, Config().data, timing=first.timeline.timing)
    assert later.timeline is not None
    assert (
        later.timeline.timing.show(int(later.timeline.stamps.wall[0]), int(later.timeline.stamps.at[0])) == "2020-02-01"
    )
    error = refused(lambda: read({"whn": ["01.02.2020"], "load": [1.5]}, Config().data, timing=first.timeline.timing))
    assert 'no column "when", which orders the rows of the training data. Did you mean "whn"' in error.message


@pytest.mark.parametrize(
    ("name", "texts", "part"),
    [("hr", ["0", "23"], True), ("hr", ["61", "72"], False), ("month", ["Jan"], True), ("t", ["61"], True)],
)
def test_cells_may_be_what_the_name_of_their_column_says(name: str, texts: list[str], part: bool) -> None:
    assert is_part_of_time(name, texts) is part
