"""Frozen weights change no bit of a result, notice every change of a weight, and serve threads and forked processes."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from recur import equations
from recur.compiler.toolchain import instruction_set
from recur.engine import prepare, run
from recur.engine.backend_interface import BackendReport, Result
from recur.engine.native.frozen import FrozenWeights
from recur.engine.native.stream import NativeStack, NativeStream
from tests.engine.helpers import Case, make, threads

CELLS = sorted(equations.stock())
PRECISIONS = ("float32", "bfloat16", "int8")


@torch.no_grad()
def computed(case: Case, frozen: FrozenWeights | None, reverse: bool = False, precision: str = "float32") -> Result:
    return run(
        case.equation, case.x, case.states, case.parameters, lengths=case.lengths, resets=case.resets, reverse=reverse,
        backend="native", precision=precision, frozen=frozen,
    )  # fmt: skip


def same(a: Result, b: Result) -> bool:
    return torch.equal(a.outputs, b.outputs) and all(torch.equal(s, b.states[n]) for n, s in a.states.items())


def uses(frozen: FrozenWeights) -> int:
    """The calls that have computed with the matrices packed last."""
    return 0 if frozen.packed is None else frozen.packed.uses


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", CELLS)
def test_results_are_those_of_packing_in_every_call(name: str, precision: str) -> None:
    for count, size in ((1, (5, 3, 7, 40)), (2, (3, 15, 3, 48)), (2, (3, 33, 20, 17))):
        with threads(count):
            for ragged, resets in ((False, False), (True, False), (True, True)):
                case = make(name, *size, ragged=ragged, resets=resets, dtype=torch.float32)
                frozen = FrozenWeights()
                for reverse in (False, True):
                    expected = computed(case, None, reverse, precision)
                    for _ in range(2):
                        assert same(computed(case, frozen, reverse, precision), expected), (size, ragged, resets)
                assert uses(frozen) == (4 if any(p.dim() == 2 for p in case.parameters.values()) else 0)


@pytest.mark.parametrize("name", CELLS)
def test_results_are_those_of_packing_in_float64(name: str) -> None:
    case, frozen = make(name, 5, 3, 7, 20), FrozenWeights()
    expected = computed(case, None)
    assert all(same(computed(case, frozen), expected) for _ in range(2))


def halved(matrix: Tensor) -> None:
    matrix.mul_(0.5)


def negated(matrix: Tensor) -> None:
    matrix.neg_()


def one_number(matrix: Tensor) -> None:
    matrix.view(-1)[-1] += 1


def one_sign(matrix: Tensor) -> None:
    matrix.view(-1)[5] *= -1


def two_signs(matrix: Tensor) -> None:
    matrix.view(-1)[:2] *= -1


def rows_exchanged(matrix: Tensor) -> None:
    matrix.copy_(matrix.roll(1, 0))


def numbers_exchanged(matrix: Tensor) -> None:
    matrix.view(-1)[[0, 1]] = matrix.view(-1)[[1, 0]]


def through_numpy(matrix: Tensor) -> None:
    matrix.numpy()[0, 0] = 3


CHANGES = [
    halved, negated, one_number, one_sign, two_signs, rows_exchanged, numbers_exchanged, through_numpy
]  # fmt: skip


@pytest.mark.parametrize("hidden", [3, 40, 130])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_any_number_is_noticed(change: Callable[[Tensor], None], hidden: int) -> None:
    case, frozen = make("lstm", 3, 2, 5, hidden, dtype=torch.float32), FrozenWeights()
    before = computed(case, frozen)
    for name in ("W_xh", "W_hh"):
        change(case.parameters[name].data)
        after = computed(case, frozen)
        assert same(after, computed(case, None))
        assert not same(after, before)
        before = after
        assert uses(frozen) == 1


def test_another_precision_dtype_and_size_are_packed_again() -> None:
    frozen = FrozenWeights()
    for dtype, precision, hidden in (
        (torch.float32, "float32", 8), (torch.float32, "bfloat16", 8), (torch.float64, "float32", 8),
        (torch.float32, "float32", 9),
    ):  # fmt: skip
        case = make("gru", 3, 2, 4, hidden, dtype=dtype)
        assert same(computed(case, frozen, precision=precision), computed(case, None, precision=precision))
        assert uses(frozen) == 1


def test_a_call_that_needs_gradients_packs_for_itself() -> None:
    case, frozen = make("lstm", 3, 2, 4, 5, dtype=torch.float32), FrozenWeights()
    result = run(case.equation, case.x, case.states, case.parameters, backend="native", frozen=frozen)
    result.outputs.sum().backward()
    assert frozen.packed is None
    assert case.parameters["W_hh"].grad is not None


def test_several_threads_of_python_use_the_same_weights() -> None:
    case, frozen = make("gru", 20, 4, 30, 60, dtype=torch.float32), FrozenWeights()
    expected = computed(case, None)
    computed(case, frozen)
    packed, results = frozen.packed, []

    def repeat() -> None:
        results.extend(same(computed(case, frozen), expected) for _ in range(30))

    workers = [threading.Thread(target=repeat) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert results == [True] * 120
    assert frozen.packed is packed
    assert uses(frozen) == 121


def test_weights_that_change_while_threads_compute_are_packed_again_by_one_of_them() -> None:
    case, frozen = make("lstm", 6, 2, 20, 40, dtype=torch.float32), FrozenWeights()
    ended = time.monotonic() + 0.5
    errors: list[BaseException] = []

    def repeat() -> None:
        try:
            while time.monotonic() < ended:
                assert torch.isfinite(computed(case, frozen).outputs).all()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=repeat) for _ in range(2)]
    for worker in workers:
        worker.start()
    while time.monotonic() < ended:
        case.parameters["W_hh"].data.mul_(-1)
    for worker in workers:
        worker.join(60)
    assert not errors
    assert same(computed(case, frozen), computed(case, None))


def test_matrices_packed_while_they_change_are_used_for_no_others() -> None:
    case = make("lstm", 6, 2, 20, 200, dtype=torch.float32)
    matrix = case.parameters["W_hh"].data
    original = matrix.clone()
    for _ in range(30):
        stop, frozen = threading.Event(), FrozenWeights()

        def change(stop: threading.Event = stop) -> None:
            while not stop.is_set():
                matrix.neg_()

        writer = threading.Thread(target=change)
        writer.start()
        computed(case, frozen)
        stop.set()
        writer.join(60)
        for weights in (original, -original):
            matrix.copy_(weights)
            assert same(computed(case, frozen), computed(case, None))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_uses_the_weights_that_its_parent_packed() -> None:
    case, frozen = make("lstm", 6, 3, 20, 40, dtype=torch.float32), FrozenWeights()
    with threads(1):
        expected = computed(case, frozen)
        child = os.fork()
        if child == 0:
            fine = same(computed(case, frozen), expected) and uses(frozen) == 2
            os._exit(0 if fine else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert same(computed(case, frozen), expected)
        assert uses(frozen) == 2


def test_a_copy_packs_for_itself() -> None:
    case, frozen = make("gru", 3, 2, 4, 5, dtype=torch.float32), FrozenWeights()
    computed(case, frozen)
    for other in (copy.deepcopy(frozen), copy.copy(frozen), pickle.loads(pickle.dumps(frozen))):
        assert other.packed is None
        assert same(computed(case, other), computed(case, None))


def packed_step(case: Case, width: int) -> Result:
    """A single step of a stream, whose matrices are packed."""
    stream = NativeStream(prepare(case.equation, case.x, case.states, case.parameters))
    x = case.x[0].detach().contiguous()
    y = x.new_empty(1, len(x), width)
    NativeStack([stream], residual=False).run(x.data_ptr(), y.data_ptr(), 1)
    return Result(y, stream.states(), None, BackendReport("native"))


@pytest.mark.parametrize("fill", ["0", "1"])
@pytest.mark.parametrize("name", CELLS)
def test_a_single_step_of_few_rows_has_the_bits_of_a_packed_one(
    name: str, fill: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", fill)
    for rows, inputs, hidden in ((1, 7, 40), (1, 130, 160), (3, 33, 65), (7, 1, 1), (6, 5, 48), (3, 20, 300)):
        with threads(1):
            case = make(name, 1, rows, inputs, hidden, dtype=torch.float32)
            once = computed(case, None)
            assert same(packed_step(case, once.outputs.shape[2]), once), (rows, hidden)


@pytest.mark.parametrize("name", CELLS)
def test_a_frozen_single_step_has_the_bits_of_one_that_packs(name: str) -> None:
    for count, rows, hidden in ((1, 1, 40), (2, 3, 130), (1, 4, 33), (2, 5, 48), (2, 7, 96)):
        with threads(count):
            case, frozen = make(name, 1, rows, 5, hidden, ragged=rows == 5, dtype=torch.float32), FrozenWeights()
            once = computed(case, None)
            assert all(same(computed(case, frozen), once) for _ in range(2)), (count, rows, hidden)


@pytest.mark.skipif(instruction_set() == "plain", reason="only with vectors of 8 floats or more")
def test_a_single_step_of_few_rows_reads_the_matrices_themselves() -> None:
    for name, rows, hidden, used in (("lstm", 1, 40, 0), ("gru", 3, 40, 0), ("lstm", 6, 40, 1), ("gru", 1, 500, 0)):
        case, frozen = make(name, 1, rows, 5, hidden, dtype=torch.float32), FrozenWeights()
        before = computed(case, frozen)
        assert uses(frozen) == used
        negated(case.parameters["W_hh"].data)
        after = computed(case, frozen)
        assert same(after, computed(case, None))
        assert not same(after, before)
