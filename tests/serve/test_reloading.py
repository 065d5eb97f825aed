"""A run whose folder changes is loaded again; half of a change is not."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import create_app
from recur.serve.reloading import Reloader, mark_of
from tests.serve.asking import opened, told

PATIENCE = 30.0


def wait_for(notes: list[str], count: int) -> str:
    deadline = time.monotonic() + PATIENCE
    while len(notes) < count:
        assert time.monotonic() < deadline, notes
        time.sleep(0.02)
    return notes[-1]


def test_a_changed_run_is_served_and_half_a_change_is_not(models: dict[str, Model], tmp_path: Path) -> None:
    folder, other, notes = tmp_path / "run", tmp_path / "other", list[str]()
    models["lines"].save(folder)
    models["stream"].save(other)
    app = create_app({"run": models["lines"]}, reloader=Reloader({"run": folder}, 0.05, notes.append))
    with TestClient(app, "http://localhost") as client:
        old = opened(client, "run", text="the")
        # only the weights are there yet
        shutil.copy(other / "model.safetensors", folder / "model.safetensors")
        assert "run changed and is not loaded, the previous network stays" in wait_for(notes, 1)
        assert told(client, f"/sessions/{old}/read", {"text": "clouds"})["items"] == 3
        assert client.get("/models").json()[0]["reads"] == "words"
        # a folder that is missing for a while is nothing new
        folder.rename(tmp_path / "away")
        time.sleep(0.3)
        assert len(notes) == 1
        shutil.copytree(other, folder)
        assert wait_for(notes, 2) == "run changed and was loaded again"
        assert client.get("/models").json()[0]["reads"] == "characters"
        new = opened(client, "run", text="the")
        assert client.get(f"/sessions/{new}").json()["items"] == 4
        # a session continues with the network that it began with, and its snapshot belongs to that
        assert told(client, f"/sessions/{old}/read", {"text": "are"})["items"] == 4
        snapshot = client.get(f"/sessions/{old}/snapshot").content
        answer = client.post("/sessions/restore", content=snapshot)
        assert "belongs to another network" in answer.json()["error"]["message"]
    assert len(notes) == 2


def test_training_that_writes_its_log_is_no_change(models: dict[str, Model], tmp_path: Path) -> None:
    models["lines"].save(tmp_path)
    before = mark_of(tmp_path)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write("{}\n")
    assert mark_of(tmp_path) == before
    assert mark_of(tmp_path / "none") == ()
