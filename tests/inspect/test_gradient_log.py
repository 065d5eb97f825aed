"""What training recorded of gradients is read from a journal that may be damaged, cut short, endless or no file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from recur.errors import RunError
from recur.inspect import recorded
from recur.inspect.gradient_log import LONGEST_LINE


def report(place: int, **changes: Any) -> str:
    record = {
        "event": "gradients", "step": place, "distance": [0, 1, 2], "layers": [{"norms": {"h": [1.0, 0.5, None]}}],
    }  # fmt: skip
    return json.dumps(record | changes) + "\n"


def journal(folder: Path, text: str) -> Path:
    (folder / "log.jsonl").write_text(text)
    return folder


def test_six_reports_are_spread_over_training(tmp_path: Path) -> None:
    lines = [report(step) + json.dumps({"event": "step", "step": step}) + "\n" for step in range(60)]
    found = recorded(journal(tmp_path, "".join(lines)))
    assert [one["step"] for one in found] == [0, 12, 24, 35, 47, 59]
    assert found[0]["distance"] == [0, 1, 2]
    assert found[0]["norm"] == [1.0, 0.5, None]


@pytest.mark.parametrize("text", ["", report(1)[:-9], '{"event": "gradients", "layers": []}\n', "what is this\n"])
def test_a_journal_without_a_whole_report_has_none(tmp_path: Path, text: str) -> None:
    assert recorded(journal(tmp_path, text)) == []


def test_a_run_without_a_journal_has_none(tmp_path: Path) -> None:
    assert recorded(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        report(2, layers=3), report(2, layers=[{}]), report(2, layers=[{"norms": {}}]), report(2, distance=None),
        report(2, distance=[1]), report(2, step="x"), report(2, layers=[{"norms": {"h": ["x", 1, 1]}}]),
        '{"event": "gradients", \n', '{"gradients": ' + "[" * 5000 + "\n", "x" * (LONGEST_LINE + 9) + "\n",
    ],
)  # fmt: skip
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(RunError, match=r"log\.jsonl:2 ") as caught:
        recorded(journal(tmp_path, report(1) + line + report(3)))
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "log.jsonl")
    with pytest.raises(RunError, match="expected a regular file"):
        recorded(tmp_path)
