"""Bars and candidates on a terminal of any kind."""

from __future__ import annotations

import pytest

from recur.views import terminal


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, ""), (1.0, "████"), (0.5, "██"), (-1.0, ""), (2.0, "████"), (1 / 32, "▏")]
)
def test_a_share_is_a_bar_to_an_eighth_of_a_character(
    share: float, drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "unicode", lambda: True)
    assert terminal.bar(share, 4) == drawn


def test_a_bar_without_unicode_is_of_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "unicode", lambda: False)
    assert terminal.bar(0.5, 4) == "##"


def test_candidates_are_aligned_clipped_and_numbered() -> None:
    rows = [("a", 0.5), ("a word that is much too long for this", 0.25)]
    lines = list(terminal.shares(rows, 40, numbered=True))
    assert lines[0].startswith("  1  a ")
    assert " 50.0 %  " in lines[0]
    assert "…" in lines[1]
    assert all(len(line) <= 40 for line in lines)


def test_control_characters_of_a_candidate_never_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(terminal.shares([("\x1b[2J", 1.0)], 40))


@pytest.mark.parametrize(("columns", "expected"), [("60", 60), ("300", 100)])
def test_the_width_is_that_of_the_terminal_up_to_a_limit(
    columns: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.width() == expected


@pytest.mark.parametrize(("encoding", "there"), [("utf-8", True), ("UTF8", True), ("ascii", False), (None, False)])
def test_unicode_is_known_by_the_encoding_of_the_output(
    encoding: str | None, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Output:
        def __init__(self) -> None:
            self.encoding = encoding

    monkeypatch.setattr("sys.stdout", Output())
    assert terminal.unicode() is there
