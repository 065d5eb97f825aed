"""A range and its matches on a terminal of any width."""

from __future__ import annotations

from typing import Any

import pytest

from recur import inspect as inspector
from recur.inspect import match, plain_matching
from recur.inspect.plain import rounded
from recur.views import explained, matched
from tests.inspect.brackets import CHOSEN, network, texts
from tests.inspect.helpers import learned

SEEN = texts(2, 30)


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    labels = ["a long label of the row"] * len(SEEN)
    found: dict[str, Any] = rounded(plain_matching(match(network(), CHOSEN, "(abba", SEEN, labels=labels), labels))
    return found


def test_matches_begin_in_one_column_at_every_width(data: dict[str, Any]) -> None:
    for columns in (40, 60, 80, 100):
        lines = list(matched.matched(data, columns))
        assert all(len(line) <= columns for line in lines), [line for line in lines if len(line) > columns]
    rows = [line for line in lines if "⟦" in line or "[" in line]
    assert len(rows) == len(data["matches"])
    assert len({line.index("⟦") if "⟦" in line else line.index("[") for line in rows}) == 1
    assert all("a long label" in line for line in rows)


def test_units_are_drawn_by_the_sign_in_which_they_are_on(data: dict[str, Any]) -> None:
    lines = list(matched.matched(data, 80))
    for one in data["units"]:
        sign = "+" if one["sign"] > 0 else "-"
        [row] = [line for line in lines if f"unit {one['unit']}{sign}  " in line]
        bars = row.rpartition("  ")[2]
        lowest = bars[data["start"] - 1], bars[data["stop"]]
        assert min(bars[data["start"] : data["stop"]]) > max(lowest)


def test_words_are_separated_and_an_explanation_lists_the_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    mode = learned("synced", "words", None, {})
    found = inspector.explain(
        mode, "the dog ran", parts=(), match="dog", within=["a dog ran to the cat"], edges="none", threshold=0.01
    )
    out = "\n".join(explained.explained(found.data, 80))
    assert "where the state is that of “dog”" in out
    assert " dog ran" in out or "dog ran" in out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[48;" in "\n".join(explained.explained(found.data, 80))
