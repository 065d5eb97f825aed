"""The file of the access log: renamed, refused, full."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from recur.errors import RecurError
from recur.serve.access_log import AccessLog


def test_after_a_rename_a_new_log_is_created(tmp_path: Path) -> None:
    file = tmp_path / "access.jsonl"
    log = AccessLog(str(file))
    log.write("::1", "GET", "/a", 200, 0.1, 0, 1)
    file.rename(tmp_path / "old.jsonl")
    log.write("::1", "GET", "/b", 200, 0.1, 0, 1)
    log.close()
    assert json.loads(file.read_text())["path"] == "/b"
    assert json.loads((tmp_path / "old.jsonl").read_text())["path"] == "/a"


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "none" / "log"):
        with pytest.raises(RecurError, match="not written|cannot be written"):
            AccessLog(str(target))


def test_a_full_disk_loses_lines_and_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with full.open("wb", buffering=0) as device:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(device, write_through=True))
        log = AccessLog("stdout")
        for _ in range(3):
            log.write("::1", "GET", "/a", 200, 0.1, 0, 1)
    assert [record.getMessage() for record in caplog.records if "lines are lost" in record.getMessage()] == [
        "the access log cannot be written, lines are lost: [Errno 28] No space left on device"
    ]
