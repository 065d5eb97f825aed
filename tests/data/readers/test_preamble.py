"""Lines above the rows and between them: what is skipped, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.config import DataConfig
from recur.data.read import read
from tests.data.reading import rows, same_in_both_indices, written

PLAIN = DataConfig()


@pytest.mark.parametrize(
    ("content", "columns", "first", "note"),
    [
        ("sep=;\na;b\n1;2\n3;4\n", ["a", "b"], {"a": "1", "b": "2"}, 'line 1, "sep=;"'),
        ('"sep=|"\na|b\n1|2\n3|4\n', ["a", "b"], {"a": "1", "b": "2"}, 'line 1, "sep=|"'),
        (
            "Sales of 2023;;\n;;\nday;shop;units\n1;x;5\n2;y;6\n3;x;7\n", ["day", "shop", "units"],
            {"day": "1", "shop": "x", "units": "5"}, '2 rows above the header ("Sales of 2023")',
        ),
        (
            "Report\nmade on Monday\n\na,b\n1,2\n3,4\n5,6\n7,8\n", ["a", "b"], {"a": "1", "b": "2"},
            '2 rows above the header ("Report")',
        ),
        ("# station 7\n# metres\na,b\n1,2\n3,4\n", ["a", "b"], {"a": "1", "b": "2"}, '2 comments ("# station 7")'),
        ("# a,b\n1,2\n3,4\n5,6\n", ["a", "b"], {"a": "1", "b": "2"}, '1 comment ("# a,b")'),
        ("a,b\n1,2\n# moved\n3,4\n", ["a", "b"], {"a": "1", "b": "2"}, "1 comment between the rows"),
        ("a,b\n1,2\na,b\n3,4\na,b\n5,6\n", ["a", "b"], {"a": "1", "b": "2"}, "2 repeated headers between the rows"),
    ],
)  # fmt: skip
def test_what_is_above_the_rows_is_skipped_and_noted(
    content: str, columns: list[str], first: dict[str, str], note: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", content)
    table = same_in_both_indices(lambda: read(path, PLAIN))
    assert table.columns == columns
    assert rows(table)[0] == first
    assert list(table.notes) == [note]
    assert all(str(cell).strip("xy").isdigit() or cell in "xy" for row in rows(table) for cell in row.values())


def test_a_text_that_begins_with_a_hash_sign_is_a_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "".join(f"#tag{k} some words of mine,{'ab'[k % 2]}\n" for k in range(20)))
    assert len(read(path, PLAIN)) == 20
