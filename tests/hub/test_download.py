"""Runs of the hub: revisions, the cache without a network, private repositories, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import recur
from recur.errors import RunError
from recur.hub import local_folder, prepare
from tests.hub.server import Hub


@pytest.fixture
def uploaded(hub: Hub, trained: Path) -> Hub:
    """A hub with the run ada/films."""
    prepare(trained, "ada/films").send()
    return hub


def test_a_path_is_returned_as_it_is() -> None:
    assert local_folder("runs/films") == Path("runs/films")


def test_a_revision_pins_a_commit(uploaded: Hub) -> None:
    repository = uploaded.repositories["ada/films"]
    first = repository.commits[-1][0]
    repository.commit({"README.md": b"emptied"})
    assert recur.load(f"hf://ada/films@{first}").predict("good film").value in ("yes", "no")
    with pytest.raises(RunError, match="is not a run of recur"):
        recur.load("hf://ada/films")


def test_only_files_of_a_run_are_downloaded(uploaded: Hub) -> None:
    uploaded.repositories["ada/films"].commit({**uploaded.files("ada/films"), "evil.py": b"1/0", "x.pt": b"x"})
    names = {path.name for path in local_folder("hf://ada/films").iterdir()}
    assert "model.safetensors" in names
    assert not names & {"evil.py", "x.pt", ".gitattributes"}


@pytest.mark.usefixtures("uploaded")
def test_a_kept_copy_is_used_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recur.load("hf://ada/films").predict("good film").scores
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert recur.load("hf://ada/films").predict("good film").scores == before


def test_offline_nothing_is_asked(uploaded: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    recur.load("hf://ada/films")
    uploaded.requests.clear()
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    recur.load("hf://ada/films")
    assert uploaded.requests == []


@pytest.mark.usefixtures("uploaded")
def test_a_private_run_needs_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(RunError, match="no token is set") as error:
        recur.load("hf://ada/films")
    assert "HF_TOKEN" in (error.value.hint or "")


@pytest.mark.parametrize("name", ["model.safetensors", "run.json", "metrics.json", "target_codec.json"])
def test_an_altered_download_is_refused(uploaded: Hub, name: str) -> None:
    files = dict(uploaded.files("ada/films"))
    files[name] = files[name][:-3] + bytes([files[name][-3] ^ 1]) + files[name][-2:]
    uploaded.repositories["ada/films"].commit(files)
    with pytest.raises(RunError, match="hf://ada/films cannot be opened"):
        recur.load("hf://ada/films")


@pytest.mark.usefixtures("uploaded")
def test_a_copy_altered_in_the_cache_is_refused() -> None:
    folder = local_folder("hf://ada/films")
    weights = (folder / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunError, match="altered after training") as error:
        recur.load("hf://ada/films")
    assert str(folder) in (error.value.hint or "")


def test_errors_say_what_happened_and_what_to_type(uploaded: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for address in ("hf://ada/filns", "hf://ada/films@nightly", "hf://films", "hf://ada/a--b"):
        with pytest.raises(RunError) as error:
            recur.load(address)
        said[address] = error.value.message
        assert error.value.hint
    assert "there is no repository ada/filns" in said["hf://ada/filns"]
    assert "has no revision nightly" in said["hf://ada/films@nightly"]
    assert "expected hf://USER/NAME" in said["hf://films"]
    uploaded.failing = 503
    with pytest.raises(RunError, match="cannot be read"):
        recur.load("hf://ada/other")
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RunError, match="cannot be reached"):
        recur.load("hf://ada/other")
