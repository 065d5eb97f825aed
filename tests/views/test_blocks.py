"""Small pictures of characters: cells are where they should be, with and without Unicode and colours."""

from __future__ import annotations

import pytest

from recur.views import blocks


def test_two_rows_of_cells_share_a_line() -> None:
    assert blocks.ink([1, 0, 0, 1, 1, 1], 2) == ["▀▄", "▀▀"]
    assert blocks.ink([], 3) == []


def test_without_unicode_ascii_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "unicode", lambda: False)
    assert blocks.ink([1, 0, 1, 0, 1, 1], 3) == ["'.:"]
    assert blocks.shade([0.0, 1.0]) == "  ##"


def test_shades_stay_within_their_marks() -> None:
    assert blocks.shade([-1.0, 0.3, 7.0]) == "  ░░██"


def test_without_colours_cells_are_letters() -> None:
    assert blocks.coloured([(255, 0, 0), (0, 0, 255)], 2, ["r", "b"]) == ["rrbb"]


def test_colours_fill_the_halves_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "unicode", lambda: True)
    monkeypatch.setattr(blocks, "decorated", lambda: True)
    lines = blocks.coloured([(255, 0, 0), (0, 0, 255)], 1, ["r", "b"])
    assert lines == ["\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀\x1b[0m"]
    assert list(blocks.beside([lines, ["x"]], [1, 1], 80, gap=1)) == [f"{lines[0]} x"]


def test_blocks_that_do_not_fit_go_below() -> None:
    assert list(blocks.beside([["ab", "c"], ["d"], ["ef"]], [2, 2, 2], 7, gap=1)) == ["ab d", "c", "", "ef"]
    assert list(blocks.beside([], [], 10)) == []
