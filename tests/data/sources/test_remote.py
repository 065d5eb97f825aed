"""Remote stores: fsspec's memory store, a local web server, and the hub's cache without a network."""

from __future__ import annotations

import gzip
import http.server
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from recur.config import DataConfig
from recur.data.read import read
from recur.data.sources.remote import fetched, name_of, url_of
from recur.errors import DataError, MissingExtraError
from tests.data.reading import refused, rows, written

ROWS = '{"text": "good", "label": 1}\n{"text": "bad", "label": 0}\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def store() -> Any:
    """A folder of fsspec's memory store: its file system, and the beginning of its URLs."""
    fsspec = pytest.importorskip("fsspec", reason='the extra "data" is not installed')
    folder = uuid.uuid4().hex
    system = fsspec.filesystem("memory")
    yield system, folder
    system.rm(f"/{folder}", recursive=True)


def test_a_local_file_is_read_by_its_url(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason='the extra "data" is not installed')
    path = written(tmp_path / "a.jsonl", ROWS)
    found = read(Path(f"file://{path}"), DataConfig())
    assert (len(found), f"file://{path} was fetched" in found.notes[0]) == (2, True)


def test_a_url_that_was_a_path_is_a_url_again() -> None:
    assert url_of(Path("https://a.org/b/c.csv")) == "https://a.org/b/c.csv"
    assert url_of("/data/a.csv") is None
    assert name_of("s3://bucket/a.csv") == "a.csv"


def test_shards_of_a_store_are_one_table_and_changed_ones_are_fetched_again(store: Any) -> None:
    system, folder = store
    system.pipe(f"/{folder}/2.jsonl", b'{"text": "ugly", "label": 0}\n')
    system.pipe(f"/{folder}/1.jsonl", ROWS.encode())
    found = read(f"memory://{folder}/*.jsonl", DataConfig())
    assert [row["text"] for row in rows(found)] == ["good", "bad", "ugly"]
    assert "2 files of memory://" in found.notes[0]
    system.pipe(f"/{folder}/2.jsonl", b'{"text": "nice", "label": 1}\n')
    assert read(f"memory://{folder}/*.jsonl", DataConfig())[2]["text"] == "nice"


def test_an_error_in_a_remote_file_names_its_url(store: Any) -> None:
    system, folder = store
    system.pipe(f"/{folder}/a.jsonl", b'{"text": "good"}\n{"text"\n')
    message = refused(lambda: read(f"memory://{folder}/a.jsonl", DataConfig())).message
    assert message.startswith(f"memory://{folder}/a.jsonl:2: not JSON")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://nothing/a.csv", "there is no file memory://nothing/a.csv"),
        ("memory://nothing/*.csv", "no file matches memory://nothing/*.csv"),
        ("nowhere://a/b.csv", "there is no store of the protocol nowhere://"),
        ("hf://models/a/b", "expected hf://datasets/USER/NAME/FILES"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url: str, expected: str) -> None:
    pytest.importorskip("fsspec", reason='the extra "data" is not installed')
    assert expected in refused(lambda: read(url, DataConfig())).message


def test_a_store_whose_package_is_missing_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec", reason='the extra "data" is not installed')
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(MissingExtraError) as caught:
        read("s3://bucket/a.csv", DataConfig())
    assert caught.value.hint == "pip install s3fs"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        del words

    def end_headers(self) -> None:
        if "packed" in self.path:
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()

    def send_head(self) -> Any:
        if "broken" in self.path:
            self.send_error(503, "Service Unavailable")
            return None
        if self.command == "HEAD" and "short" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            return None
        return super().send_head()

    def guess_type(self, path: Any) -> str:
        return "text/csv" if "download" in str(path) else super().guess_type(path)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address of the web server that serves it."""
    pytest.importorskip("aiohttp", reason='the extra "data" is not installed')
    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_read_over_http_and_a_missing_one_is_refused(served: tuple[Path, str]) -> None:
    folder, address = served
    written(folder / "a.jsonl", ROWS)
    assert [row["label"] for row in rows(read(f"{address}/a.jsonl", DataConfig()))] == [1, 0]
    assert "there is no file" in refused(lambda: read(f"{address}/b.jsonl", DataConfig())).message


def test_what_a_server_compresses_is_unpacked_and_refused_where_it_is_cut(served: tuple[Path, str]) -> None:
    folder, address = served
    raw = gzip.compress(ROWS.encode() * 100)
    written(folder / "packed.jsonl", raw)
    assert len(read(f"{address}/packed.jsonl", DataConfig())) == 200
    written(folder / "packed-cut.jsonl", raw[:-12])
    message = refused(lambda: read(f"{address}/packed-cut.jsonl", DataConfig())).message
    assert message.startswith(f"{address}/packed-cut.jsonl: the gzip file is cut")


def test_a_file_is_read_to_its_end_where_the_server_says_that_it_is_shorter(served: tuple[Path, str]) -> None:
    folder, address = served
    written(folder / "short.jsonl", ROWS)
    assert len(read(f"{address}/short.jsonl", DataConfig())) == 2


def test_a_server_that_fails_or_is_silent_is_told_from_a_missing_file(served: tuple[Path, str]) -> None:
    _, address = served
    assert "503" in refused(lambda: read(f"{address}/broken.jsonl", DataConfig())).message
    assert "Cannot connect" in refused(lambda: read("http://127.0.0.1:1/a.jsonl", DataConfig())).message


def test_a_query_is_no_pattern_and_a_name_without_ending_is_read_by_its_type(served: tuple[Path, str]) -> None:
    folder, address = served
    written(folder / "download", "text,label\ngood,1\nbad,0\n")
    found = read(f"{address}/download?part[]=*", DataConfig())
    assert (found.columns, len(found)) == (["text", "label"], 2)


def _hub_cache(folder: Path, files: dict[str, str]) -> None:
    """Write files as the hub's client keeps a data set that it fetched."""
    inner, commit = folder / "datasets--ann--reviews", "0" * 40
    written(inner / "refs" / "main", commit)
    for name, content in files.items():
        written(inner / "snapshots" / commit / name, content)


def test_a_data_set_of_the_hub_is_read_from_the_local_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants", reason='the extra "data" is not installed')
    _hub_cache(tmp_path / "hub", {"data/a.jsonl": ROWS, "data/b.jsonl": ROWS, "README.md": "x"})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    found = read("hf://datasets/ann/reviews/data/*.jsonl", DataConfig())
    assert (len(found), found.where(2)) == (4, "b.jsonl:1")
    assert (
        "has no file data/*.csv" in refused(lambda: read("hf://datasets/ann/reviews/data/*.csv", DataConfig())).message
    )
    assert "hf download" in (refused(lambda: read("hf://datasets/ann/others/*.csv", DataConfig())).hint or "")


@pytest.mark.parametrize("url", ["https://me:hidden@host.example/a.csv", "ftp://:hidden@host.example/a.csv?x=1"])
def test_a_url_with_a_password_is_refused_and_the_password_is_not_printed(url: str) -> None:
    with pytest.raises(DataError, match="has a password") as caught:
        fetched(url)
    assert "hidden" not in f"{caught.value.message} {caught.value.hint}"
