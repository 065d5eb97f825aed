"""Writing replaces a file in one step, follows no link, and says in a sentence what the system refuses."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recur import atomic
from recur.errors import RecurError, WriteError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "deeper" / "a.txt"
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before)
    atomic.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["a.txt"]


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_failure_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    def write_half() -> None:
        with atomic.replacing(tmp_path / "a.txt") as part:
            part.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "é" * 127):
        atomic.write_text(tmp_path / name, "x")
        assert (tmp_path / name).read_text() == "x"


def make_link(path: Path) -> None:
    path.symlink_to("precious")


def make_dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


IRREGULAR = [(make_link, "a link to precious"), (make_dangling, "a link to nowhere"), (make_pipe, "a named pipe"),
             (Path.mkdir, "a folder")]  # fmt: skip


@pytest.mark.parametrize(("make", "words"), IRREGULAR)
@pytest.mark.parametrize("write", [lambda path: atomic.write_text(path, "new"), atomic.open_in_place])
def test_what_is_no_regular_file_is_not_written_through(tmp_path: Path, make: Any, words: str, write: Any) -> None:
    (tmp_path / "precious").write_text("mine")
    make(tmp_path / "a")
    with pytest.raises(WriteError, match=words):
        write(tmp_path / "a")
    assert (tmp_path / "precious").read_text() == "mine"
    assert names(tmp_path) == ["a", "precious"]


def test_links_in_the_place_of_known_temporary_names_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    for name in ("a.part", ".a.part", "a.tmp", "a.new"):
        (tmp_path / name).symlink_to("precious")
    atomic.write_text(tmp_path / "a", "new")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_file_with_a_second_name_is_not_changed_in_place(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    os.link(tmp_path / "precious", tmp_path / "log")
    with pytest.raises(WriteError, match="2 names"):
        atomic.open_in_place(tmp_path / "log")
    assert (tmp_path / "precious").read_text() == "mine"
    # replacing one name leaves the other one as it is
    atomic.write_text(tmp_path / "log", "new")
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, r"disk is full.*bytes are free, 3 bytes are needed"), (errno.EDQUOT, "quota"),
     (errno.EFBIG, "limit on the size of a file"), (errno.EROFS, "read-only"), (errno.EACCES, "permission denied"),
     (errno.EIO, "input/output error")],
)  # fmt: skip
@pytest.mark.parametrize("place", ["fsync", "replace"])
def test_what_the_system_refuses_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, place: str
) -> None:
    (tmp_path / "a").write_text("old")

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, place, refuse)
    with pytest.raises(WriteError, match=words) as caught:
        atomic.write_text(tmp_path / "a", "new")
    assert isinstance(caught.value, RecurError)
    assert isinstance(caught.value, OSError)
    assert caught.value.hint
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_limit_of_the_system_is_a_sentence_and_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    code = (
        "import pathlib, resource, sys; from recur import atomic, errors\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (4096, {resource.RLIM_INFINITY}))\n"
        "try: atomic.write_bytes(pathlib.Path(sys.argv[1]), bytes(10000))\n"
        "except errors.WriteError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True, check=True)
    assert "10,000 bytes are needed" in done.stdout
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_flushed_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="the disk is full"):
        atomic.flush_folder(tmp_path)


def test_a_parent_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WriteError, match="a file is in the place of a folder"):
        atomic.write_text(tmp_path / "file" / "a", "x")


def ours(name: str) -> bool:
    return name in ("one", "two")


@pytest.mark.parametrize("more", ["mine.txt", "sub/", "one@link", "."])
def test_a_folder_is_removed_only_when_all_in_it_is_ours(tmp_path: Path, more: str) -> None:
    folder = tmp_path / "000001"
    folder.mkdir()
    (folder / "two").write_text("2")
    (tmp_path / "precious").write_text("mine")
    if more == "mine.txt":
        (folder / more).write_text("mine")
    elif more == "sub/":
        (folder / "one").mkdir()
    elif more == "one@link":
        (folder / "one").symlink_to(tmp_path / "precious")
    before = names(folder)
    assert atomic.remove_folder(folder, ours) is (more == ".")
    assert folder.exists() is (more != ".")
    if more != ".":
        assert names(folder) == before
        assert atomic.strangers(folder, ours)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_linked_folder_and_what_it_leads_to_stay(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "one").write_text("mine")
    (tmp_path / "link").symlink_to("mine", target_is_directory=True)
    assert not atomic.remove_folder(tmp_path / "link", ours)
    assert not atomic.remove_file(tmp_path / "link")
    with pytest.raises(WriteError, match="a link to mine"):
        atomic.make_folder(tmp_path / "link")
    assert names(tmp_path / "mine") == ["one"]
    assert names(tmp_path) == ["link", "mine"]


def test_temporary_names_are_known_and_differ(tmp_path: Path) -> None:
    made = {atomic.create_beside(tmp_path / "run.json").name for _ in range(5)}
    assert len(made) == 5
    assert {atomic.unfinished(name) for name in made} == {"run.json"}
    assert atomic.unfinished("run.json.part") is None
