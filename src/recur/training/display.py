"""The choice of a progress display: terminal, notebook or plain lines."""

from __future__ import annotations

import sys

from recur.training.notebook import Notebook, in_notebook
from recur.training.progress import Lines, Progress, Terminal


def automatic() -> Progress:
    """Return the live display where standard error is a terminal, one output in a notebook, else plain lines."""
    if in_notebook():
        return Notebook()
    return Terminal() if sys.stderr.isatty() else Lines()
