"""The command of this process, from its first import on."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from recur.__main__ import main


class Interrupting(ModuleType):
    """A module whose import is interrupted by Ctrl-C."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


def test_an_interruption_while_importing_is_reported_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "recur.cli", Interrupting("recur.cli"))
    assert main() == 130
    assert capsys.readouterr().err == "stopped: interrupted\n"
