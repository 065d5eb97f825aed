"""Points in the trackers themselves, read back with their own readers; each is skipped where it is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import recur
from tests.tracking.test_tracked import ROWS, SETTINGS


def _log(folder: Path) -> list[tuple[int, float]]:
    """The held-out loss of each evaluation, from log.jsonl."""
    records = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [(one["step"], one["loss"]) for one in records if one["event"] == "evaluation"]


def _train(folder: Path, tracker: str) -> None:
    """Two sessions of one run."""
    for epochs in (1, 3):
        recur.fit(ROWS, epochs=epochs, out=folder, track=tracker, **SETTINGS)


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_has_the_points_of_the_log_once(tmp_path: Path) -> None:
    reader: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = tmp_path / "run"
    _train(folder, "tensorboard")
    (place,) = (folder / "tensorboard").iterdir()
    events = reader.EventAccumulator(str(place)).Reload()
    points = [(one.step, one.value) for one in events.Scalars("held_out/loss")]
    assert [step for step, _ in points] == [step for step, _ in _log(folder)]
    assert [value for _, value in points] == pytest.approx([value for _, value in _log(folder)])


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_the_points_of_the_log_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow: Any = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "store").as_uri())
    folder = tmp_path / "run"
    _train(folder, "mlflow")
    client = mlflow.tracking.MlflowClient()
    known = json.loads((folder / "tracking.json").read_text())["mlflow"]
    points = client.get_metric_history(known["run"], "held_out/loss")
    assert [(one.step, one.value) for one in points] == _log(folder)
    assert client.get_run(known["run"]).info.status == "FINISHED"
    assert client.get_run(known["run"]).data.params["model.cell"] == "lstm"


@pytest.mark.filterwarnings("ignore")
def test_wandb_offline_writes_both_sessions_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    folder = tmp_path / "run"
    for epochs in (1, 3):
        recur.fit(ROWS, epochs=epochs, out=folder, track="wandb", **{**SETTINGS, "progress": True})
    assert "wandb failed" not in capsys.readouterr().err
    known = json.loads((folder / "tracking.json").read_text())["wandb"]
    assert len(list((folder / "wandb").glob(f"offline-run-*{known['id']}"))) == 2


@pytest.mark.filterwarnings("ignore")
def test_trackio_keeps_the_run_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "store"))
    pytest.importorskip("trackio")
    recur.fit(ROWS, epochs=1, out=tmp_path / "run", track="trackio", **{**SETTINGS, "progress": True})
    assert "trackio failed" not in capsys.readouterr().err
    assert list((tmp_path / "store").rglob("*.db"))
