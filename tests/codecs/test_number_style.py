"""Styles of the numbers of a column: the value of each, numbers of another style, what a run keeps of them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from recur.codecs import NumbersCodec, load
from recur.codecs.number_style import NumberStyle, both_readings
from recur.errors import DataError, RunError

COMMA, POINT = NumberStyle(","), NumberStyle(".")


@pytest.mark.parametrize(
    ("style", "text", "value"),
    [
        (COMMA, "12,5", 12.5), (COMMA, "1.234,50", 1234.5), (COMMA, "1.002", 1002.0), (COMMA, "1.234.567", 1234567.0),
        (COMMA, "900", 900.0), (COMMA, "1 234,5", 1234.5), (COMMA, "-0,5", -0.5), (COMMA, "1,002", 1.002),
        (POINT, "1.002", 1.002), (POINT, "1,002", 1002.0), (POINT, "1,234.50", 1234.5), (POINT, "1'234.50", 1234.5),
        (POINT, "1\u2019234.50", 1234.5), (POINT, "1\u202f234", 1234.0), (POINT, "1,23,456.7", 123456.7),
        (NumberStyle(".", ",", "$"), "($1,234.50)", -1234.5), (NumberStyle(".", ",", "$"), "-$5", -5.0),
        (NumberStyle(",", ".", "€"), "1.234,50 €", 1234.5), (NumberStyle(unit="%"), "12 %", 12.0),
        (NumberStyle(unit="%"), "12%", 12.0), (NumberStyle(unit="%"), "12", 12.0), (POINT, "12.5-", -12.5),
        (POINT, "(12.5)", -12.5), (POINT, "\u221212.5", -12.5), (POINT, "+12.5", 12.5), (POINT, "1.5e-3", 0.0015),
        (POINT, '"1,234"', 1234.0), (NumberStyle(thousands="."), "1.002", 1002.0),
        (NumberStyle(thousands=""), "1.002", 1.002),
    ],
)  # fmt: skip
def test_a_style_gives_the_value(style: NumberStyle, text: str, value: float) -> None:
    assert style.value(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("style", "text", "said"),
    [
        (COMMA, "12.5", "another style"), (POINT, "12,5", "another style"), (NumberStyle(), "1.002", "1.002 or 1002"),
        (NumberStyle(".", ""), "1,234", "another style"), (NumberStyle(".", "'"), "1,234", "another style"),
        (POINT, "12 %", "in %"), (NumberStyle(unit="$"), "12 €", "in €"), (POINT, "abc", "not a number"),
        (POINT, "9e999", "finite"),
    ],
)  # fmt: skip
def test_a_number_of_another_style_is_refused(style: NumberStyle, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        style.value(text)


def test_missing_cells_stay_and_others_keep_why_they_cannot_be_read() -> None:
    assert COMMA.read("NA") == "NA"
    cell = COMMA.read("12.5")
    assert cell == "12.5"
    codec = NumbersCodec(sequence=False, columns=["price"])
    with pytest.raises(DataError, match=r'column "price": "12.5" is written in another style'):
        codec.fit([[cell]])


def test_both_readings_are_shown() -> None:
    assert both_readings("1.002") == '"1.002" may be 1.002 or 1002'
    assert both_readings("-1,500 ") == '"-1,500" may be -1.5 or -1500'


def test_a_codec_reads_texts_in_its_styles_and_numbers_as_they_are(tmp_path: Path) -> None:
    styles = {"price": NumberStyle(",", None, "€", "1.002 €", "the others"), "share": NumberStyle(unit="%")}
    codec = NumbersCodec(sequence=False, columns=["price", "share", "n"], styles=styles).fit(
        [["1.002 €", "12 %", 3], [1000.5, 11, "4"]]
    )
    assert codec.mean.tolist() == pytest.approx([1001.25, 11.5, 3.5])
    assert codec.units == ["€", "%", ""]
    codec.save(tmp_path, "x")
    kept = load(tmp_path, "x")
    assert isinstance(kept, NumbersCodec)
    assert kept.styles == styles
    assert kept.decode(kept.encode(["1.003", "12 %", 2])) == pytest.approx([1003.0, 12.0, 2.0], rel=1e-6)
    assert 'price: decimal comma, unit €: "1.002 €" is 1002 (the others)' in kept.describe()


@pytest.mark.parametrize(
    ("before", "after"), [('"decimal": ","', '"decimal": "x"'), ('"thousands": null', '"thousands": 3')]
)
def test_a_damaged_style_is_refused(tmp_path: Path, before: str, after: str) -> None:
    codec = NumbersCodec(sequence=False, columns=["x"], styles={"x": COMMA}).fit([["1,5"], ["2,5"]])
    codec.save(tmp_path, "x")
    path = tmp_path / "x.json"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(RunError, match="styles"):
        load(tmp_path, "x")
    path.write_text(text)


def test_no_style_makes_a_number_of_what_is_missing() -> None:
    codec = NumbersCodec(sequence=True, columns=["x"], missing="mask", styles={"x": COMMA}).fit([["1,5", "", "2,5"]])
    assert math.isnan(codec.encode(["", "2,0"])[0, 0])
    assert codec.missing_count == 1
