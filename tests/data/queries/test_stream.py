"""Inputs on a pipe: how their form is judged, and that they are passed on as they come."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from recur.config import Config
from recur.data import Roles, batches_on_arrival, stream_queries
from recur.errors import DataError

TEXT = Roles("many-to-one", ["text"], ["label"], "words", "class", None, False, "", ["text", "label"])
NUMBERS = Roles("one-to-one", ["a", "b"], ["kind"], "numbers", "class", None, False, "", ["a", "b", "kind"])
LABELLED = Roles("many-to-one", ["series"], ["label"], "numbers", "class", None, False, "", ["series", "label"])
TAGS = Roles("synced", ["form"], ["upos"], "words", "tags", None, False, "", ["form", "upos"])
SERIES = Roles("synced", ["load"], [], "numbers", "numbers", None, False, "", ["load"])


def read(raw: str | bytes, roles: Roles, format: str | None = None) -> list[tuple[int, Any]]:
    stream = io.BytesIO(raw.encode() if isinstance(raw, str) else raw)
    found = stream_queries(
        stream, roles, Config(), typed=str.split if roles is not TEXT else str, labels={"good", "up"}, format=format
    )
    return [(one.row, one.value) for group in found for one in group]


@pytest.mark.parametrize(
    ("raw", "roles", "values"),
    [
        ("a warm meal, indeed\nplain\n", TEXT, ["a warm meal, indeed", "plain"]),
        ("text,label\na film,good\n", TEXT, ["a film"]),
        ("label;text\ngood;a film, dull\n", TEXT, ["a film, dull"]),
        ("id\ttext\n1\ta film\n", TEXT, ["a film"]),
        ("a film,good\nb,bad\n", TEXT, ["a film", "b"]),
        ("a film,fine\n", TEXT, ["a film,fine"]),
        ('text,label\n"two\nlines",good\n', TEXT, ["two\nlines"]),
        ('{"text": "a film"}\n\n{"text": "b"}\n', TEXT, ["a film", "b"]),
        ("{not json}\n", TEXT, DataError),
        ("", TEXT, DataError),
        ("", SERIES, DataError),
        ("\n\n", TEXT, DataError),
        ("a film\n\n", TEXT, ["a film", ""]),
        ("text,label\n", TEXT, DataError),
        ("label,id\ngood,1\n", TEXT, DataError),
        ("a film\ntext,label\nb,good\n", TEXT, ["b"]),
        ("sep=;\ntext;label\na film;good\n", TEXT, ["a film"]),
        ("# made today\ntext,label\na,good\n# half\nb,good\n", TEXT, ["a", "b"]),
        ("# made today\nplain\n", TEXT, ["# made today", "plain"]),
        ("#happy\n", TEXT, ["#happy"]),
        ("# label,text\ngood,a film\n", TEXT, ["a film"]),
        ('"a film, dull",fine\n', TEXT, ["a film, dull"]),
        ("text,label\ra film,good\r", TEXT, DataError),
        ("sep=;\n1;2;x\n", NUMBERS, [["1", "2"]]),
        ("# made today\n1,2,x\n", NUMBERS, [["1", "2"]]),
        ("a,kind\n1,x\n", NUMBERS, DataError),
        ('"1 2",up\n', LABELLED, ["1 2"]),
        ('{"text": "a", "x": 1}\n{"text": "b"}\n', TEXT, DataError),
        ("1\tthe\tDET\n", TAGS, DataError),
        ("the\tDET\n", TAGS, DataError),
        ("\n a film \n", TEXT, ["", " a film "]),
        ("1 2\n3 4\n", NUMBERS, [["1", "2"], ["3", "4"]]),
        ("1,2,x\n3,4,y\n", NUMBERS, [["1", "2"], ["3", "4"]]),
        ("b,a\n2,1\n", NUMBERS, [["1", "2"]]),
        ("1 2 3\n4 5\n", SERIES, [["1", "2", "3"], ["4", "5"]]),
        ("a,b\n1,2\n3\n", NUMBERS, DataError),
        ("text,label\n\udce9,good\n".encode("utf-8", "surrogateescape"), TEXT, DataError),
        (b"\xff\xfea\0", TEXT, DataError),
        (b"\x89PNG\r\n", TEXT, DataError),
    ],
)
def test_the_form_is_that_of_the_first_line(raw: str | bytes, roles: Roles, values: Any) -> None:
    if values is DataError:
        with pytest.raises(DataError, match="stdin"):
            read(raw, roles)
        return
    assert [value for _, value in read(raw, roles)] == values


def test_the_header_under_titles_is_found_when_the_format_is_a_table() -> None:
    assert read("Report of today\n\ntext,label\na film,good\n", TEXT, "csv") == [(1, "a film")]


def test_a_first_line_is_judged_without_the_second() -> None:
    class Slow(io.RawIOBase):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            if self.lines > 1:
                gate.wait(10)
            return b"a film\n"[: size if self.lines == 1 else 0]

    gate = threading.Event()
    found = stream_queries(Slow(), TEXT, Config(), typed=str)
    assert [one.value for one in next(found)] == ["a film"]
    gate.set()


def test_rows_are_counted_as_in_a_file() -> None:
    assert [row for row, _ in read("text,label\na,good\n\nb,good\n", TEXT)] == [1, 2]
    assert [row for row, _ in read("a\n\nb\n", TEXT)] == [1, 2, 3]


def test_a_said_form_is_taken() -> None:
    assert read("text,label\n", TEXT, "text") == [(1, "text,label")]
    assert read("a film,fine\n", TEXT, "csv") == [(1, "a film")]
    assert read("a film\tfine\n", TEXT, "tsv") == [(1, "a film")]


def test_items_that_are_there_come_together_and_no_more_are_kept() -> None:
    made: list[int] = []
    gate = threading.Event()

    def items() -> Any:
        for item in range(1000):
            made.append(item)
            yield item
            if item == 2:
                gate.wait(10)

    groups = batches_on_arrival(items(), 4)
    first = next(groups)
    assert 0 < len(first) <= 3
    gate.set()
    rest = [item for group in groups for item in group]
    assert [*first, *rest] == list(range(1000))


def test_what_was_read_before_an_error_is_answered_first() -> None:
    def items() -> Any:
        yield "a"
        raise DataError("stdin:2: no UTF-8")

    groups = batches_on_arrival(items())
    assert next(groups) == ["a"]
    with pytest.raises(DataError, match="stdin:2"):
        next(groups)
