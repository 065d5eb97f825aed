"""Kept copies: made once, whole, and removed after a month without use."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from recur.data.sources import kept
from recur.errors import ConfigError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cache"))


def _maker(text: str, calls: list[str]) -> object:
    def make(part: Path) -> None:
        calls.append(text)
        part.write_text(text)

    return make


def test_a_copy_is_made_once_and_another_identity_gives_another_copy() -> None:
    calls: list[str] = []
    first = kept.kept("a 1", "rows.csv", _maker("one", calls))
    assert kept.kept("a 1", "rows.csv", _maker("again", calls)) == first
    other = kept.kept("a 2", "rows.csv", _maker("two", calls))
    assert (first.read_text(), other.read_text(), calls) == ("one", "two", ["one", "two"])


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def make(part: Path) -> None:
        part.write_text("half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        kept.kept("a", "rows.csv", make)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_copy_that_was_not_used_for_a_month_is_removed_when_another_is_made() -> None:
    old = kept.kept("old", "rows.csv", lambda part: part.write_text("old") and None)
    used = kept.kept("used", "rows.csv", lambda part: part.write_text("used") and None)
    long_ago = time.time() - 40 * 86400
    for path in (old, used):
        os.utime(path.parent, (long_ago, long_ago))
    kept.kept("used", "rows.csv", Path.touch)
    kept.kept("new", "rows.csv", lambda part: part.write_text("new") and None)
    assert (old.exists(), used.exists()) == (False, True)


def test_a_relative_cache_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_CACHE", "here")
    with pytest.raises(ConfigError, match='RECUR_CACHE is "here", expected an absolute path'):
        kept.cache_folder()


def test_a_file_that_was_changed_has_another_identity(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    before = kept.file_identity(path)
    path.write_text("b")
    os.utime(path, ns=(1, 1))
    assert kept.file_identity(path) != before
