"""Libraries loaded from checked bytes: what was read is what runs, whatever happens to the file."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

import pytest

from recur.compiler import library_loading, toolchain

pytestmark = pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """The bytes of libraries whose function ``number`` returns 0, 1 and 2."""
    folder = tmp_path_factory.mktemp("libraries")
    found = []
    for n in range(3):
        text = folder / f"{n}.cpp"
        text.write_text(f'extern "C" __attribute__((visibility("default"))) int number() {{ return {n}; }}')
        command = [*toolchain.compiler().words, "-shared", "-fPIC", str(text), "-o", str(folder / f"{n}.so")]
        subprocess.run(command, check=True, timeout=60)
        found.append((folder / f"{n}.so").read_bytes())
    return found


def opened() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_each_load_is_the_library_of_its_bytes_and_leaves_no_file_open(libraries):
    before = opened()
    loaded = [library_loading.load(content, "same name") for content in libraries]
    assert [one.number() for one in loaded] == [0, 1, 2]
    assert opened() == before


def test_without_files_in_memory_a_private_copy_is_loaded_and_removed(libraries, monkeypatch, tmp_path):
    def refused(*_: object) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refused)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    loaded = [library_loading.load(content, "copy") for content in libraries]
    assert [one.number() for one in loaded] == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_no_library_are_an_error():
    with pytest.raises(OSError):
        library_loading.load(b"not a library", "x")


def test_a_loaded_library_cannot_be_changed(libraries):
    loaded = library_loading.load(libraries[1], "sealed")
    mapped = Path("/proc/self/maps").read_text().splitlines()
    (line,) = [line for line in mapped if "memfd:sealed" in line and "r-x" in line]
    start = int(line.split("-")[0], 16)
    assert start <= ctypes.cast(loaded.number, ctypes.c_void_p).value
    assert "(deleted)" in line  # of no name that anything could open to write


def test_only_regular_files_of_bounded_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert library_loading.read(tmp_path / "file", 5) == b"12345"
    assert library_loading.read(tmp_path / "link") == b"12345"
    for name, most, own in (
        ("pipe", 9, False),
        (".", 9, False),
        ("file", 4, False),
        ("link", 9, True),
        ("no", 9, False),
    ):
        with pytest.raises(OSError):
            library_loading.read(tmp_path / name, most, own=own)
    with pytest.raises(OSError):
        library_loading.read("/dev/zero", 9)
