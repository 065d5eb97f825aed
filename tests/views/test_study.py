"""A study in the terminal and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur.views.study import importance_lines, importance_picture, table, trial_line

STUDY: dict[str, Any] = {
    "metric": "perplexity",
    "higher_is_better": False,
    "trials": 4,
    "options": ["lr", "cell"],
    "complete": 2,
}


def row(number: int, state: str, value: float | None = None, reason: str | None = None) -> dict[str, Any]:
    return {
        "number": number, "state": state, "value": value, "evaluations": 2, "last": 120.5, "seconds": 3.0,
        "values": {"lr": 0.00123456, "cell": "gru"}, "reason": reason,
    }  # fmt: skip


ROWS = [row(0, "complete", 110.0), row(1, "complete", 100.25), row(2, "pruned"), row(3, "failed", reason="no memory")]


def test_the_best_trials_are_first_and_the_others_are_counted() -> None:
    assert list(table(ROWS, STUDY)) == [
        "trial  perplexity       lr  cell",
        "    1       100.2  0.00123   gru",
        "    0       110.0  0.00123   gru",
        "and 1 pruned, 1 failed",
    ]


def test_a_trial_says_what_became_of_it() -> None:
    assert (
        trial_line(ROWS[1], ROWS, STUDY)
        == "trial 1: perplexity 100.2 (3 s); lr 0.00123, cell gru  [4/4]  * best so far"
    )
    assert "best" not in trial_line(ROWS[0], ROWS, STUDY)
    assert "pruned after evaluation 2, perplexity 120.5" in trial_line(ROWS[2], ROWS, STUDY)
    assert "failed: no memory" in trial_line(ROWS[3], ROWS, STUDY)


def test_importance_is_drawn_as_bars_and_as_a_picture(tmp_path: Path) -> None:
    first, second = importance_lines({"lr": 0.75, "cell": 0.25}, 60)
    assert first.startswith("lr     75.0 %")
    assert len(first) > len(second)
    importance_picture({"lr": 0.75, "cell": 0.25}, STUDY, tmp_path / "importance.png")
    assert (tmp_path / "importance.png").read_bytes().startswith(b"\x89PNG")
