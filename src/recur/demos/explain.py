"""The report at the end of a demonstration: explanations of its networks side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recur.atomic import write_text
from recur.views.report import report


def write_report(path: Path, runs: Sequence[Path], sentences: Sequence[str], title: str = "") -> Path:
    """Explain the answers of several runs to several sentences, on one page that works offline.

    Parameters
    ----------
    path : Path
        The HTML file.
    runs : sequence of Path
        Run folders; the answers of the last are first, and the gradients of all are drawn on one axis.
    sentences : sequence of str
        The inputs.
    title : str
        Title of the page.

    Returns
    -------
    Path
        The same path.
    """
    from recur.model import load

    models = [load(run) for run in reversed(runs)]
    explanations = [model.inspect(sentence, options=3).data for sentence in sentences for model in models]
    write_text(path, report(explanations, title))
    return path
