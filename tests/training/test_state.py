"""The training position: what an update moves, and a record that gives it back."""

from __future__ import annotations

import pytest
import torch

from recur.training.state import Clock, Interval, State
from recur.training.stopping import Progression


def made() -> State:
    return State(Progression(higher_is_better=False))


def learned(state: State, loss: float = 2.0, batches: int = 2) -> None:
    state.count_update({"loss": (loss, 1.0)}, loss=loss, gradient=0.5, tokens=10, batches=batches)


def test_an_update_moves_to_the_next_batch_and_the_last_one_to_the_next_epoch() -> None:
    state = made()
    state.carried = "state"
    learned(state)
    assert (state.epoch, state.batch, state.step, state.carried) == (0, 1, 1, "state")
    learned(state)
    # what a stream carries does not go from its end to its beginning
    assert (state.epoch, state.batch, state.step, state.carried) == (1, 0, 2, None)


def test_an_interval_adds_up_what_happened() -> None:
    state = made()
    learned(state, 2.0)
    learned(state, 3.0)
    assert state.interval == Interval({"loss": (5.0, 2.0)}, updates=2, loss=5.0, gradient=1.0, tokens=20)


def test_a_record_gives_the_state_back_with_what_it_carries() -> None:
    state = made()
    learned(state)
    state.progression.add(0.5, 1)
    carried = (torch.ones(1, 2, 3),)
    state.carried, state.owed, state.lowered = carried, True, 0.25
    again = State.of(state.record())
    assert again.carried is carried
    assert state.carried is carried
    again.carried = state.carried = None
    assert again == state


def test_pairs_that_were_saved_as_lists_are_pairs_again() -> None:
    state = made()
    learned(state)
    record = state.record()
    record["interval"]["sums"] = {"loss": [2.0, 1.0]}
    assert State.of(record).interval.sums == {"loss": (2.0, 1.0)}


def test_a_clock_counts_from_its_last_call(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.5, 13.0])
    monkeypatch.setattr("recur.training.state.time.monotonic", lambda: next(times))
    clock = Clock()
    assert [clock.elapsed(), clock.elapsed()] == [2.5, 0.5]
