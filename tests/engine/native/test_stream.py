"""Steps of a native stream are the steps of the recurrence, and its states can be read and set."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recur.engine import prepare, run
from recur.engine.native.stream import NativeStream
from tests.engine.helpers import Case, make
from tests.tolerances import close

T, B, X, H = 5, 3, 2, 4


def opened(case: Case) -> NativeStream:
    return NativeStream(prepare(case.equation, case.x, case.states, case.parameters))


def steps(stream: NativeStream, x: Tensor, width: int) -> Tensor:
    x = x.detach().contiguous()
    y = torch.full((*x.shape[:2], width), float("nan"), dtype=x.dtype)
    for t in range(len(x)):
        stream.step(x[t].data_ptr(), y[t].data_ptr(), 1)
    return y


@pytest.mark.parametrize("name", ["elman", "lstm", "gru_reset_before", "lstm_projected", "lstm_layernorm"])
def test_steps_are_those_of_the_whole_sequence(name: str) -> None:
    case = make(name, T, B, X, H)
    whole = run(case.equation, case.x, case.states, case.parameters, backend="native")
    stream = opened(case)
    close(steps(stream, case.x, whole.outputs.shape[-1]), whole.outputs.detach(), name)
    for state, value in stream.states().items():
        close(value, whole.states[state].detach(), state)


def test_it_continues_from_states_that_are_set() -> None:
    case = make("lstm", T, B, X, H)
    stream = opened(case)
    first = steps(stream, case.x[:2], H)
    kept = stream.states()
    second = steps(stream, case.x[2:], H)
    stream.set_states(kept)
    assert torch.equal(steps(stream, case.x[2:], H), second)
    assert not torch.equal(first, second[:2])
    assert all(kept[name].data_ptr() != value.data_ptr() for name, value in stream.states().items())
