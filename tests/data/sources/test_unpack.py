"""Compressed files: read as what is in them, and refused where they are cut or damaged."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from recur.config import DataConfig
from recur.data.read import read
from recur.data.sources.unpack import compression, unpacked
from recur.errors import MissingExtraError
from tests.data.reading import refused, rows, written

TEXT = "text,label\n" + "".join(f"row number {place} is here,{place % 2}\n" for place in range(500))


def _zstd(raw: bytes) -> bytes:
    arrow = pytest.importorskip("pyarrow", reason='the extra "data" is not installed')
    packed: bytes = arrow.compress(raw, codec="zstd", asbytes=True)
    return packed


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", _zstd),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("suffix", "pack"), PACKERS)
def test_a_compressed_table_has_the_rows_and_places_of_the_plain_one(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    packed = written(tmp_path / f"a.csv{suffix}", pack(TEXT.encode()))
    plain = read(written(tmp_path / "plain" / "a.csv", TEXT), DataConfig())
    found = read(packed, DataConfig())
    assert rows(found) == rows(plain)
    assert (found.where(7), found.form, found.folder) == (plain.where(7), "csv", tmp_path)
    assert "unpacked once" in found.notes[0]


@pytest.mark.parametrize(("suffix", "pack"), PACKERS)
def test_a_cut_file_is_refused_wherever_it_is_cut(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    raw = pack(TEXT.encode())
    for place in (len(raw) - 1, len(raw) - 9, len(raw) // 2, 12):
        error = refused(lambda place=place: read(written(tmp_path / f"a.csv{suffix}", raw[:place]), DataConfig()))
        assert "is cut or damaged after" in error.message
        assert f"a.csv{suffix}" in error.message
        assert error.hint == "copy or download it again"


def test_a_damaged_gzip_file_is_refused_by_its_checksum(tmp_path: Path) -> None:
    raw = bytearray(gzip.compress(TEXT.encode()))
    raw[-6] ^= 0xFF
    assert "cut or damaged" in refused(lambda: read(written(tmp_path / "a.csv.gz", bytes(raw)), DataConfig())).message


def test_an_error_in_a_row_names_the_compressed_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv.gz", gzip.compress(b"text,label\na,1\nb\n"))
    assert refused(lambda: read(path, DataConfig())).message.startswith(f"{path}:3: 1 cells where the first row has 2")


def test_an_archive_of_files_is_refused_with_the_command_that_unpacks_it(tmp_path: Path) -> None:
    error = refused(lambda: unpacked(written(tmp_path / "a.tar.gz", gzip.compress(b"x"))))
    assert ("an archive of several files" in error.message, error.hint) == (True, "tar xf a.tar.gz")


def test_an_empty_compressed_file_is_refused(tmp_path: Path) -> None:
    assert "is empty" in refused(lambda: read(written(tmp_path / "a.csv.gz", gzip.compress(b"")), DataConfig())).message


def test_a_file_is_judged_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    assert compression(written(tmp_path / "a.gz", "plain text")) is None
    assert compression(written(tmp_path / "a.csv", gzip.compress(b"x"))) == "gzip"
    assert compression(tmp_path / "missing") is None


def test_zstd_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    path = written(tmp_path / "a.csv.zst", b"\x28\xb5\x2f\xfd1234")
    with pytest.raises(MissingExtraError) as caught:
        read(path, DataConfig())
    assert caught.value.hint == 'pip install "recur-nn[data]"'


@pytest.mark.parametrize(("suffix", "pack"), [(".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_damaged_second_stream_is_refused_and_a_sound_one_is_read(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    first, second = pack(TEXT.encode()), pack(b"one more,1\n")
    path = written(tmp_path / f"a.csv{suffix}", first + bytes(4) + second + bytes(8))
    assert len(read(path, DataConfig())) == 501
    damaged = written(tmp_path / f"b.csv{suffix}", first + b"\xff" + second[1:])
    assert "cut or damaged after" in refused(lambda: read(damaged, DataConfig())).message


def test_a_text_that_begins_as_bzip2_files_do_is_a_text(tmp_path: Path) -> None:
    assert compression(written(tmp_path / "a.txt", "BZhang is a name\n")) is None
    assert compression(written(tmp_path / "a.bz2", bz2.compress(b""))) == "bzip2"


def test_a_table_that_a_browser_unpacked_is_read_as_its_name_says(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv.gz", TEXT), DataConfig()).columns == ["text", "label"]
