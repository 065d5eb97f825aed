"""JSON lines that are cut back to what a checkpoint had seen."""

from __future__ import annotations

import json
import math
from pathlib import Path

from recur.training.journal import Journal


def test_lines_after_the_position_are_written_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Journal(path) as log:
        log.write({"step": 1})
        kept = log.sync()
        log.write({"step": 2, "loss": math.nan, "text": "é"})
    assert [json.loads(line) for line in path.read_text().splitlines()][1] == {"step": 2, "loss": None, "text": "é"}
    with Journal(path, kept) as log:
        assert log.position == kept
        log.write({"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 3}\n'


def test_without_a_file_nothing_is_kept() -> None:
    with Journal(None) as log:
        log.write({"step": 1})
        assert log.position == 0
