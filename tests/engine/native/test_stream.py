"""Steps of a native stream are those of the recurrence, its states can be read and set, and streams form a stack."""

from __future__ import annotations

import sys
import time
from array import array

import numpy as np
import pytest
import torch
from torch import Tensor

from recur import equations
from recur.engine import prepare, run
from recur.engine.native.stream import NativeStack, NativeStream
from recur.errors import BackendError
from tests.engine.helpers import Case, make, threads
from tests.tolerances import close

T, B, X, H = 5, 3, 2, 4


def opened(case: Case) -> NativeStream:
    return NativeStream(prepare(case.equation, case.x, case.states, case.parameters))


def steps(stream: NativeStream, x: Tensor, width: int) -> Tensor:
    x = x.detach().contiguous()
    y = torch.full((*x.shape[:2], width), float("nan"), dtype=x.dtype)
    stack = NativeStack([stream], residual=False)
    for t in range(len(x)):
        stack.run(x[t].data_ptr(), y[t].data_ptr(), 1)
    return y


@pytest.mark.parametrize("name", sorted(equations.stock()))
def test_steps_in_memory_that_held_nan_are_those_of_the_equation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    case = make(name, T, B, X, H)
    whole = run(case.equation, case.x, case.states, case.parameters, backend="eager")
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


def test_a_block_of_steps_gives_the_bits_of_its_steps() -> None:
    case = make("lstm", T, B, X, H)
    stream, other = opened(case), opened(case)
    x = case.x.detach().contiguous()
    y = torch.full((T, B, H), float("nan"), dtype=x.dtype)
    NativeStack([stream], residual=False).run(x.data_ptr(), y.data_ptr(), T)
    assert torch.equal(y, steps(other, x, H))


@pytest.mark.parametrize(
    ("name", "rows", "H"),
    [("lstm", 24, 72), ("gru", 24, 300), ("elman", 17, 300), ("lstm_layernorm", 3, 200), ("lstm_layernorm", 24, 72),
     ("mlstm", 20, 40), ("gru_reset_before", 5, 200), ("slstm", 1, 300)],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_bit_depends_on_how_long_the_caller_waited(name: str, rows: int, H: int, dtype: torch.dtype) -> None:
    case = make(name, 6, rows, 33, H, dtype=dtype)
    x = (case.x.detach() * 0.1).contiguous()
    width = next(iter(case.states.values())).shape[-1]
    with threads(2):
        paused, hurried = opened(case), opened(case)
        others = torch.full((*x.shape[:2], width), float("nan"), dtype=dtype)
        NativeStack([hurried], residual=False).run(x.data_ptr(), others.data_ptr(), len(x))
        stack = NativeStack([paused], residual=False)
        y = torch.full_like(others, float("nan"))
        for t in range(len(x)):
            if t % 3 == 1:
                time.sleep(0.005)  # from 2 ms on a step runs on one thread
            stack.run(x[t].data_ptr(), y[t].data_ptr(), 1)
    assert torch.equal(y, others)
    assert all(torch.equal(value, hurried.states()[state]) for state, value in paused.states().items())


def test_streams_that_do_not_fit_together_are_no_stack() -> None:
    streams = [opened(make("lstm", T, B, X, H)) for _ in range(2)]
    with pytest.raises(BackendError, match="other types, rows or widths"):
        NativeStack(streams, residual=False)


X_STEP, Y_STEP = np.zeros((B, X)), np.zeros((B, H))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X_STEP.astype(np.float32), Y_STEP), (X_STEP, Y_STEP.astype(np.float32)), (X_STEP.astype(">f8"), Y_STEP),
        (X_STEP.astype(np.int64), Y_STEP), (np.zeros((B + 1, X)), Y_STEP), (X_STEP, np.zeros((B, H + 1))),
        (X_STEP[0], Y_STEP), (X_STEP[None], Y_STEP), (np.asfortranarray(X_STEP), Y_STEP), (X_STEP, Y_STEP[:, ::-1]),
        (X_STEP, b"x" * 96), (None, Y_STEP), (X_STEP.tolist(), Y_STEP), (X_STEP.astype(object), Y_STEP),
        (np.frombuffer(bytes(X_STEP.nbytes + 1), np.uint8)[1:].view(np.float64).reshape(B, X), Y_STEP),
    ],
)  # fmt: skip
def test_a_step_of_arrays_leaves_alone_what_is_no_step(x: object, y: object) -> None:
    stream = opened(make("lstm", T, B, X, H))
    stack = NativeStack([stream], residual=False)
    before = stream.states()
    assert stack.step is not None
    assert stack.step(x, y) is False
    assert all(torch.equal(value, before[name]) for name, value in stream.states().items())
    assert not Y_STEP.any()
    assert stack.step(X_STEP, np.empty((B, H))) is True


def test_a_step_of_arrays_takes_two_arrays_and_no_read_only_output() -> None:
    stack = NativeStack([opened(make("lstm", T, B, X, H))], residual=False)
    y = np.zeros((B, H))
    y.flags.writeable = False
    assert stack.step is not None
    assert stack.step(X_STEP, y) is False
    assert stack.step(X_STEP) is False  # type: ignore[call-arg]


def test_a_step_holds_no_memory_afterwards() -> None:
    stack = NativeStack([opened(make("lstm", T, 1, X, H))], residual=False)
    assert stack.step is not None
    x, y, refused = array("d", [0.5] * X), array("d", [0.0] * H), bytearray(8 * H)
    numbers = np.zeros((1, X))
    before = [sys.getrefcount(one) for one in (x, y, refused, numbers)]
    for _ in range(100):
        assert stack.step(x, y) is True  # any buffer of the numbers is an array
        assert stack.step(x, refused) is False
        assert stack.step(refused, y) is False
        assert stack.step(numbers, y) is True
    assert [sys.getrefcount(one) for one in (x, y, refused, numbers)] == before
    assert any(y)
    # each raises BufferError while its memory is held
    x.append(0.0)
    y.append(0.0)
    refused.append(0)
