"""The demonstrations with one network, shortened: they learn, are asked, resume, and are drawn; and their list."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from recur.cli.demo import DEMOS
from recur.config import MODES
from recur.demos import single
from recur.demos.single import Demo, picture
from recur.training import Silent
from recur.training.progress import Evaluation
from tests.cli.running import run

NAMES = [name for name in DEMOS if hasattr(importlib.import_module(DEMOS[name][0]), "DEMO")]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every demonstration with few rows and two short epochs."""
    for name in NAMES:
        module = importlib.import_module(DEMOS[name][0])
        demo = _shortened(module.DEMO)
        monkeypatch.setattr(module, "main", demo.main)
        monkeypatch.setattr(module, "report", demo.report)


def _shortened(demo: Demo) -> Demo:
    def rows(part: str) -> list[dict[str, Any]]:
        return list(demo.rows(part))[: 300 if part == "train" else 60]

    def settings() -> Any:
        config = demo.settings()
        config.model.hidden_size = 16
        config.model.num_layers = 1
        config.training.epochs = 2
        return config

    return dataclasses.replace(demo, rows=rows, settings=settings)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", NAMES)
def test_a_demonstration_learns_is_asked_and_is_drawn(name: str, tmp_path: Path) -> None:
    outcome = run("demo", name, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert "+---+" in outcome.out
    assert "Held out:" in outcome.out
    assert "Ask more:  recur " in outcome.out
    too_long = [line for line in outcome.out.splitlines() if len(line) > 100 and str(tmp_path) not in line]
    assert not too_long
    assert (tmp_path / "run" / "run" / "model.safetensors").is_file()
    learned = (tmp_path / "run" / "run" / "metrics.json").read_bytes()
    again = run("demo", name, "--out", tmp_path / "run", "--json")
    assert again.code == 0, again.err
    assert "already finished" in again.err
    said = json.loads(again.out)
    assert said["mode"] in MODES
    assert 0 <= said["value"] <= 1
    assert all(0 <= reached <= 1 for reached in said["beside"].values())
    assert said["examples"]
    assert (tmp_path / "run" / "run" / "metrics.json").read_bytes() == learned


class Interrupting(Silent):
    """Presses Ctrl-C after the first epoch."""

    def evaluated(self, evaluation: Evaluation) -> None:
        if evaluation.epoch == 1:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("short")
def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    with monkeypatch.context() as patch:
        patch.setattr(single, "automatic", Interrupting)
        stopped = run("demo", "translate", "--out", folder)
    assert stopped.code == 130
    assert f"recur demo translate --out {folder}" in stopped.err
    outcome = run("demo", "translate", "--out", folder)
    assert outcome.code == 0, outcome.err
    assert "resuming after update" in outcome.err


def test_rows_are_written_whole_beside_folders_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "data.part").mkdir()
    (tmp_path / "data.part" / "train.jsonl").write_text("mine", encoding="utf-8")
    single.write_rows(tmp_path / "data", lambda part: [{"part": part}])
    assert single.read_rows(tmp_path / "data", "test") == [{"part": "test"}]
    assert (tmp_path / "data.part" / "train.jsonl").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data.part"]
    single.write_rows(tmp_path / "data", lambda part: [{"other": part}])
    assert single.read_rows(tmp_path / "data", "train") == [{"part": "train"}]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_its_picture(mode: str) -> None:
    drawn = "\n".join(picture(mode))
    assert drawn.count("| h |") >= 1
    assert "x" in drawn
    assert "y" in drawn


def test_the_list_names_them_all_with_their_modes() -> None:
    outcome = run("demo", "--list")
    assert [line.split()[0] for line in outcome.out.splitlines()] == list(DEMOS)
    shown = {line.split()[1].rstrip(":") for line in outcome.out.splitlines()}
    assert shown == set(MODES)
    assert set(json.loads(run("demo", "--list", "--json").out)) == set(DEMOS)


def test_without_a_name_the_first_runs_and_the_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(DEMOS["last-word"][0])
    monkeypatch.setattr(module, "main", lambda out: {"out": out})
    monkeypatch.setattr(module, "report", lambda result, width: [f"{result} {width > 0}"])
    outcome = run("demo")
    assert outcome.code == 0
    assert "{'out': None} True" in outcome.out
    assert "recur demo --list" in outcome.err
    assert all(name in outcome.err for name in DEMOS if name != "last-word")
    assert "recur demo --list" not in run("demo", "last-word").err
