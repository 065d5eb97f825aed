"""Cleanup of the cell cache: old cells go, new ones and files of others stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from recur.compiler.toolchain import SETS
from recur.engine.native import cache_cleanup

GENERATION = f"{'0' * 16}-{next(iter(SETS))}"
OLD = time.time() - (cache_cleanup.DAYS + 1) * 86400


def cell(base: Path, number: int, used: float | None = None) -> list[Path]:
    """The files of a cell in the cache, used now or at a time."""
    folder = base / GENERATION
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"cell-{number:024x}{end}" for end in (".so", ".cpp", ".sha256")]
    for file in files:
        file.write_bytes(b"x")
        if used is not None:
            os.utime(file, (used, used))
    return files


def test_a_cell_that_was_not_used_for_a_month_is_removed_once_per_process(tmp_path: Path) -> None:
    old, new = cell(tmp_path, 1, OLD), cell(tmp_path, 2)
    cache_cleanup.remove(tmp_path)
    assert not any(file.exists() for file in old)
    assert all(file.exists() for file in new)
    old = cell(tmp_path, 1, OLD)
    cache_cleanup.remove(tmp_path)
    assert all(file.exists() for file in old)


def test_of_many_cells_the_ones_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_cleanup, "MOST", 2)
    cells = [cell(tmp_path, number, time.time() - 100 * number) for number in range(4)]
    cache_cleanup.remove(tmp_path)
    assert [files[0].exists() for files in cells] == [True, True, False, False]


def test_files_of_others_and_links_are_never_removed(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    [library, *_] = cell(elsewhere, 1, OLD)
    (base / GENERATION).mkdir(parents=True)
    (base / GENERATION / "mine.so").write_bytes(b"x")
    os.utime(base / GENERATION / "mine.so", (OLD, OLD))
    (base / f"{'1' * 16}-{next(iter(SETS))}").symlink_to(library.parent)
    (base / "notes").mkdir()
    cache_cleanup.remove(base)
    assert library.exists()
    assert (base / GENERATION / "mine.so").exists()
    assert (base / "notes").is_dir()
