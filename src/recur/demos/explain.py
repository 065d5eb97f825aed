"""The report at the end of a demonstration: explanations of its networks side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recur.atomic import write_text
from recur.views.report import report


def write_report(path: Path, runs: Sequence[Path], sentences: Sequence[str], title: str = "") -> Path:
    """Explain what some runs say to some sentences, on one page that works offline.

    Parameters
    ----------
    path : Path
        The HTML file.
    runs : sequence of Path
        Run folders; the last one's answers stand first, and the gradients of all are drawn on one axis.
    sentences : sequence of str
        What they are asked.
    title : str
        Above all.

    Returns
    -------
    Path
        The same path.
    """
    from recur.model import load

    models = [load(run) for run in reversed(runs)]
    found = [model.inspect(sentence, options=3).data for sentence in sentences for model in models]
    write_text(path, report(found, title))
    return path
