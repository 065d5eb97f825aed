"""Learning rates as a function of the position."""

from __future__ import annotations

import pytest

from recur.config import Config
from recur.training.schedules import planned_steps, rate, teacher_forcing


@pytest.mark.parametrize(
    ("schedule", "at_start", "half_way", "at_end"),
    [("constant", 1.0, 1.0, 1.0), ("linear", 1.0, 0.5, 0.0), ("cosine", 1.0, 0.5, 0.0)],
)
def test_rates_along_the_plan(schedule: str, at_start: float, half_way: float, at_end: float) -> None:
    config = Config.of(lr=1.0, schedule=schedule).training
    rates = [rate(config, step=step, total=100, epoch=0) for step in (0, 50, 100)]
    assert rates == pytest.approx([at_start, half_way, at_end])


def test_step_decays_after_the_epochs_at_full_rate() -> None:
    config = Config.of(lr=1.0, schedule="step", decay=0.5, decay_after=4).training
    assert [rate(config, step=0, total=1, epoch=e) for e in range(7)] == [1, 1, 1, 1, 0.5, 0.25, 0.125]


def test_plateau_is_lowered_by_the_evaluations() -> None:
    config = Config.of(lr=1.0, schedule="plateau").training
    assert rate(config, step=3, total=9, epoch=1, lowered=0.25) == 0.25


def test_warmup_rises_to_the_full_rate() -> None:
    config = Config.of(lr=1.0, schedule="constant", warmup_steps=4).training
    assert [rate(config, step=s, total=9, epoch=0) for s in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_plan_counts_updates() -> None:
    assert planned_steps(Config.of(epochs=3).training, 7) == 21
    assert planned_steps(Config.of(epochs=3, max_steps=10).training, 7) == 10


def test_teacher_forcing_falls_to_its_final_share() -> None:
    config = Config.of(teacher_forcing=0.5).training
    assert [teacher_forcing(config, step=s, total=10) for s in (0, 5, 10, 12)] == [1.0, 0.75, 0.5, 0.5]
