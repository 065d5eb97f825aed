"""A run that is uploaded can be loaded from the hub; what must not leave the machine stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import recur
from recur.errors import RunError
from recur.hub import prepare
from tests.hub.server import TOKEN, Hub, Repository


@pytest.mark.usefixtures("hub")
def test_an_uploaded_run_answers_as_the_folder_does(trained: Path) -> None:
    commit = prepare(trained, "ada/films").send()
    loaded = recur.load("hf://ada/films")
    assert commit.startswith("hf://ada/films@")
    assert loaded.predict("good film").scores == recur.load(trained).predict("good film").scores
    assert loaded.title == "films"


def test_only_the_files_of_the_run_are_uploaded(hub: Hub, trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    shutil.copytree(trained, folder)
    (folder / "secret.csv").write_text("my rows")
    upload = prepare(folder, "ada/films")
    upload.send()
    assert sorted(hub.files("ada/films")) == sorted([".gitattributes", *upload.files])
    assert {"secret.csv", "samples.jsonl", "log.jsonl", "checkpoint/"} <= set(upload.left_out)
    assert not {"secret.csv", "samples.jsonl"} & set(upload.files)
    assert any("vocabulary" in line for line in upload.reveals)


def test_weights_go_as_safetensors_and_nothing_as_pickle(hub: Hub, trained: Path) -> None:
    prepare(trained, "ada/films").send()
    files = hub.files("ada/films")
    assert files["model.safetensors"] == (trained / "model.safetensors").read_bytes()
    assert not [name for name in files if name.endswith((".pt", ".bin", ".pkl", ".py"))]


def test_nothing_is_sent_before_send(hub: Hub, trained: Path) -> None:
    prepare(trained, "ada/films")
    assert hub.requests == []


def test_a_new_repository_is_private_unless_asked_otherwise(hub: Hub, trained: Path) -> None:
    prepare(trained, "ada/hidden").send()
    prepare(trained, "ada/shown").send(public=True)
    assert hub.repositories["ada/hidden"].private
    assert not hub.repositories["ada/shown"].private


def test_a_second_upload_removes_files_that_the_run_lacks_and_no_others(hub: Hub, trained: Path) -> None:
    prepare(trained, "ada/films").send()
    repository = hub.repositories["ada/films"]
    repository.commit({**hub.files("ada/films"), "cell.json": b"{}", "notes.txt": b"mine"})
    prepare(trained, "ada/films").send()
    assert "cell.json" not in hub.files("ada/films")
    assert hub.files("ada/films")["notes.txt"] == b"mine"
    assert recur.load("hf://ada/films").predict("good film").value in ("yes", "no")


def test_a_repository_of_something_else_is_refused(hub: Hub, trained: Path) -> None:
    hub.repositories["ada/films"] = Repository(private=False)
    hub.repositories["ada/films"].commit({"pytorch_model.bin": b"x"})
    with pytest.raises(RunError, match="is not a run of recur") as error:
        prepare(trained, "ada/films").send()
    assert error.value.hint == "give the name of a new repository"
    assert list(hub.files("ada/films")) == ["pytorch_model.bin"]


def test_an_altered_run_is_not_uploaded(hub: Hub, trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    shutil.copytree(trained, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(RunError, match="altered after training"):
        prepare(folder, "ada/films")
    assert hub.requests == []


@pytest.mark.parametrize("name", ["films", "ada/films/x", "ada/fi lms", "ada/a--b", "../films", "ada/films@main"])
def test_a_wrong_name_is_refused_before_anything_is_sent(hub: Hub, trained: Path, name: str) -> None:
    with pytest.raises(RunError) as error:
        prepare(trained, name)
    assert error.value.hint
    assert hub.requests == []


@pytest.mark.usefixtures("hub")
def test_without_a_token_the_hint_says_where_one_is_made(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(RunError, match="no token is set") as error:
        prepare(trained, "ada/films").send()
    assert "settings/tokens" in (error.value.hint or "")


@pytest.mark.usefixtures("hub")
def test_a_name_of_another_user_is_refused_with_what_the_hub_says(trained: Path) -> None:
    with pytest.raises(RunError, match="namespace"):
        prepare(trained, "bob/films").send()


@pytest.mark.usefixtures("hub")
def test_a_wrong_token_is_said_and_never_printed(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN + "x")
    with pytest.raises(RunError, match="token") as error:
        prepare(trained, "ada/films").send()
    assert TOKEN not in str(error.value)
