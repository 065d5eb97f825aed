"""The cache of compiled cells: what is taken from it, who may write to it, and what is left of it after a crash."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recur.compiler import cplusplus, manifest, toolchain
from recur.engine.native import cache_cleanup, library
from tests.engine.helpers import assert_native_is_eager, make
from tests.engine.new_cells import first_use, forget, new_cell, refused

KEPT = 0.113  # the number in a cell that is compiled once for all tests
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """An empty folder for compiled cells."""
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cells"))
    forget()
    return tmp_path / "cells"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A cache that holds the cell ``KEPT``, to be copied."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RECUR_CACHE", str(tmp_path_factory.mktemp("compiled") / "cells"))
        forget()
        first_use(new_cell(KEPT))
        return toolchain.cache_folder()


@pytest.fixture
def filled(kept, compiled):
    """The cache with the cell ``KEPT`` in it."""
    shutil.copytree(compiled, kept)
    return kept


def other_text(monkeypatch):
    write = cplusplus.source
    monkeypatch.setattr(cplusplus, "source", lambda made, name: f"// of another version\n{write(made, name)}")


def other_flags(monkeypatch):
    monkeypatch.setattr(toolchain, "_FLAGS", (*toolchain._FLAGS, "-fno-inline"))


def other_headers(monkeypatch):
    monkeypatch.setattr(manifest, "headers_digest", lambda: "f" * 64)


def other_compiler(monkeypatch):
    found = toolchain.compiler()
    monkeypatch.setattr(toolchain, "compiler", lambda: toolchain.Compiler(found.words, "version 99"))


@pytest.mark.parametrize("change", [other_text, other_flags, other_headers, other_compiler])
def test_a_cell_that_was_compiled_from_anything_else_is_not_taken(filled, monkeypatch, change):
    forget()
    change(monkeypatch)
    assert len(first_use(new_cell(KEPT))) == 1
    assert len(list(filled.rglob("*.so"))) == 2
    forget()
    assert first_use(new_cell(KEPT)) == []


def test_a_cell_whose_generator_was_at_fault_is_not_taken_after_the_fix(kept, monkeypatch):
    with monkeypatch.context() as faulty:
        write = cplusplus.source
        faulty.setattr(cplusplus, "source", lambda made, name: write(made, name).replace("tanh(", "sigmoid("))
        first_use(new_cell(0.1131))
    forget()
    assert len(first_use(new_cell(0.1131))) == 1
    assert_native_is_eager(make(new_cell(0.1131), 3, 2, 2, 4))
    assert len(list(kept.rglob("*.so"))) == 2


@pytest.mark.usefixtures("filled")
def test_without_a_compiler_a_cell_that_another_one_made_is_taken(monkeypatch):
    forget()
    monkeypatch.setattr(toolchain, "compiler", lambda: None)
    assert first_use(new_cell(KEPT)) == []


def damaged_library(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def cut_library(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def library_without_its_hash(path: Path) -> None:
    path.with_suffix(".sha256").unlink()


def hash_of_another_file(path: Path) -> None:
    path.with_suffix(".sha256").write_text(f"{'0' * 64}  {path.name}\n")


def linked_library(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.so")
    path.symlink_to(path.parent.parent / "elsewhere.so")


def pipe_for_a_hash(path: Path) -> None:
    path.with_suffix(".sha256").unlink()
    os.mkfifo(path.with_suffix(".sha256"))


@pytest.mark.parametrize(
    "damage",
    [damaged_library, cut_library, library_without_its_hash, hash_of_another_file, linked_library, pipe_for_a_hash],
)
def test_a_library_that_is_not_what_was_hashed_is_made_again(filled, damage):
    (path,) = filled.rglob("cell-*.so")
    damage(path)
    forget()
    assert len(first_use(new_cell(KEPT))) == 1
    assert not path.is_symlink()
    assert_native_is_eager(make(new_cell(KEPT), 3, 2, 2, 4))
    forget()
    assert first_use(new_cell(KEPT)) == []


def test_a_library_that_is_cut_short_after_its_load_still_runs(filled):
    first_use(new_cell(KEPT))
    (path,) = filled.rglob("cell-*.so")
    os.truncate(path, 0)
    assert_native_is_eager(make(new_cell(KEPT), 3, 2, 2, 4))


@pytest.mark.parametrize(("which", "mode"), [("folder", 0o777), ("folder", 0o770), ("generation", 0o775)])
def test_a_folder_that_others_can_write_to_is_refused_with_what_to_type(filled, which, mode):
    path = filled if which == "folder" else next(filled.iterdir())
    path.chmod(mode)
    reason = refused(KEPT)
    assert reason == f"{path} can be written to by others (mode {mode:03o}), expected 700 (chmod 700 {path})"
    path.chmod(0o700)
    forget()
    assert first_use(new_cell(KEPT)) == []


def test_a_new_cache_belongs_to_its_user_alone(kept):
    before = os.umask(0)
    try:
        first_use(new_cell(0.1211))
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (kept, *kept.iterdir())} == {0o700}


def test_a_folder_of_another_user_is_refused(kept, monkeypatch):
    kept.mkdir(mode=0o700)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert refused(0.1212).startswith(f"{kept} belongs to user {own}, expected {own + 1}")


@pytest.mark.parametrize("which", ["folder", "generation"])
def test_a_folder_behind_a_link_is_refused(filled, tmp_path, which):
    path = filled if which == "folder" else next(filled.iterdir())
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    forget()
    assert f"{path} is a link, expected a folder" in refused(KEPT)


def test_a_folder_in_one_that_everybody_can_rename_in_is_refused(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "open" / "cells"))
    assert "can be written to by everybody" in refused(0.1214)
    (tmp_path / "open").chmod(0o1777)
    forget()
    assert len(first_use(new_cell(0.1214))) == 1


def test_a_relative_folder_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECUR_CACHE", "cells")
    assert 'RECUR_CACHE is "cells", expected an absolute path' in refused(0.1215)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["lock", "so", "sha256", "cpp"])
def test_what_is_in_the_way_of_a_file_is_a_reason_and_no_link_is_written_through(filled, tmp_path, end):
    (path,) = filled.rglob("cell-*.so")
    for one in filled.rglob("cell-*"):
        one.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.with_suffix(f".{end}").symlink_to(victim)
    forget()
    if end == "lock":
        assert "compiled cells cannot be kept in" in refused(KEPT)
    else:
        assert len(first_use(new_cell(KEPT))) == 1
    assert victim.read_text() == "precious"
    for one in filled.rglob("cell-*"):
        one.unlink()
    path.with_suffix(f".{end}").mkdir()
    forget()
    assert "compiled cells cannot be kept in" in refused(KEPT)
    assert not list(filled.rglob(".cell-*"))


@pytest.mark.parametrize("where", ["write_text", "write_bytes"])
def test_a_full_disk_is_a_reason_and_leaves_nothing(kept, monkeypatch, where):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, where, full)
    assert "compiled cells cannot be kept in" in refused(0.1217)
    assert "No space left on device" in library._cells[next(reversed(library._cells))].message
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def test_killed_at_any_moment_the_cache_still_works(kept):
    text = "from tests.engine.new_cells import first_use, new_cell; first_use(new_cell(0.1218))"
    for n, delay in enumerate((0.0, 0.2, 0.5)):
        worker = subprocess.Popen(
            [sys.executable, "-c", text],
            cwd=Path(__file__).parents[3],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ends = time.monotonic() + 60
        while not list(kept.rglob(".cell-*")) and worker.poll() is None and time.monotonic() < ends:
            time.sleep(0.005)
        time.sleep(delay)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(timeout=60)
        forget()
        assert len(first_use(new_cell(0.1218))) <= 1, n
        assert_native_is_eager(make(new_cell(0.1218), 3, 2, 2, 4))
        for path in kept.rglob("cell-*"):
            path.unlink()


def test_old_cells_are_removed_and_nothing_of_anybody_else(filled):
    kept = filled
    (current,) = kept.iterdir()
    past = time.time() - 100 * 86400
    gone = [
        kept / f"{'a' * 16}-avx2" / f"cell-{'b' * 24}.so",
        kept / f"{'a' * 16}-avx2" / f"cell-{'b' * 24}.cpp",
        kept / f"{'a' * 16}-avx2" / f"cell-{'b' * 24}.lock",
        kept / f"{'a' * 16}-avx2" / f".cell-{'b' * 24}.12345678.so",
        kept / f"{'d' * 16}-avx2" / f"cell-{'b' * 24}-{'c' * 8}.so",
        current / f"cell-{'b' * 24}-{'c' * 8}.sha256",
        current / f".cell-{'b' * 24}-{'c' * 8}.abcd_123" / f"cell-{'b' * 24}-{'c' * 8}.cpp",
    ]
    stays = [
        kept / f"{'d' * 16}-avx2" / "notes.txt",
        kept / "my-folder" / f"cell-{'b' * 24}.so",
        kept / f"cell-{'b' * 24}.so",
        current / "cell-mine.so",
        current / f"cell-{'b' * 24}.tar.so",
    ]
    for path in (*gone, *stays):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        os.utime(path, (past, past))
    os.utime(gone[-1].parent, (past, past))
    (kept / f"{'e' * 16}-avx2").symlink_to(kept / "my-folder")
    forget()
    assert first_use(new_cell(0.12191)) != []
    assert [path.exists() for path in gone] == [False] * len(gone)
    assert [path.exists() for path in stays] == [True] * len(stays)
    assert not (kept / f"{'a' * 16}-avx2").exists()
    assert (kept / f"{'e' * 16}-avx2").is_symlink()
    assert len(list(current.glob("cell-*.sha256"))) == 2


def test_the_number_of_kept_cells_is_bounded(filled, monkeypatch):
    monkeypatch.setattr(cache_cleanup, "MOST", 2)
    (path,) = filled.rglob("cell-*.so")
    for n in range(3):
        made = path.with_name(f"cell-{n:024x}.so")
        made.write_bytes(b"x")
        os.utime(made, (time.time() - 1000 + n,) * 2)
    first_use(new_cell(0.123))
    assert len(list(filled.rglob("cell-*.so"))) == 2
    forget()
    assert first_use(new_cell(0.123)) == []
