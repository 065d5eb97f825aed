"""A survey of all cells: columns of texts have no style, and every row is looked at."""

from __future__ import annotations

import pytest

from recur.codecs.number_style import NumberStyle
from recur.config import Config
from recur.data.cells import survey
from recur.data.cells.number_styles import Code, Open
from recur.data.cells.survey import Survey


def surveyed(*rows: tuple[object, ...]) -> Survey:
    found = Survey([f"column{place + 1}" for place in range(len(rows[0]))])
    for row in rows:
        found.see(row)
    return found


def test_each_column_of_numbers_has_a_style_and_texts_have_none() -> None:
    styles = surveyed(("1,5", "red", "007", 3.5), ("2,5", "blue", "008", 4.5)).styles()
    assert set(styles) == {"column1", "column3"}
    assert isinstance(style := styles["column1"], NumberStyle)
    assert style.decimal == ","
    assert styles["column3"] == Code("007")


def test_the_last_of_many_rows_decides() -> None:
    rows = [("1.000",)] * 3000
    assert isinstance(surveyed(*rows).styles()["column1"], Open)
    style = surveyed(*rows, ("12,5",)).styles()["column1"]
    assert isinstance(style, NumberStyle)
    assert style.decimal == ","


def test_a_style_that_was_requested_or_is_known_decides() -> None:
    found = surveyed(("1.002",))
    requested = found.styles(Config.of(decimal=",").data)["column1"]
    known = found.styles(known={"column1": NumberStyle(".")})["column1"]
    assert isinstance(requested, NumberStyle)
    assert isinstance(known, NumberStyle)
    assert (requested.decimal, known.decimal) == (",", ".")


def test_numbers_that_every_program_reads_are_not_converted() -> None:
    found = surveyed(("1.5", "1,5"), ("2.5", "2,5"))
    assert set(found.converted(found.styles())) == {"column2"}


def test_where_rows_were_not_looked_at_numbers_are_read_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_ALL", 100)
    found = surveyed(*[("12",)] * 200)
    assert not found.whole
    assert found.styles()["column1"] == NumberStyle()
