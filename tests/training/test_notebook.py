"""Progress in a notebook: one output that is drawn again, of few lines, however long training is."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from examples.files import GOOD

import recur
from recur.training import Lines, automatic
from recur.training.notebook import EVALUATIONS, Notebook

ROWS = [{"text": f"a {word} film", "label": "good" if word in GOOD else "bad"} for word in [*GOOD, "dull", "flat"]] * 8


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every output of a kernel, as the texts that it showed one after the other."""
    every: list[list[str]] = []

    class Handle:
        def __init__(self, shown: list[str]) -> None:
            self._shown = shown

        def update(self, data: dict[str, str], *, raw: bool) -> None:
            assert raw
            assert data["text/html"].startswith("<pre>")
            self._shown.append(data["text/plain"])

    def display(data: dict[str, str], **options: Any) -> Handle:
        assert options == {"raw": True, "display_id": True}
        every.append([data["text/plain"]])
        return Handle(every[-1])

    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return every


def test_a_long_training_is_one_output_of_few_lines(
    outputs: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    recur.fit(ROWS, target="label", epochs=30, hidden_size=4, seed=0)
    [shown] = outputs
    assert capsys.readouterr() == ("", "")
    assert max(len(text.splitlines()) for text in shown) < 40
    last = shown[-1].splitlines()
    assert last[0] == "text, label -> many-to-one, words -> 2 classes"
    assert sum(line.startswith("held out after") for line in last) == EVALUATIONS
    assert [line.split(":")[0] for line in last[-2:]] == ["finished", "verdict"]
    assert not any(line.startswith("epoch ") for line in last)


def test_outside_of_a_kernel_progress_is_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(automatic(), Lines)
    shell = ModuleType("IPython")
    shell.get_ipython = lambda: SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert isinstance(automatic(), Lines)
    shell.get_ipython = lambda: SimpleNamespace(kernel=object())
    assert isinstance(automatic(), Notebook)
