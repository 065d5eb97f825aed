"""Each point reaches a tracker once, over any number of sessions; a tracker that fails never stops training."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import recur
from recur.errors import ConfigError, MissingExtraError
from recur.tracking import NAMES, check_names

ROWS = [{"text": f"{word} film", "label": label} for word, label in (("good", "yes"), ("bad", "no"))] * 16
SETTINGS: dict[str, Any] = {"hidden_size": 4, "seed": 1, "batch_size": 4, "progress": False}


class Recorder:
    """A tracker that keeps what it gets."""

    def __init__(self) -> None:
        self.points: list[tuple[int, str]] = []
        self.failing, self.closed, self.names = False, 0, set[str]()

    def start(self, known: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> Recorder:
        assert folder.is_dir()
        assert settings["model.cell"] == "lstm"
        self.names.add(known["id"])
        return self

    def log(self, step: int, values: Mapping[str, float]) -> None:
        if self.failing:
            raise ConnectionError("no route")
        self.points += [(step, name) for name in values]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A tracker in the place of TensorBoard."""
    one, module = Recorder(), ModuleType("recur.tracking.tensorboard_adapter")
    module.start = one.start  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(NAMES, "tensorboard", "json")
    return one


def test_a_run_that_resumes_continues_the_same_run_without_a_point_twice(recorder: Recorder, tmp_path: Path) -> None:
    for epochs in (1, 3):
        recur.fit(ROWS, epochs=epochs, out=tmp_path / "run", track="tensorboard", **SETTINGS)
    assert len(recorder.points) == len(set(recorder.points))
    assert len({step for step, name in recorder.points if name == "held_out/loss"}) == 3
    assert (len(recorder.names), recorder.closed) == (1, 2)


def test_points_that_were_sent_before_a_crash_are_not_sent_again(recorder: Recorder, tmp_path: Path) -> None:
    class Crash:
        def on_evaluation(self, _: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recur.fit(ROWS, epochs=2, out=tmp_path / "run", track="tensorboard", callbacks=[Crash()], **SETTINGS)
    assert recorder.points
    recur.fit(ROWS, epochs=2, out=tmp_path / "run", track="tensorboard", **SETTINGS)
    assert len(recorder.points) == len(set(recorder.points))


def test_fresh_begins_a_new_run_in_the_tracker(recorder: Recorder, tmp_path: Path) -> None:
    for _ in range(2):
        recur.fit(ROWS, epochs=1, out=tmp_path / "run", fresh=True, track="tensorboard", **SETTINGS)
    assert len(recorder.names) == 2


def test_a_tracker_that_fails_is_said_once_and_training_ends_as_without_it(recorder: Recorder, tmp_path: Path) -> None:
    said: list[str] = []

    class Display:
        def __getattr__(self, name: str) -> Any:
            return said.append if name == "say" else lambda *_: None

    recorder.failing = True
    settings = {**SETTINGS, "progress": Display()}
    model = recur.fit(ROWS, epochs=3, out=tmp_path / "run", track="tensorboard", **settings)
    plain = recur.fit(ROWS, epochs=3, **SETTINGS)
    assert [line for line in said if "tensorboard failed" in line] == [
        "tensorboard failed and is left out, training continues: no route"
    ]
    assert model.metrics["held_out"] == plain.metrics["held_out"]


@pytest.mark.usefixtures("recorder")
def test_a_tracker_that_is_unknown_or_not_installed_is_refused_before_training() -> None:
    with pytest.raises(ConfigError, match='Did you mean "tensorboard"'):
        check_names(["tensorbord"])
    with pytest.raises(ConfigError, match="needs a folder"):
        recur.fit(ROWS, track="tensorboard", **SETTINGS)


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtraError) as error:
        check_names(["wandb"])
    assert error.value.hint == 'pip install "recur-nn[wandb]"'
