"""The core's C functions refuse what they must not run, and say why; they are called here without our checks."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
import torch

from recur.engine import prepare
from recur.engine.native import library
from recur.engine.native.arguments import Arguments
from recur.engine.native.compiled_cell import compiled_cell
from recur.engine.native.library import core
from tests.engine.helpers import make

OK, BAD_CALL = 0, 1
T, B, X, H = 4, 3, 2, 5


class Direct:
    """A call of the core for one LSTM, put together by hand; change members, then run it."""

    def __init__(self, name: str = "lstm", noise: bool = False, dtype: torch.dtype = torch.float64) -> None:
        case = make(name, T, B, X, H, noise=noise, dtype=dtype)
        call = prepare(case.equation, case.x, case.states, case.parameters, noise=case.noise)
        cell = compiled_cell(call)
        self.core, self.cell = cell.core, cell
        self.cell = cell.library.pointer
        self.x = case.x.detach()
        self.keepalive = [value.detach() for value in (*case.parameters.values(), *case.states.values())]
        self.outputs = torch.full((T, B, H), float("nan"), dtype=dtype)
        self.finals = [torch.empty(B, H, dtype=dtype) for _ in cell.states]
        self.d_x = torch.empty_like(self.x)
        count = len(cell.states)
        self.numbers = {
            "type": int(dtype == torch.float64), "T": T, "B": B, "threads": 1,
            "x": self.x.data_ptr(), "x_time": B * X, "x_row": X,
            "d_x": self.d_x.data_ptr(), "d_x_time": B * X, "d_x_row": X,
        }  # fmt: skip
        self.arrays = {
            "sizes": [size.value(call.sizes) for size in cell.size_list],
            "matrices": [case.parameters[name].data_ptr() for name in cell.matrices],
            "vectors": [case.parameters[name].data_ptr() for name in cell.vectors],
            "initial": [case.states[name].data_ptr() for name in cell.states],
            "series": [self.outputs.data_ptr()] + [0] * (count - 1),
            "series_time": [B * H] * count, "series_row": [H] * count,
            "final": [one.data_ptr() for one in self.finals],
            "d_series": [self.outputs.data_ptr()] + [0] * (count - 1),
            "d_series_time": [B * H] * count, "d_series_row": [H] * count,
            "d_final": [0] * count, "d_initial": [0] * count,
            "d_matrices": [0] * len(cell.matrices), "d_vectors": [0] * len(cell.vectors),
        }  # fmt: skip

    def lengths(self, *numbers: int) -> np.ndarray:
        array = np.array(numbers, dtype=np.int64)
        self.keepalive.append(array)
        return array

    def run(self, backward: bool = False) -> int:
        arguments = Arguments(**self.numbers)
        arguments.set(**{name: numbers for name, numbers in self.arrays.items() if numbers is not None})
        status = int((self.core.backward if backward else self.core.forward)(self.cell, arguments.address()))
        self.tape = arguments.tape
        return status

    def refused(self, backward: bool = False) -> str:
        """Run it, see that nothing was written, and return why not."""
        assert self.run(backward) == BAD_CALL
        assert bool(self.outputs.isnan().all())
        return self.core.message

    def changed_cell(self, **members: int) -> None:
        """Take a copy of the cell's description with other numbers in its head."""
        head_bytes = ctypes.c_char * ctypes.sizeof(library._Head)  # the core reads no further before it refuses
        words = head_bytes.from_buffer_copy(head_bytes.from_address(self.cell))
        head = ctypes.cast(words, ctypes.POINTER(ctypes.c_int32))
        for name, value in members.items():
            head[{"abi": 0, "vector_bytes": 1}[name]] = value
        self.keepalive.append(words)
        self.cell = ctypes.addressof(words)


def test_a_call_that_is_right_runs():
    direct = Direct()
    assert direct.run() == OK
    assert bool(direct.outputs.isfinite().all())


def test_no_cell_and_no_call_are_refused():
    runs = core()
    assert runs.forward(None, None) == BAD_CALL
    assert runs.message == "no cell or no call"
    assert runs.backward(Direct().cell, None) == BAD_CALL
    assert runs.message == "no cell or no call"


def test_cells_of_another_version_or_instruction_set_are_refused():
    direct = Direct()
    direct.changed_cell(abi=12345)
    assert direct.refused() == "the cell was compiled for another version of the core"
    direct = Direct()
    direct.changed_cell(vector_bytes=4)
    assert direct.refused() == "the cell was compiled for another instruction set"


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"type": 2}, "type is 0 (float) or 1 (double)"),
        ({"type": -1}, "type is 0 (float) or 1 (double)"),
        ({"precision": 1}, "precisions 1 and 2 are for floats only"),
        ({"precision": 2}, "precisions 1 and 2 are for floats only"),
        ({"T": -1}, "negative steps or rows"),
        ({"B": -1}, "negative steps or rows"),
        ({"x": 0}, "no inputs"),
    ],
    ids=str,
)
def test_numbers_that_cannot_be_are_refused(numbers, why):
    direct = Direct()
    direct.numbers.update(numbers)
    assert direct.refused() == why
    assert direct.refused(backward=True) == why


def test_missing_arrays_are_refused():
    for name, why in (("matrices", "a matrix is missing"), ("vectors", "no vectors"), ("sizes", "no sizes")):
        direct = Direct()
        direct.arrays[name] = None
        assert direct.refused() == why
    direct = Direct()
    direct.arrays["matrices"][-1] = 0
    assert direct.refused() == "a matrix is missing"
    direct = Direct()
    direct.arrays["sizes"][0] = -3
    assert direct.refused() == "a negative size"
    assert Direct(noise=True).refused() == "a noise is missing"


def test_a_vector_that_is_not_given_is_zero():
    given, left_out = Direct(), Direct()
    zeros = torch.zeros(4 * H, dtype=torch.float64)
    given.arrays["vectors"] = [zeros.data_ptr()]
    left_out.arrays["vectors"] = [0]
    assert given.run() == left_out.run() == OK
    assert torch.equal(given.outputs, left_out.outputs)


@pytest.mark.parametrize("lengths", [(1, 2, T + 1), (-1, 2, 3)])
def test_lengths_beyond_the_steps_are_refused(lengths):
    direct = Direct()
    direct.numbers["lengths"] = direct.lengths(*lengths).ctypes.data
    assert direct.refused() == "a length is not from 0 to T"


@pytest.mark.parametrize("offsets", [(0, 2, 5, 6, 7), (0, 4, 5, 6, 7), (0, 3, 2, 3, 4), (0, 3, 5, 6, 8)], ids=str)
def test_packed_rows_out_of_order_are_refused(offsets):
    direct = Direct()
    direct.numbers["offsets"] = direct.lengths(*offsets).ctypes.data
    assert direct.refused() == "packed rows do not come longest first"


def test_packed_rows_with_lengths_are_refused():
    direct = Direct()
    direct.numbers["offsets"] = direct.lengths(0, 3, 5, 6, 7).ctypes.data
    direct.numbers["lengths"] = direct.lengths(1, 2, 3).ctypes.data
    assert direct.refused() == "packed rows have lengths of their own"


def test_a_backward_pass_without_a_tape_is_refused():
    assert Direct().refused(backward=True) == "no tape: the forward pass was not run for training"
    direct = Direct()
    assert direct.run() == OK
    assert direct.tape == 0


@pytest.mark.parametrize(
    "change",
    [{"T": T - 1}, {"B": B - 1}, {"type": 0}, "lengths", "resets", "another cell"],
    ids=str,
)
def test_the_tape_of_another_call_is_refused(change):
    direct = Direct()
    direct.numbers["training"] = 1
    assert direct.run() == OK
    tape = direct.tape
    assert tape
    direct.numbers["tape"] = tape
    direct.outputs.fill_(1.0)
    assert direct.run(backward=True) == OK
    assert bool(direct.d_x.isfinite().all())
    if change == "another cell":
        other = Direct("lstm_peephole")
        other.numbers.update(tape=tape, training=1)
        assert other.run(backward=True) == BAD_CALL
    else:
        if change == "lengths":
            direct.numbers["lengths"] = direct.lengths(1, 2, 3).ctypes.data
        elif change == "resets":
            resets = np.ones((T, B), dtype=np.uint8)
            direct.keepalive.append(resets)
            direct.numbers.update(resets=resets.ctypes.data, resets_time=B, resets_row=1)
        else:
            direct.numbers.update(change)
        assert direct.run(backward=True) == BAD_CALL
    assert direct.core.message == "the tape was written by another call"
    direct.core.release(tape)


def test_what_was_wrong_is_told_to_the_thread_that_asked():
    import threading

    direct = Direct()
    direct.numbers["type"] = 2
    assert direct.run() == BAD_CALL
    elsewhere: list[str] = []
    worker = threading.Thread(target=lambda: elsewhere.append(direct.core.message))
    worker.start()
    worker.join()
    assert elsewhere == [""]
    assert "type is 0" in direct.core.message


def test_releasing_nothing_and_asking_for_too_much_are_harmless():
    runs = core()
    runs.release(None)
    assert not runs.acquire(-1)
    assert not runs.acquire(1 << 60)
    runs.trim()
    address = runs.acquire(1000)
    assert address % 128 == 0
    runs.release(address)
