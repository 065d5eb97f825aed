"""Cells that are nearly numbers or times are never read as words; open roles are refused with each way on."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import pytest

from recur.config import Config
from recur.data import infer, read
from recur.data.columns import quantities
from recur.errors import ConfigError, DataError
from tests.data.reading import written

DAYS = [f"2021-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in range(60)]

# a cell of row i
NEARLY = {
    "a unit": lambda i: f"{10 + i % 30} °C",
    "a unit with a stroke": lambda i: f"{i}.5 km/h",
    "a bound": lambda i: "<0.5" if i % 9 == 0 else f"1.{i}",
    "thousands by a letter": lambda i: f"{i}.{i % 10}K",
    "about": lambda i: f"~{i}",
    "two numbers": lambda i: f"{120 + i}/{80 + i}",
    "hexadecimal": lambda i: f"0x{16 * i:02X}",
    "a duration": lambda i: f"{i % 3}:{i % 60:02d}:{7 * i % 60:02d}",
    "hours and minutes": lambda i: f"{i % 5}h {i % 60}min",
    "a space within": lambda i: f"{i} ,5",
}


def roles_of(folder: Path, text: str, **data: Any) -> Any:
    path = written(folder / "a.csv", text)
    config = Config.of(source=str(path), **data)
    return infer(read(path, config.data), config)


def table(header: str, line: Any, count: int = 60) -> str:
    return header + "\n" + "".join(line(i) + "\n" for i in range(count))


@pytest.mark.parametrize("cell", NEARLY.values(), ids=NEARLY)
def test_what_is_nearly_a_number_is_refused_or_left_out_and_reported(cell: Any, tmp_path: Path) -> None:
    alone = table("date;x", lambda i: f"{DAYS[i]};{cell(i)}")
    for data in ({}, {"input": ["x"]}):
        with pytest.raises(ConfigError, match='column "x" has .*, such as ".*"; expected numbers alone'):
            roles_of(tmp_path, alone, **data)
    assert roles_of(tmp_path, alone, input=["x"], input_codec="characters").input == ["x"]
    beside = roles_of(tmp_path, table("x;b;label", lambda i: f"{cell(i)};{i % 7}.5;{'ab'[i % 2]}"))
    assert (beside.input, beside.target) == (["b"], ["label"])
    assert "such as" in beside.left_out["x"]


@pytest.mark.parametrize("word", ["km", "1 a 2", "Main Street 5", "12 Main Street", "v1.2.3", "10.0.0.1"])
def test_texts_with_numbers_in_them_stay_texts(word: str) -> None:
    assert quantities.what([f"{word}"] * 20) is None


def test_numbers_in_two_styles_are_a_column_of_numbers_with_a_slip(tmp_path: Path) -> None:
    text = table("day;x", lambda i: f"{i};{['1,200.50', '980', '1.500,25', '2,300', '75.25'][i % 5]}")
    roles = roles_of(tmp_path, text)
    assert roles.input_codec == "numbers"
    from recur.training.check import check

    with pytest.raises(DataError, match='a.csv:4: column "x": "1.500,25" is written in another style'):
        check(Config.of(source=str(tmp_path / "a.csv")))


@pytest.mark.parametrize("stamp", ["{i:02d}.01.", "Jan {i:02d}", "Jan {i:02d} 10:00:00", "day number {i}"])
def test_a_series_whose_time_is_in_no_known_form_is_refused(stamp: str, tmp_path: Path) -> None:
    text = table("date;load", lambda i: f"{stamp.format(i=i + 1)};{i % 7}.5", 28)
    with pytest.raises(ConfigError, match='column "date": ".*" is a time in an unknown format'):
        roles_of(tmp_path, text)
    assert roles_of(tmp_path, text, time=["none"]).input == ["load"]


@pytest.mark.parametrize(
    ("name", "names"),
    [("day", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]), ("Month", ["Jan", "Feb", "Mar", "Apr"] * 3)],
)
def test_names_of_days_and_months_in_turn_are_the_order_of_rows(name: str, names: list[str], tmp_path: Path) -> None:
    names = (
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] if name != "day" else names
    )
    roles = roles_of(tmp_path, table(f"{name};load", lambda i: f"{names[i % len(names)]};{i % 9}.5"))
    assert (roles.input, roles.target, roles.left_out) == (["load"], [], {name: "time"})


def test_minutes_of_cooking_in_no_order_are_a_feature_and_birthdays_no_time(tmp_path: Path) -> None:
    text = table("prep_time;birth_date;b;label", lambda i: f"{37 * i % 61};{DAYS[-i]};{i % 7}.5;{'ab'[i % 2]}")
    roles = roles_of(tmp_path, text)
    assert (roles.input, roles.time) == (["prep_time", "b"], None)


def test_a_heart_rate_is_no_hour(tmp_path: Path) -> None:
    roles = roles_of(tmp_path, table("hr;bp;label", lambda i: f"{60 + i * 7 % 31};{100 + i * 7 % 9};{'ab'[i % 2]}"))
    assert roles.input == ["hr", "bp"]


OPEN = {
    "names of series without a time": (
        "sensor;value", lambda i: f"{'ABC'[i % 3]};{i % 11}.5", "sensor may name the series", "--group sensor",
    ),
    "names of series whose stamps never repeat": (
        "date;stock;close", lambda i: f"{DAYS[i]};{'AB'[i // 30]};{i}.5", "stock may name the series", "--target stock",
    ),
    "a flag beside numbers over time": (
        "date;sales;holiday", lambda i: f"{DAYS[i]};{i}.5;{['yes', 'no'][i % 7 == 0]}", "holiday is a label next to",
        "--input sales forecasts",
    ),
    "a label among numbers": (
        "area;zone_kind;year_built;price", lambda i: f"{i * 7 % 61};{'RM'[i % 2]}x;{1950 + i * 5 % 61};{i * 31 % 59}",
        "zone_kind is a label next to", "--target price (a number)",
    ),
    "numbers in no order beside postal codes": (
        "zip;price", lambda i: f"{i * 7919 % 99991:05d};{1 + i * i * 89 % 641}000",
        "price may be a series, or be what is predicted",
        "--input zip --target price",
    ),
    "rows sorted by a number": (
        "salary;years", lambda i: f"{30000 + 900 * i + i * 2089 % 6411};{1 + i // 4 * 0.3:.1f}",
        "the rows are sorted by years", "--target salary",
    ),
    "a few rows": ("a;b", lambda i: f"{i * 7 % 19}.5;{i * 5 % 17}.5", "20 rows are too few to tell", "--mode synced"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "line", "said", "hint"), OPEN.values(), ids=OPEN)
def test_what_is_predicted_is_asked_where_it_is_open(
    header: str, line: Any, said: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        roles_of(tmp_path, table(header, line, 20 if "few" in said else 60))
    assert hint in (caught.value.hint or "")


DOUBTS: dict[str, Any] = {
    "a number for what is missing": (
        "date;temp", lambda i: f"{DAYS[i]};{-999 if i in (5, 9) else 10 + i % 7}.0", {},
        "temp: -999 occurs 2 times, and the other numbers are from 10 to 16",
    ),
    "labels in capitals": (
        "text;label", lambda i: f"some words {i};{['good', 'Good', 'bad'][i % 3]}", {},
        "label: 'Good' and 'good' are different classes",
    ),
    "several labels in a cell": (
        "text;genre", lambda i: f"some words {i};{['drama,comedy', 'horror', 'drama'][i % 3]}", {},
        "genre: 20 of 60 cells contain commas: several labels in one cell are read as one class",
    ),
    "the label in another form": (
        "a;b;label_code;label", lambda i: f"{i * 7 % 61};{i % 9}.5;{i % 2};{'xy'[i % 2]}", {},
        "label_code has one value for each class of label",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "line", "options", "said"), DOUBTS.values(), ids=DOUBTS)
def test_another_possible_meaning_is_reported(
    header: str, line: Any, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    found = roles_of(tmp_path, table(header, line), **options).description
    assert any(each.startswith(said) for each in found)


def test_usual_tables_raise_no_doubt(tmp_path: Path) -> None:
    text = table("a;b;label", lambda i: f"{i * 7 % 61};{99 if i % 7 == 0 else 90 + i % 9};{'xyz'[i % 3]}")
    assert roles_of(tmp_path, text).choices == []


def test_twelve_months_beside_each_other_are_one_series(tmp_path: Path) -> None:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    text = table(
        f"Year;{';'.join(months)}", lambda i: f"{1960 + i};{';'.join(f'{i * 12 + k}.5' for k in range(12))}", 40
    )
    with pytest.raises(ConfigError, match="are the months of a series"):
        roles_of(tmp_path, text)
    assert roles_of(tmp_path, text, input=months).input == months


def test_a_number_of_few_values_beside_a_text_is_its_label(tmp_path: Path) -> None:
    text = table("src\tjudged\tmark\twords", lambda i: f"gj\t{i % 2}\t*\tsome words {i} of mine")
    roles = roles_of(tmp_path, text.replace("src\tjudged\tmark\twords\n", ""))
    assert roles.sentence == "column4, column2 -> many-to-one, words -> class"


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(quantities).failed == 0
