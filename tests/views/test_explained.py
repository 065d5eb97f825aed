"""An explanation on a terminal of any width, with and without colours and Unicode."""

from __future__ import annotations

from typing import Any

import pytest

from recur import inspect as inspector
from recur.views import explained, terminal
from tests.inspect.helpers import CASES, learned, two_runs


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return inspector.explain(learned("synced", "words", None, {}), "the dog ran to").data


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), CASES)
def test_every_mode_fits_on_a_terminal(
    name: str, source: str | None, target: str | None, value: object, options: dict[str, object]
) -> None:
    found = inspector.explain(learned(name, source, target, options), value, methods=("leave_one_out",)).data
    for columns in (40, 100):
        lines = list(explained.explained(found, columns))
        assert lines
        assert all(len(line) <= columns for line in lines), [line for line in lines if len(line) > columns]
        assert not any("\x1b" in line for line in lines)


def test_colours_only_where_they_are_wanted(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert terminal.decorated()
    coloured = "\n".join(explained.explained(data, 80))
    assert "\x1b[48;" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(explained.explained(data, 80))
    assert "\x1b" not in plain
    assert "dog" in plain


def test_a_terminal_without_unicode_has_bars_too(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explained, "unicode", lambda: False)
    monkeypatch.setattr(terminal, "unicode", lambda: False)
    lines = "\n".join(explained.explained(data, 80))
    assert not set(lines) & set("▏▎▍▌▋▊▉█▁▂▃▄▅▆▇")


def test_a_comparison_stays_within_its_width() -> None:
    lines = list(explained.compared(two_runs(), 80))
    assert any(line.startswith("elman (layer 1):") for line in lines)
    assert all(len(line) <= 80 for line in lines)
