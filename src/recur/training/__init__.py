"""Training: one explicit loop, with one file for each of its parts."""

from __future__ import annotations

from recur.evaluation.evaluate import evaluate
from recur.training.display import automatic
from recur.training.loop import learn
from recur.training.pause import Interrupted, Paused
from recur.training.progress import Lines, Progress, Silent, Terminal
from recur.training.session import Learned

__all__ = [
    "Interrupted", "Learned", "Lines", "Paused", "Progress", "Silent", "Terminal", "automatic", "evaluate", "learn",
]  # fmt: skip
