"""The loop: the same bits whenever it is interrupted, and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recur.config import Config
from recur.errors import TrainingError
from recur.training import Paused, Silent, randomness
from recur.training.loop import loop
from recur.training.pause import PauseRequest
from recur.training.progress import Evaluation, Lines, Step
from tests.training.fakes import begin, settings


class After(PauseRequest):
    """A request that is made after some updates or evaluation batches."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    @property
    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


class Heard(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.evaluations: list[Evaluation] = []
        self.said: list[str] = []

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def evaluated(self, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with randomness.preserve():
        yield


def learn(config: Config, folder: Path | None, request: PauseRequest | None = None, **options: Any) -> Any:
    training = begin(config, folder, Heard(), **options)
    try:
        learned = training.finish(loop(training, request or PauseRequest()), PauseRequest())
    finally:
        training.store.close()
    return learned, training


def weights(folder: Path) -> dict[str, torch.Tensor]:
    pointer = (folder / "checkpoint" / "LATEST").read_text().strip()
    return {**load_file(folder / "model.safetensors"), **{
        f"last.{name}": value
        for name, value in load_file(folder / "checkpoint" / pointer / "weights.safetensors").items()
    }}  # fmt: skip


def log(folder: Path, name: str = "log.jsonl") -> list[dict[str, Any]]:
    """The lines without the times, which no two runs share."""
    records = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    return [{k: v for k, v in r.items() if k not in ("seconds", "tokens_per_second")} for r in records]


def same(first: Path, second: Path) -> None:
    left, right = weights(first), weights(second)
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert log(first) == log(second)
    assert log(first, "samples.jsonl") == log(second, "samples.jsonl")


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "adamw", "schedule": "cosine", "warmup_steps": 4},
        {"optimizer": "adam", "schedule": "plateau", "lr": 0.3, "clip": 0.0},
        {"optimizer": "sgd", "schedule": "step", "decay_after": 1, "evaluate_every": 4},
        {"optimizer": "asgd", "schedule": "constant", "lr": 3.0, "epochs": 12, "clip": 100.0},
        {"bptt_stride": 2, "schedule": "linear"},
    ],
    ids=["adamw", "adam-plateau", "sgd-step", "asgd", "stride"],
)
@pytest.mark.parametrize("patience_of_user", [1, 4, 9])
def test_paused_again_and_again_gives_the_same_bits(
    tmp_path: Path, options: dict[str, Any], patience_of_user: int
) -> None:
    config = settings(**options)
    learn(config, tmp_path / "whole")
    pauses = 0
    while True:
        try:
            # the evaluation looks twice, so a request within it is made as well
            learn(config, tmp_path / "parts", After(patience_of_user + 3))
            break
        except Paused:
            pauses += 1
    assert pauses >= 1
    same(tmp_path / "whole", tmp_path / "parts")


def test_asgd_trigger_starts_averaging_in_this_task(tmp_path: Path) -> None:
    _, training = learn(settings(optimizer="asgd", lr=3.0, epochs=12, schedule="constant", clip=100.0), tmp_path)
    assert training.averages.active


def test_same_settings_twice_give_the_same_bits(tmp_path: Path) -> None:
    for name in ("a", "b"):
        torch.rand(5)  # whatever happened before does not matter
        learn(settings(), tmp_path / name)
    same(tmp_path / "a", tmp_path / "b")


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    learn(settings(), tmp_path / "a")
    learn(settings(seed=1), tmp_path / "b")
    assert not torch.equal(weights(tmp_path / "a")["layer.weight"], weights(tmp_path / "b")["layer.weight"])


def test_samples_do_not_disturb_training(tmp_path: Path) -> None:
    # twice as many evaluations, each of which draws random numbers
    learn(settings(schedule="constant"), tmp_path / "a")
    learn(settings(schedule="constant", evaluate_every=1), tmp_path / "b")
    assert torch.equal(weights(tmp_path / "a")["last.layer.weight"], weights(tmp_path / "b")["last.layer.weight"])


def test_in_memory_gives_the_weights_of_the_folder(tmp_path: Path) -> None:
    in_folder, _ = learn(settings(), tmp_path)
    in_memory, _ = learn(settings(), None)
    for left, right in zip(in_folder.mode.parameters(), in_memory.mode.parameters(), strict=True):
        assert torch.equal(left, right)


def test_more_epochs_go_on_after_the_end(tmp_path: Path) -> None:
    learn(settings(epochs=2, schedule="constant"), tmp_path / "parts")
    learn(settings(epochs=4, schedule="constant"), tmp_path / "parts")
    learn(settings(epochs=4, schedule="constant"), tmp_path / "whole")
    same(tmp_path / "whole", tmp_path / "parts")


def test_ends_for_the_reason_that_comes_first() -> None:
    learned, training = learn(settings(max_steps=5), None)
    assert (learned.reason, training.state.step) == ("5 updates are done", 5)
    assert training.state.evaluated == 5
    learned, training = learn(settings(epochs=50, patience=2, lr=10.0, schedule="constant"), None)
    assert learned.reason == "2 evaluations in a row brought no gain"
    learned, _ = learn(settings(epochs=500_000, max_minutes=1e-3), None)
    assert learned.reason == "0.001 minutes are over"


def test_best_weights_are_kept_and_returned(tmp_path: Path) -> None:
    learned, training = learn(settings(lr=1.0, schedule="constant", epochs=6, optimizer="adam"), tmp_path)
    figures = [record["rmse"] for record in log(tmp_path) if record["event"] == "evaluation"]
    assert learned.metrics["held_out"]["rmse"] == min(figures)
    assert learned.metrics["best_step"] == training.state.progression.best_step
    stored = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(stored[name], value) for name, value in learned.mode.state_dict().items())


def test_progress_hears_of_everything(tmp_path: Path) -> None:
    _, training = learn(settings(), tmp_path)
    heard = training.progress
    assert [step.step for step in heard.steps] == [7, 14, 21]
    assert [evaluation.step for evaluation in heard.evaluations] == [7, 14, 21]
    assert {len(evaluation.samples) for evaluation in heard.evaluations} == {3}
    assert heard.steps[-1].share == 1.0
    assert "finished: 3 epochs are done; best held-out rmse" in heard.said[-2]
    assert heard.said[-1].startswith("verdict: worse than the simple guess: rmse ")


def test_plain_lines_say_the_figures_beside_the_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    training = begin(settings(epochs=1), None, Lines())
    training.finish(loop(training, PauseRequest()), PauseRequest())
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "to beat: persistence 0.500" in shown.err
    assert "held out after step 7: rmse" in shown.err
    assert "(persistence 0.500)" in shown.err
    assert "tokens/s" in shown.err


def test_number_that_is_not_finite_stops_and_explains(tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as caught:
        learn(settings(), tmp_path, poison=9)
    said = str(caught.value)
    assert "training stopped at update 10 (epoch 2)" in said
    assert "The output of layer (Linear) is not finite; its input already is not finite" in said
    assert "Last gradient norms: " in said
    assert "hint: a lower learning rate usually helps: lr = 0.003" in said
    autopsy = json.loads((tmp_path / "autopsy.json").read_text())
    assert autopsy["rows"] == ["fake:1:2:0", "fake:1:2:1", "fake:1:2:2"]
    assert autopsy["finding"]["layer"] == "layer"
    assert len(autopsy["last_gradient_norms"]) == 9
    saved = weights(tmp_path)
    assert all(torch.isfinite(value).all() for value in saved.values())
