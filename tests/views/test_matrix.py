"""Confusion matrices as text and as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.views import matrix


def test_columns_are_numbered_and_zeros_are_dots() -> None:
    assert list(matrix.lines(["bad", "good"], [[3, 1], [0, 14]])) == [
        "true \\ guessed   1   2", "1 bad            3   1", "2 good           .  14",
    ]  # fmt: skip


def test_long_and_unprintable_labels_are_cut_and_made_harmless() -> None:
    [_, first, second] = matrix.lines(["x" * 40, "\x1b[2J"], [[1, 0], [0, 1]])
    assert first.startswith("1 " + "x" * 12 + " ")
    assert "\x1b" not in second


@pytest.mark.parametrize("count", [2, 12])
def test_a_matrix_of_any_size_is_a_png(tmp_path: Path, count: int) -> None:
    pytest.importorskip("matplotlib")
    counts = [[int(row == column) * 3 for column in range(count)] for row in range(count)]
    matrix.picture([f"$ {label}" for label in range(count)], counts, tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
