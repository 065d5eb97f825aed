"""Which display of progress fits where training runs."""

from __future__ import annotations

import sys

import pytest

from recur.training import display
from recur.training.notebook import Notebook
from recur.training.progress import Lines, Terminal


@pytest.mark.parametrize(
    ("notebook", "terminal", "expected"),
    [(True, True, Notebook), (True, False, Notebook), (False, True, Terminal), (False, False, Lines)],
)
def test_the_display_is_that_of_the_place(
    monkeypatch: pytest.MonkeyPatch, notebook: bool, terminal: bool, expected: type
) -> None:
    monkeypatch.setattr(display, "in_notebook", lambda: notebook)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert type(display.automatic()) is expected
