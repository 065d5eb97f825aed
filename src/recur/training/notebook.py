"""Training progress in a notebook: one output that is updated, instead of one line per report."""

from __future__ import annotations

import importlib
import sys
import time
from collections import deque
from typing import Any

from recur.markup import escaped
from recur.printable import TEXT, printable
from recur.training.progress import Beginning, Evaluation, Step, evaluation_line, introduction, sample_lines, step_line

EVALUATIONS = 8
"""How many of the last evaluations are shown."""
PAUSE = 0.25  # seconds between two drawings of a step


def in_notebook() -> bool:
    """Return whether this runs in the kernel of a notebook; IPython is not loaded to find out."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


class Notebook:
    """The task, the last evaluations and the training position, in one output of the cell."""

    def __init__(self) -> None:
        self._above: list[str] = []
        self._evaluations: deque[str] = deque(maxlen=EVALUATIONS)
        self._samples: list[str] = []
        self._below: list[str] = []
        self._last_draw = 0.0
        self._output: Any = None

    def begin(self, beginning: Beginning) -> None:
        """Training begins or resumes."""
        self._above = introduction(beginning)
        self._draw()

    def step(self, step: Step) -> None:
        """Some updates were made."""
        self._below = [step_line(step)]
        if time.monotonic() - self._last_draw >= PAUSE:
            self._draw()

    def evaluated(self, evaluation: Evaluation) -> None:
        """The held-out rows were evaluated."""
        self._evaluations.append(evaluation_line(evaluation))
        self._samples = sample_lines(evaluation.samples)
        self._draw()

    def say(self, text: str) -> None:
        """Show another message: above the first evaluation before it, below it afterwards."""
        if self._evaluations:
            self._below = [*(line for line in self._below if not line.startswith("epoch ")), text]
        else:
            self._above.append(text)
        self._draw()

    def end(self) -> None:
        """Training ended, for whatever reason."""
        self._below = [line for line in self._below if not line.startswith("epoch ")]
        self._draw()

    def _draw(self) -> None:
        self._last_draw = time.monotonic()
        lines = [*self._above, *self._evaluations, *self._samples, *self._below]
        text = printable("\n".join(lines), TEXT)
        data = {"text/plain": text, "text/html": f"<pre>{escaped(text)}</pre>"}
        if self._output is None:
            self._output = importlib.import_module("IPython.display").display(data, raw=True, display_id=True)
        else:
            self._output.update(data, raw=True)
