"""The form of a stream, judged by its first line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.data import Roles
from recur.data.queries.stream_format import Form, cells_of, form_of, refuse_late_header
from recur.data.readers.lines import Line
from tests.data.reading import refused

TEXT = Roles("many-to-one", ["text"], ["label"], "words", "class", None, False, "", ["text", "label"])
NUMBERS = Roles("one-to-one", ["a", "b"], ["kind"], "numbers", "class", None, False, "", ["a", "b", "kind"])
TAGS = Roles("synced", ["form"], ["upos"], "words", "tags", None, False, "", ["form", "upos"])


def lines(*texts: str) -> list[Line]:
    return [Line(0, number, text + "\n", False) for number, text in enumerate(texts, 1)]


def judged(
    texts: list[str], roles: Roles, format: str | None = None, labels: tuple[str, ...] = ("good",)
) -> tuple[Form, int]:
    """The form, and how many lines were taken."""
    source = iter(lines(*texts))
    found = form_of(source, roles, labels, format)
    return found, len(texts) - len(list(source))


@pytest.mark.parametrize(
    ("texts", "roles", "kind", "separator", "header"),
    [
        (["a film", "b"], TEXT, "text", "", False), (["text,label", "a film,good"], TEXT, "csv", ",", True),
        (["label;text", "good;x"], TEXT, "csv", ";", True), (["a film,good", "b,bad"], TEXT, "csv", ",", False),
        (["a film,fine"], TEXT, "text", "", False), (['"a, film",fine'], TEXT, "csv", ",", False),
        (['{"text": "a"}'], TEXT, "jsonl", "", False), (["1,2,x"], NUMBERS, "csv", ",", False),
        (["a\tb", "1\t2"], NUMBERS, "csv", "\t", True),
        (["1\tThe\t_"], TAGS, "conll", "", False), (["# sent_id = 1"], TAGS, "conll", "", False),
        (["1 2"], NUMBERS, "text", "", False),
        (["TEXT,LABEL"], TEXT, "csv", ",", True), (["id|text"], TEXT, "csv", "|", True), ([], TEXT, "text", "", False),
    ],
)  # fmt: skip
def test_the_first_line_decides_and_no_second_one_is_taken(
    texts: list[str], roles: Roles, kind: str, separator: str, header: bool
) -> None:
    found, taken = judged(texts, roles)
    assert (found.kind, found.separator, found.header) == (kind, separator, header)
    assert taken == min(1, len(texts))
    assert [line.text for line in found.lines] == [text + "\n" for text in texts[:1]]


def test_a_stated_separator_and_comments_are_above_a_table() -> None:
    found, taken = judged(["sep=;", "# made today", "text;label", "x;good"], TEXT)
    assert (found.kind, found.separator, found.header, taken) == ("csv", ";", True, 3)
    assert [line.number for line in found.above] == [1, 2]
    assert [line.number for line in found.lines] == [3]


def test_a_comment_may_name_the_columns() -> None:
    found, _ = judged(["# a,b,kind", "1,2,x"], NUMBERS)
    assert (found.kind, found.header, found.names) == ("csv", False, ["a", "b", "kind"])


@pytest.mark.parametrize("format", ["text", "jsonl", "conll"])
def test_what_is_said_goes_before_what_is_seen(format: str) -> None:
    assert judged(["text,label"], TEXT, format)[0].kind == format


def test_a_table_that_is_said_to_be_one_may_have_titles() -> None:
    found, taken = judged(["Report", "of today", "text,label", "x,good"], TEXT, "csv")
    assert (found.kind, found.header, taken) == ("csv", True, 3)
    assert [line.number for line in found.above] == [1, 2]


def test_lines_that_are_there_already_may_show_a_header_under_titles() -> None:
    source = iter(lines("Report", "text,label", "x,good"))
    found = form_of(source, TEXT, (), None, lambda: ["text,label\n", "x,good\n"])
    assert (found.kind, found.header, found.separator) == ("csv", True, ",")
    assert [line.number for line in found.above] == [1]
    assert next(source).number == 3


def test_json_over_several_lines_is_refused_as_in_a_file() -> None:
    error = refused(lambda: judged(["["], TEXT))
    assert "one JSON array; expected JSON lines" in error.message


def test_a_header_among_texts_is_refused_where_it_may_be_one() -> None:
    [title, header, late] = [*lines("Report", "text,label"), Line(0, 31, "text,label\n", False)]
    refuse_late_header(title, TEXT, Path("stdin"))
    refuse_late_header(late, TEXT, Path("stdin"))
    error = refused(lambda: refuse_late_header(header, TEXT, Path("stdin")))
    assert error.message.startswith('stdin:2: the header of a table ("text,label") under lines')
    assert "--format csv" in str(error.hint)


@pytest.mark.parametrize(
    ("text", "separator", "cells"),
    [("a, b,c", ",", ["a", "b", "c"]), ('"a,b",c', ",", ["a,b", "c"]), ("a\tb", "\t", ["a", "b"]), ("", ",", []),
     ('"a', ",", [])],
)  # fmt: skip
def test_cells_of_a_line(text: str, separator: str, cells: list[str]) -> None:
    assert cells_of(text, separator) == cells
