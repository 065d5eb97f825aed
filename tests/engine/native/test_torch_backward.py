"""The backward pass in torch's operations gives the gradients of the core, and can be differentiated again."""

from __future__ import annotations

import pytest
import torch

from recur.engine import prepare
from recur.engine.native import passes
from recur.engine.native.compiled_cell import compiled_cell, parameters_of
from recur.engine.native.torch_backward import differentiable, readable
from tests.engine.helpers import make
from tests.tolerances import close


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "lstm_projected"])
def test_gradients_are_those_of_the_core_and_have_gradients(name: str) -> None:
    case = make(name, 4, 3, 2, 5)
    call = prepare(case.equation, case.x, case.states, case.parameters)
    cell = compiled_cell(call)
    own = parameters_of(cell, call)
    tensors = [call.x, *call.states.values(), *(own[n] for n in (*cell.matrices, *cell.vectors))]
    plain = [tensor.detach() for tensor in tensors]
    outputs, tape = passes.forward(cell, call, plain, training=True)
    seeds, needed = [torch.randn_like(one) for one in outputs], [True] * len(tensors)
    assert tape is not None
    expected = passes.backward(cell, call, plain, tape, seeds, needed)
    found = differentiable(cell, call, tensors, seeds, needed)
    for a, b in zip(found, expected, strict=True):
        assert a is not None
        assert b is not None
        close(a.detach(), b, "gradient")
    again = torch.autograd.grad(found[0].square().sum(), tensors[0])
    assert bool(again[0].isfinite().all())


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (None, True),
        (torch.ones(2, 3), True),
        (torch.ones(2, 3, dtype=torch.float64), False),
        (torch.ones(2, 3).to_sparse(), False),
    ],
)
def test_the_core_reads_gradients_of_its_dtype_that_are_in_memory(
    gradient: torch.Tensor | None, expected: bool
) -> None:
    assert readable((gradient,), torch.float32) is expected
