"""JSON lines that are cut back to what a checkpoint had seen."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from recur.errors import WriteError
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


def test_a_line_that_does_not_fit_is_refused_by_the_name_of_the_file_and_not_written_in_part(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system does not limit the size of files")
    path = tmp_path / "log.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path) as log:
        log.write({"step": 1})
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
        try:
            with pytest.raises(WriteError, match=r"log\.jsonl cannot be written: .*, 13 bytes are needed"):
                log.write({"step": 23})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == '{"step": 1}\n'
