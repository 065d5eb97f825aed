"""Callbacks see reports and evaluations, may end training, and one that fails loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import recur
from recur.errors import ConfigError, TrainingError
from recur.training.callbacks import Callback

ROWS = [{"text": f"{word} film", "label": label} for word, label in (("good", "yes"), ("bad", "no"))] * 16
SETTINGS: dict[str, Any] = {"epochs": 4, "hidden_size": 4, "seed": 1, "batch_size": 4, "progress": False}


class Seen(Callback):
    """Notes what it gets; ends training after some evaluations."""

    def __init__(self, most: int = 99) -> None:
        self.steps: list[int] = []
        self.evaluations: list[float] = []
        self.most = most

    def on_step(self, step: Any) -> None:
        self.steps.append(step.step)

    def on_evaluation(self, evaluation: Any) -> None:
        self.evaluations.append(evaluation.figures["loss"])

    def stop(self) -> bool:
        return len(self.evaluations) >= self.most


class Fails:
    """Raises at its second evaluation."""

    count = 0

    def on_evaluation(self, _: Any) -> None:
        self.count += 1
        if self.count == 2:
            raise ValueError("no more")


def test_callbacks_see_every_report_and_evaluation() -> None:
    seen = Seen()
    recur.fit(ROWS, callbacks=[seen], **SETTINGS)
    assert len(seen.evaluations) == 4
    assert seen.steps == sorted(set(seen.steps))
    assert seen.steps


def test_a_callback_ends_training_with_its_name_as_the_reason() -> None:
    seen = Seen(most=2)
    model = recur.fit(ROWS, callbacks=[seen], **SETTINGS)
    assert len(seen.evaluations) == 2
    assert model.metrics["ended"] == "the callback Seen asked to stop"


def test_an_exception_saves_the_checkpoint_and_says_which(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"Fails.on_evaluation raised ValueError: no more; .* is saved in") as error:
        recur.fit(ROWS, callbacks=[Fails()], out=tmp_path / "run", **SETTINGS)
    assert isinstance(error.value.__cause__, ValueError)
    seen = Seen()
    resumed = recur.fit(ROWS, callbacks=[seen], out=tmp_path / "run", **SETTINGS)
    assert len(seen.evaluations) == 2
    whole = recur.fit(ROWS, **SETTINGS)
    assert {**resumed.metrics, "seconds": 0} == {**whole.metrics, "seconds": 0}
    state = whole.mode.state_dict()
    assert all(value.equal(state[name]) for name, value in resumed.mode.state_dict().items())


@pytest.mark.parametrize("wrong", [object(), print, Seen])
def test_what_is_no_callback_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="is no callback"):
        recur.fit(ROWS, callbacks=[wrong], **SETTINGS)
