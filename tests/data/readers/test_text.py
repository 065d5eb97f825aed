"""Plain text: one row a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.readers.text import TextTable
from tests.data.reading import places, rows, same_in_both_indices, written


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_characters="\r\n\0\ufeff\u2028\x85\x0b\x0c\x1c\x1d\x1e"), max_size=8
        ),
        min_size=1,
        max_size=9,
    )
)
def test_pieces_together_are_the_file(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    content = "\n".join([*lines[:-1], lines[-1] or "x"]) + "\n"
    path = written(tmp_path_factory.mktemp("text") / "a.txt", content)
    table = TextTable(path)
    assert "".join(table.piece(index) for index in range(len(table))) == content
    assert [row["text"] for row in rows(table)] == content.split("\n")[:-1]


def test_a_row_is_a_line_and_knows_its_place(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one\r\n\ntwo")
    table = same_in_both_indices(lambda: TextTable(path))
    assert rows(table) == [{"text": "one"}, {"text": ""}, {"text": "two"}]
    assert [table.piece(index) for index in range(3)] == ["one\n", "\n", "two"]
    assert places(table) == [f"a.txt:{number}" for number in (1, 2, 3)]
    assert (table.kind, table.columns, table.cut_line) == ("text", ["text"], 0)


def test_a_line_of_more_than_a_million_bytes_is_several_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "short\n" + "x" * 2_500_000 + "\nend\n")
    table = TextTable(path)
    assert table.cut_line == 2
    assert len(table) > 3
    assert "".join(table.piece(index) for index in range(len(table))) == path.read_text()
