"""Which files a source is: patterns, URLs, compressed files, and names that are none of these."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from recur.data.sources.resolve import names_files, resolve
from tests.data.reading import refused, written


def test_a_pattern_is_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        written(tmp_path / name, "x\n")
    found = resolve(f"{tmp_path}/*.csv")
    assert found is not None
    assert ([part.path.name for part in found.parts], found.several) == (["a.csv", "b.csv"], True)


def test_excluded_names_are_left_out_and_nothing_left_is_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        written(tmp_path / name, "x\n")
    found = resolve(f"{tmp_path}/*.csv", ["b*"])
    assert found is not None
    assert [part.path.name for part in found.parts] == ["a.csv"]
    assert "every file is excluded" in refused(lambda: resolve(f"{tmp_path}/*.csv", ["*"])).message


def test_a_plain_file_and_a_file_with_signs_of_a_pattern_are_read_as_they_are(tmp_path: Path) -> None:
    assert resolve(written(tmp_path / "a.csv", "x\n")) is None
    assert resolve(written(tmp_path / "a[1].csv", "x\n")) is None


def test_a_link_to_a_missing_file_and_a_pipe_are_refused_unless_excluded(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", "x\n")
    (tmp_path / "b 1.csv").symlink_to(tmp_path / "missing.csv")
    error = refused(lambda: resolve(f"{tmp_path}/*.csv"))
    assert "b 1.csv is a link to a file that is missing" in error.message
    assert "--exclude 'b 1.csv'" in (error.hint or "")
    found = resolve(f"{tmp_path}/*.csv", ["b*"])
    assert found is not None
    assert [part.path.name for part in found.parts] == ["a.csv"]
    os.mkfifo(tmp_path / "c.csv")
    assert "c.csv is a pipe" in refused(lambda: resolve(f"{tmp_path}/*.csv", ["b*"])).message


def test_the_note_names_the_file_that_was_unpacked_and_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cache"))
    written(tmp_path / "a.csv", "x\n")
    written(tmp_path / "b.csv.gz", gzip.compress(b"x\n"))
    found = resolve(f"{tmp_path}/*.csv*")
    assert found is not None
    assert found.notes == [f"{tmp_path}/b.csv.gz was unpacked once: 1 MB in {tmp_path}/cache/rows"]


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    error = refused(lambda: resolve(f"{tmp_path}/*.csv"))
    assert "no file matches" in error.message
    assert "quote it" in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("s3://a/b.csv", True), ("see https://a.org for more", False), ("why?", False), ("a\nb", False)],
)
def test_a_sentence_is_not_the_name_of_a_file(text: str, expected: bool) -> None:
    assert names_files(text) is expected
