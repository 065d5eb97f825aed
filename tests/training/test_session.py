"""State of a training run: its positions, its learning rate, and why it ends."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from recur.training import Silent
from recur.training.pause import PauseRequest
from tests.training.fakes import begin, settings


@pytest.mark.parametrize(
    ("options", "state", "reason"),
    [
        ({}, {"epoch": 2}, None),
        ({}, {"epoch": 3}, "3 epochs are done"),
        ({"epochs": 1}, {"epoch": 1}, "the epoch is done"),
        ({"max_steps": 1500}, {"step": 1500}, "1,500 updates are done"),
        ({"max_minutes": 2.0}, {"seconds": 119.0}, None),
        ({"max_minutes": 2.0}, {"seconds": 120.0}, "2 minutes are over"),
    ],
)
def test_a_training_ends_at_the_first_limit_that_it_reaches(
    options: dict[str, Any], state: dict[str, Any], reason: str | None
) -> None:
    training = begin(settings(**options), None, Silent())
    for name, value in state.items():
        setattr(training.state, name, value)
    assert training.over() == reason


def test_a_training_without_a_folder_begins_at_the_first_batch() -> None:
    training = begin(settings(), None, Silent())
    assert list(islice(training.positions(PauseRequest()), 1)) == [(0, 0)]


def test_the_rate_of_an_update_is_that_of_every_parameter_and_follows_the_batch() -> None:
    training = begin(settings(lr=0.5), None, Silent())
    batch = training.task.train.batch(0, 0)
    rate = training.set_rate(batch)
    assert rate == 0.5 * batch.rate
    assert {group["lr"] for group in training.optimizer.param_groups} == {rate}
