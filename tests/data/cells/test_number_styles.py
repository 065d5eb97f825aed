"""Columns of numbers as people and programs write them: one style a column, and nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from recur.codecs.number_style import NumberStyle
from recur.config import Config
from recur.config_file import from_options
from recur.data import infer, read
from recur.data.cells.number_styles import Code, Open
from recur.data.columns.kinds import look
from recur.data.load import read_like
from recur.errors import ConfigError, DataError


def written(folder: Path, text: str, name: str = "a.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def columns_of(folder: Path, text: str, name: str = "a.csv", **options: Any) -> dict[str, list[Any]]:
    config = from_options({"source": written(folder, text, name), **options}, Config())
    table = read(config.data.source, config.data)
    return {name: [row[name] for row in table[:]] for name in table.columns}


def numbers_of(folder: Path, text: str, column: str, name: str = "a.csv", **options: Any) -> list[float]:
    """The numbers of a column as training reads them."""
    from recur.codecs.number_parsing import number

    config = from_options({"source": written(folder, text, name), "input": [column], **options}, Config())
    table = read(config.data.source, config.data)
    assert look(table, column).holds == "number"
    roles = infer(table, config)
    return [number(row[column], roles.styles.get(column)) for row in table[:]]


def rows(*cells: Sequence[str], delimiter: str = ";") -> str:
    return "".join(delimiter.join(row) + "\n" for row in cells)


def column(*cells: str, delimiter: str = ";", header: str = "day{}units") -> str:
    return header.format(delimiter) + "\n" + "".join(f"{n}{delimiter}{cell}\n" for n, cell in enumerate(cells, 1))


# what is in the column units, its delimiter, and the numbers that training reads
READ = {
    "points of thousands beside hundreds": (";", ["900", "902", "998", "1.000", "1.002"], [900, 902, 998, 1000, 1002]),
    "the same between tabs": ("\t", ["900", "998", "1.000", "1.002"], [900, 998, 1000, 1002]),
    "millions": (";", ["1.002", "1.234.567", "2.000"], [1002, 1234567, 2000]),
    "decimal commas": (";", ["12,5", "1.002", "1.234,75"], [12.5, 1002, 1234.75]),
    "decimal points of three digits": (";", ["1.002", "0.125", "12.5"], [1.002, 0.125, 12.5]),
    "a thousand without its sign": (";", ["1.002", "1500", "2.250"], [1.002, 1500, 2.25]),
    "commas between cells": (",", ["1.002", "1.003", "2.250"], [1.002, 1.003, 2.25]),
    "quoted commas of thousands": (",", ['"1,234"', '"2,000"', "900"], [1234, 2000, 900]),
    "quoted decimal commas": (",", ['"1,5"', '"2,25"', '"1,234"'], [1.5, 2.25, 1.234]),
    "quotation marks between tabs": ("\t", ['"1,234"', '"1,500"', "999"], [1234, 1500, 999]),
    "percent": (";", ["12 %", "7 %", "0,5 %"], [12, 7, 0.5]),
    "percent without a space": (",", ["12%", "7.5%", "0%"], [12, 7.5, 0]),
    "dollars": (",", ['"$1,234.50"', "$7.00", "-$3.50"], [1234.5, 7, -3.5]),
    "euros after the number": (";", ["1.234,50 €", "7,00 €", "0 €"], [1234.5, 7, 0]),
    "codes of currencies": (";", ["CHF 1'234.50", "CHF 7.00"], [1234.5, 7]),
    "apostrophes": (";", ["1'234", "999", "12'000"], [1234, 999, 12000]),
    "typographic apostrophes": (";", ["1\u2019234.5", "999.5"], [1234.5, 999.5]),
    "spaces": (";", ["1 234", "999", "12 000"], [1234, 999, 12000]),
    "spaces that do not break": (";", ["1\u00a0234,5", "999,0"], [1234.5, 999]),
    "narrow spaces": (";", ["1\u202f234", "12\u202f000\u202f000"], [1234, 12000000]),
    "negatives in parentheses": (";", ["(12.50)", "7.25", "(1,234.00)"], [-12.5, 7.25, -1234]),
    "a minus at the end": (";", ["12,50-", "7,25"], [-12.5, 7.25]),
    "a typographic minus": (";", ["\u221212.5", "7.25"], [-12.5, 7.25]),
    "a dash for cents": (";", ["1.234,-", "12,-", "999,--", "7,50"], [1234, 12, 999, 7.5]),
    "a dash for cents and a currency": (";", ["1.234,- €", "12,- €"], [1234, 12]),
    "a point and a dash": (";", ["12.-", "7.50"], [12, 7.5]),
    "a plus": (";", ["+12.5", "-7.25"], [12.5, -7.25]),
    "exponents": (";", ["1,5e3", "2,0E-2"], [1500, 0.02]),
    "crores": (";", ["1,23,456.5", "99.5"], [123456.5, 99.5]),
    "hours": (",", ["00", "08", "23"], [0, 8, 23]),
}


@pytest.mark.parametrize("name", READ)
def test_a_column_is_read_in_its_own_style(name: str, tmp_path: Path) -> None:
    delimiter, cells, expected = READ[name]
    text = column(*cells, delimiter=delimiter)
    assert numbers_of(tmp_path, text, "units", "a.tsv" if delimiter == "\t" else "a.csv") == pytest.approx(expected)


# cells, and what the refusal says
REFUSED = {
    "three digits everywhere": (["1.002", "1.003", "2.251"], '"1.002" may be 1.002 or 1002'),
    "hundreds without a zero at the end": (["900", "1.002", "998"], '"1.002" may be 1.002 or 1002'),
    "both signs before three digits": (["1.002", "1,003"], "each may be the decimal sign"),
    "two currencies": (["5 €", "5 $"], "different units"),
    "shares with and without a sign": (["12 %", "0.12"], "different units"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_ambiguous_column_is_refused_with_both_readings(name: str, tmp_path: Path) -> None:
    cells, said = REFUSED[name]
    config = from_options({"source": written(tmp_path, column(*cells)), "input": ["units"]}, Config())
    with pytest.raises(ConfigError, match='column "units": .*' + said.replace(".", "[.]").replace("$", "[$]")):
        infer(read(config.data.source, config.data), config)


def test_an_ambiguous_column_that_is_not_used_is_in_nobodys_way(tmp_path: Path) -> None:
    text = rows(["a", "b", "c"], ["1.002", "5", "x"], ["1.003", "6", "y"])
    config = from_options({"source": written(tmp_path, text), "input": ["b"], "target": ["c"]}, Config())
    table = read(config.data.source, config.data)
    assert isinstance(table.styles["a"], Open)
    assert infer(table, config).styles == {}


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"decimal": "."}, 1.002), ({"decimal": ","}, 1002), ({"thousands": "."}, 1002), ({"thousands": "none"}, 1.002),
     ({"decimal": ",", "thousands": "."}, 1002)],
)  # fmt: skip
def test_the_style_is_an_option(options: dict[str, str], expected: float, tmp_path: Path) -> None:
    assert numbers_of(tmp_path, column("1.002", "1.003"), "units", **options)[0] == expected


def test_one_sign_cannot_be_both(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be both"):
        columns_of(tmp_path, column("1.002"), decimal=".", thousands=".")


@pytest.mark.parametrize(("other", "expected"), [("12,5", 1002), ("0.27", 1.002)])
def test_another_column_shows_the_decimal_sign_of_the_file(other: str, expected: float, tmp_path: Path) -> None:
    text = rows(["a", "b"], ["1.002", other], ["1.003", other])
    assert numbers_of(tmp_path, text, "a")[0] == expected


def test_columns_that_contradict_one_another_show_nothing(tmp_path: Path) -> None:
    text = rows(["a", "b", "c"], ["1.002", "12,5", "0.27"], ["1.003", "12,5", "0.27"])
    with pytest.raises(ConfigError, match="1.002 or 1002"):
        numbers_of(tmp_path, text, "a")


def test_a_column_against_its_file_is_refused(tmp_path: Path) -> None:
    text = rows(["a", "b"], ["900", "0.27"], ["1.000", "0.3"], ["1.002", "0.4"])
    with pytest.raises(ConfigError, match="supports both"):
        numbers_of(tmp_path, text, "a")


def test_every_row_is_looked_at_and_not_a_sample(tmp_path: Path) -> None:
    cells = ["1.000"] * 3000
    cells[2345] = "12,5"
    assert numbers_of(tmp_path, column(*cells), "units")[0] == 1000


@pytest.mark.parametrize(
    ("text", "names", "numbers"),
    [
        ("Datum;Last\n01.01.2024;100,00\n02.01.2024;101,50\n", ["Datum", "Last"], [100, 101.5]),
        ("Datum;Last\n01.01.2024;100,00\n", ["Datum", "Last"], [100]),
        ("when;n\n2024-01-01;5\n2024-01-02;6\n", ["when", "n"], [5, 6]),
        ('a,b\n"1,234",x\n"2,000",y\n', ["a", "b"], ["x", "y"]),
        ("share;n\n12 %;1\n13 %;2\n", ["share", "n"], [1, 2]),
        ("01.01.2024;100,00\n02.01.2024;101,50\n", ["column1", "column2"], [100, 101.5]),
    ],
)
def test_dates_and_numbers_of_any_style_show_where_the_header_is(
    text: str, names: list[str], numbers: list[Any], tmp_path: Path
) -> None:
    found = columns_of(tmp_path, text)
    assert list(found) == names
    assert [float(one) if one not in ("x", "y") else one for one in found[names[1]]] == numbers


@pytest.mark.parametrize(
    "cells",
    [["01067", "10115", "80331"], ["007", "100", "101"], ["+4917012345678", "+4915112345678"],
     ["12345678901234567", "12345678901234568"]],
)  # fmt: skip
def test_digits_that_are_names_are_no_numbers(cells: list[str], tmp_path: Path) -> None:
    table = read(written(tmp_path, column(*cells)), Config().data)
    assert isinstance(table.styles["units"], Code)
    assert look(table, "units").holds == "code"
    assert table[0]["units"] == cells[0]


@pytest.mark.parametrize(
    "cells",
    [["192.168.1.1", "10.0.0.1"], ["1.2.3", "1.2.4"], ["12:30", "12:45"], ["2024-01-01", "2024-01-02"],
     ["12 km", "13 km"], ["291 293 295", "292 294 296"]],
)  # fmt: skip
def test_addresses_versions_times_and_lists_are_no_numbers(cells: list[str], tmp_path: Path) -> None:
    assert look(read(written(tmp_path, column(*cells)), Config().data), "units").holds != "number"


def test_texts_of_json_lines_are_judged_and_numbers_stay(tmp_path: Path) -> None:
    lines = [{"a": "900", "b": 1.002}, {"a": "1.000", "b": 3}, {"a": "1.002", "b": 4}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert columns_of(tmp_path, text, "a.jsonl") == {"a": [900.0, 1000.0, 1002.0], "b": [1.002, 3, 4]}


def test_texts_of_python_are_judged_as_those_of_files() -> None:
    table = read({"a": ["12,5", "1.002"], "b": [1.5, 2.5]}, Config().data)
    assert [row["a"] for row in table[:]] == [12.5, 1002.0]
    assert table.styles["a"] == NumberStyle(",", ".", "", "1.002", "")


def test_missing_cells_say_nothing_about_a_style(tmp_path: Path) -> None:
    found = columns_of(tmp_path, column("12,5", "NA", "", "-", "#DIV/0!", "#N/A", "..", ":", "1.002"))
    assert found["units"] == [12.5, "NA", "", "-", "#DIV/0!", "#N/A", "..", ":", 1002.0]


def test_a_later_file_is_read_in_the_style_of_the_training_data(tmp_path: Path) -> None:
    config = from_options({"source": written(tmp_path, column("12,5", "13,5")), "input": ["units"]}, Config())
    roles = infer(read(config.data.source, config.data), config)
    later = read_like(written(tmp_path, column("1.002", "1.003"), "b.csv"), roles, config)
    assert [row["units"] for row in later[:]] == [1002.0, 1003.0]
    other = read_like(written(tmp_path, column("12.5", "13.5"), "c.csv"), roles, config)
    from recur.codecs.number_parsing import number

    with pytest.raises(DataError, match="another style"):
        number(other[0]["units"])


def test_a_later_file_of_whole_numbers_is_judged_by_itself(tmp_path: Path) -> None:
    config = from_options({"source": written(tmp_path, column("900", "901")), "input": ["units"]}, Config())
    roles = infer(read(config.data.source, config.data), config)
    assert roles.styles == {}
    with pytest.raises(ConfigError, match="1.002 or 1002"):
        read_like(written(tmp_path, column("1.002", "1.003"), "b.csv"), roles, config)


def test_a_cell_of_another_style_is_refused_where_it_stands(tmp_path: Path) -> None:
    config = from_options({"source": written(tmp_path, column(*["12,5"] * 30, "12.5")), "input": ["units"]}, Config())
    from recur.training.check import check

    with pytest.raises(DataError, match=r'a.csv:32: column "units": "12.5" is written in another style'):
        check(config)
