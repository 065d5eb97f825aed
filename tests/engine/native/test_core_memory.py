"""What a compiled recurrence holds goes when nobody can use it any more: tapes, outputs, and what a call needed."""

from __future__ import annotations

import gc
import random
import weakref
from types import SimpleNamespace

import pytest
import torch

from recur.engine import Noise, run
from recur.engine.native import core_memory
from recur.engine.native.library import core
from recur.errors import NotEnoughMemoryError
from tests.engine.helpers import CELLS, make

MIB = 1024 * 1024


def resident() -> int:
    """Bytes of this process that are in memory."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        pytest.skip("the system does not say how much memory a process has")


def call(case, **options):
    return run(case.equation, case.x, case.states, case.parameters, lengths=case.lengths, resets=case.resets,
               noise=case.noise, backend="native", **options)  # fmt: skip


def growth(work, rounds: int) -> int:
    """Bytes that are in memory after so many rounds and were not after the first quarter of them."""
    for _ in range(rounds // 4):
        work()
    gc.collect()
    before = resident()
    for _ in range(rounds - rounds // 4):
        work()
    gc.collect()
    return resident() - before


def test_calls_with_gradients_leave_nothing_behind():
    case = make("lstm", 8, 4, 16, 64, ragged=True, resets=True, noise=True)
    leaves = list(case.leaves.values())
    assert growth(lambda: torch.autograd.grad(call(case).outputs.sum(), leaves), 2000) < 4 * MIB


def test_graphs_that_are_dropped_without_a_backward_pass_give_their_tapes_back():
    case = make("gru", 16, 8, 16, 64)
    assert growth(lambda: call(case), 2000) < 4 * MIB


def test_graphs_with_second_derivatives_give_their_tapes_back():
    case = make("elman", 6, 4, 16, 64)

    def work():
        (first,) = torch.autograd.grad(call(case).outputs.square().sum(), case.x, create_graph=True)
        first.square().sum().backward()
        for leaf in case.leaves.values():
            leaf.grad = None

    assert growth(work, 200) < 4 * MIB


def test_large_tapes_are_used_again():
    case = make("lstm", 50, 32, 16, 64, dtype=torch.float32)  # a tape of megabytes
    leaves = list(case.leaves.values())
    assert growth(lambda: torch.autograd.grad(call(case).outputs.sum(), leaves), 80) < 4 * MIB


def test_what_is_kept_for_later_calls_is_given_back_on_request():
    case = make("lstm", 200, 128, 4, 96, dtype=torch.float32)  # tapes so large that the allocator maps each apart
    graphs = [call(case).outputs for _ in range(3)]
    held = resident()
    del graphs
    gc.collect()
    core().trim()
    assert held - resident() > 100 * MIB
    assert bool(call(case).outputs.isfinite().all())


def test_outputs_outlive_everything_else():
    case = make("lstm", 50, 32, 16, 64)
    outputs = call(case).outputs
    expected = outputs.detach().clone()
    part = outputs.detach()[3:5, :, 7]
    del outputs
    gc.collect()
    core().trim()
    for _ in range(5):
        call(case)
    assert torch.equal(part, expected[3:5, :, 7])


def test_a_graph_that_is_gone_holds_no_tensor():
    case = make("gru", 4, 3, 2, 5, noise=True)
    x = case.x.detach().clone().requires_grad_()
    result = run(case.equation, x, None, case.parameters, noise=case.noise, backend="native")
    result.outputs.sum().backward()
    gone = weakref.ref(x)
    del x, result
    gc.collect()
    assert gone() is None


def test_a_backward_pass_that_fails_leaves_the_tape_to_the_graph():
    case = make("gru", 16, 8, 16, 64)

    def work():
        outputs = call(case).outputs
        outputs.register_hook(lambda _: (_ for _ in ()).throw(ValueError("no")))
        with pytest.raises(ValueError, match="no"):
            outputs.sum().backward()

    assert growth(work, 400) < 4 * MIB


def test_ten_thousand_random_calls_leave_nothing_behind():
    chance = random.Random(0)
    cases = [
        make(chance.choice(CELLS), chance.randint(0, 9), chance.randint(0, 12), chance.randint(1, 20),
             chance.randint(1, 40), ragged=chance.random() < 0.5, resets=chance.random() < 0.5,
             noise=chance.random() < 0.5, dtype=chance.choice([torch.float32, torch.float64]), seed=seed)
        for seed in range(100)
    ]  # fmt: skip
    for case in cases[::2]:
        case.noise = case.noise and Noise(case.noise.recurrent, dict.fromkeys(case.states, 0.2))

    def work():
        case = chance.choice(cases)
        result = call(case, reverse=chance.random() < 0.5, all_states=chance.random() < 0.5)
        if chance.random() < 0.8 and result.outputs.requires_grad:
            torch.autograd.grad(result.outputs.sum(), [case.x], retain_graph=chance.random() < 0.2)

    assert growth(work, 10_000) < 8 * MIB


def test_tensors_of_many_sizes_do_not_add_to_what_the_process_keeps():
    # one class of buffers for each size would stay until the process ends
    sizes = range(core_memory.WORTH_KEEPING, 64 * core_memory.WORTH_KEEPING, 4096)
    for size in sizes:
        made = core_memory.empty(core(), (size // 4,), torch.float32)
        assert made.untyped_storage().nbytes() == size
        made.fill_(1.0)
    assert len(core_memory._release) < len(sizes) / 10


@pytest.mark.parametrize(
    ("shape", "needs"), [((200_000, 1, 16), "13 MB"), ((50_000, 300, 40), "2.4 GB")], ids=["small", "large"]
)
def test_a_tensor_without_memory_is_refused_with_its_size(shape, needs):
    full = SimpleNamespace(acquire=lambda _size: 0)
    with pytest.raises(NotEnoughMemoryError, match=rf"needs {needs}, more memory than there is"):
        core_memory.empty(full, shape, torch.float32)
