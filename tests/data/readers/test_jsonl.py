"""JSON lines: objects with the keys of the first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.readers.jsonl import read_jsonl
from recur.data.readers.lines import LONGEST
from tests.data.reading import places, refused, rows, same_in_both_indices, unless_refused, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def test_values_keep_their_kind(tmp_path: Path) -> None:
    content = '{"text": "é\\n", "n": 1.5, "tokens": ["a", "b"], "series": [[1, 2], [3, 4]], "none": null, "yes": true}'
    table = read_jsonl(written(tmp_path / "a.jsonl", content + "\n"))
    assert table.columns == ["text", "n", "tokens", "series", "none", "yes"]
    assert table[0] == {
        "text": "é\n",
        "n": 1.5,
        "tokens": ["a", "b"],
        "series": [[1, 2], [3, 4]],
        "none": None,
        "yes": True,
    }


def test_keys_may_stand_in_any_order_and_a_row_may_have_more(tmp_path: Path) -> None:
    table = read_jsonl(written(tmp_path / "a.jsonl", '{"a": 1, "b": 2}\n{"c": 5, "b": 4, "a": 3}\n'))
    assert [list(row.items()) for row in rows(table)] == [[("a", 1), ("b", 2)], [("a", 3), ("b", 4)]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_empty_lines_are_no_rows_and_keep_their_numbers(tmp_path: Path, end: str) -> None:
    path = written(tmp_path / "a.jsonl", "\ufeff" + end.join(['{"a": 1}', "", "  ", '{"a": 2}', '{"a": 3}', ""]))
    table = same_in_both_indices(lambda: read_jsonl(path))
    assert rows(table) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert places(table) == ["a.jsonl:1", "a.jsonl:4", "a.jsonl:5"]


def test_line_that_is_no_json_is_refused_with_its_place_and_a_model(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 2\n')
    error = refused(lambda: read_jsonl(path))
    assert error.message.startswith(f"{path}:2: not JSON (")
    assert error.message.endswith('"{"a": 2"; expected one object per line')
    assert error.hint == 'each line reads {"text": "...", "label": "..."}'


@pytest.mark.parametrize(
    ("line", "seen"),
    [("[1, 2]", "list"), ('"sky"', "str"), ("3", "int"), ("null", "NoneType"), ("true", "bool"), ("{}", "dict")],
)
def test_line_that_is_no_object_is_refused_with_what_it_is(tmp_path: Path, line: str, seen: str) -> None:
    path = written(tmp_path / "a.jsonl", f'{{"a": 1}}\n{line}\n')
    error = refused(lambda: read_jsonl(path))
    assert error.message == f'{path}:2: expected one JSON object per line, found {seen} "{line}"'


def test_json_over_several_lines_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", json.dumps([{"a": 1}], indent=2))
    assert refused(lambda: read_jsonl(path)).message.startswith(f"{path}:1: not JSON")


@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_json_that_is_nested_too_deep_is_refused(tmp_path: Path, opened: str) -> None:
    path = written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": ' + opened * 100_000 + "\n")
    error = refused(lambda: read_jsonl(path))
    assert error.message.startswith(f'{path}:2: not JSON (nested too deep): "')
    assert len(error.message) < 250 + len(str(path))


def test_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"a": ' + "9" * 5000 + "}\n")
    assert refused(lambda: read_jsonl(path)).message.startswith(f"{path}:1: not JSON (a number too long)")


def test_row_without_a_key_of_the_first_is_refused_with_what_to_write(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b"}\n')
    error = refused(lambda: read_jsonl(path))
    assert error.message == f'{path}:3: there is no "label" where the first row has text, label'
    assert error.hint == 'give it, or null: {"label": null}'


def test_line_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": "' + "x" * LONGEST + '"}\n')
    assert refused(lambda: read_jsonl(path)).message.startswith(f"{path}:2: a line of more than 1,000,000 bytes")


@pytest.mark.parametrize(
    "content", [b"", b" \n\n", '{"a": "é"}'.encode("latin-1"), '{"a": 1}'.encode("utf-16"), b'{"\0']
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.jsonl", content)
    assert str(path) in refused(lambda: read_jsonl(path)).message


@given(
    st.lists(TEXT, min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUE)), min_size=1, max_size=5)
    ),
    st.booleans(),
)
def test_any_rows_are_read_back(scratch: Path, records: list[dict[str, Any]], ascii_only: bool) -> None:
    lines = [json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records * 9]
    path = written(scratch / "any.jsonl", "".join(lines))
    table = same_in_both_indices(lambda: read_jsonl(path))
    assert table.columns == list(records[0])
    assert rows(table) == records * 9
    assert places(table) == [f"any.jsonl:{place + 1}" for place in range(len(lines))]


@given(st.text(st.sampled_from('{}[]":,\\u0d8a1.eE+-\n\r\t nultrfs'), max_size=60))
def test_any_text_is_objects_or_a_data_error(scratch: Path, content: str) -> None:
    path = written(scratch / "any.jsonl", content)
    table = unless_refused(lambda: read_jsonl(path))
    if table is not None:
        assert all(list(row) == table.columns for row in rows(table))


def test_names_that_the_first_row_lacks_are_left_out_and_noted_with_their_place(tmp_path: Path) -> None:
    table = read_jsonl(written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 2, "b": 3}\n{"b": 4, "a": 5}\n'))
    assert rows(table) == [{"a": 1}, {"a": 2}, {"a": 5}]
    assert list(table.notes) == ['left out, since the first row does not have it: "b" (a.jsonl:2)']
    assert not read_jsonl(written(tmp_path / "b.jsonl", '{"a": 1}\n{"a": 2}\n')).notes
