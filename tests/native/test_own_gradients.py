"""Gradients of a thread's own rows: computed a few steps at a time where the threads divide the rows."""

from __future__ import annotations

import pytest
import torch

from recur.engine import run
from recur.equations import concat, equation, tanh
from tests.engine.helpers import assert_native_is_eager, make, threads
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
def twice_through_one_matrix(x, h, W_xh, W_hh, b):
    """Two products share W_hh, so shares of its gradient overlap."""
    return tanh(W_xh @ x + W_hh @ tanh(W_hh @ h) + b)


@equation(x="X", h="H", W="H X+H", b="H")
def concatenated(x, h, W, b):
    return tanh(W @ concat(x, h) + b)


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


WAYS = [
    {}, {"reverse": True}, {"ragged": True}, {"ragged": True, "reverse": True}, {"resets": True}, {"noise": True},
    {"ragged": True, "resets": True, "noise": True},
]  # fmt: skip
# (T, B, X, H): few and many steps at a time, rows that two threads do not share evenly, steps of more rows than a
# block, several blocks of units
SIZES = [(1, 16, 3, 4), (2, 17, 16, 16), (60, 19, 5, 33), (23, 32, 32, 64), (3, 1100, 2, 3), (9, 40, 70, 130)]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", twice_through_one_matrix, concatenated])
def test_gradients_of_own_rows_are_those_of_the_eager_loop(cell, count):
    with threads(count):
        for place, size in enumerate(SIZES):
            way = dict(WAYS[(place + count) % len(WAYS)])
            reverse = way.pop("reverse", False)
            dtype = (torch.float64, torch.float32)[(place + count) % 2]
            case = make(cell, *size, dtype=dtype, seed=place, **way)
            case.parameters = {name: (p.detach() / p.shape[-1]).requires_grad_() for name, p in case.parameters.items()}
            assert_native_is_eager(case, f"{size} {way} {count}", reverse=reverse)


@pytest.mark.parametrize("count", [1, 2])
def test_gradients_of_own_rows_are_added_to_those_of_other_segments(count):
    case = make("gru", 50, 24, 6, 20, ragged=True)
    with threads(count):
        gradients = []
        for budget in (None, "sqrt"):
            y = run(
                case.equation, case.x, case.states, case.parameters, lengths=case.lengths, backend="native",
                memory_budget=budget,
            ).outputs  # fmt: skip
            gradients.append(torch.autograd.grad(y.square().sum(), list(case.leaves.values())))
    for whole, parts in zip(*gradients, strict=True):
        close(parts, whole)


@pytest.mark.parametrize("count", [1, 2])
def test_own_rows_give_only_the_gradients_that_are_needed(count):
    case = make("lstm", 12, 20, 4, 9)
    only = [next(name for name in case.parameters if name.startswith("W"))]
    wanted = {}
    for backend in ("eager", "native"):
        leaves = {name: leaf.detach().requires_grad_(name in only) for name, leaf in case.parameters.items()}
        with threads(count):
            y = run(case.equation, case.x.detach(), None, leaves, backend=backend).outputs
            (wanted[backend],) = torch.autograd.grad(y.sum(), [leaves[name] for name in only])
    close(wanted["native"], wanted["eager"])
