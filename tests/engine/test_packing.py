"""Packed inputs: every backend gives what it gives for the padded rows, step by step and gradient by gradient."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recur import engine
from recur.engine import Packing, stock
from recur.errors import ShapeError
from tests.engine.helpers import CELLS, Case, make
from tests.tolerances import close

LENGTHS = [[5, 5, 3, 1], [4], [2, 2], [1, 1, 1]]


def packing_of(lengths: list[int]) -> Packing:
    return Packing(torch.tensor([sum(n > t for n in lengths) for t in range(lengths[0])]))


def everything(case: Case, result: engine.Result, outputs: Tensor) -> list[Tensor]:
    """Outputs, final states, and the gradient of every leaf."""
    generator = torch.Generator().manual_seed(1)
    found = [outputs, *result.states.values()]
    total = sum((torch.randn(one.shape, generator=generator, dtype=one.dtype) * one).sum() for one in found)
    return [*found, *torch.autograd.grad(total, list(case.leaves.values()), allow_unused=True, materialize_grads=True)]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("backend", ["eager", "auto"])
@pytest.mark.parametrize("cell", CELLS)
def test_packed_rows_give_what_padded_rows_give(cell: str, backend: str, reverse: bool, lengths: list[int]) -> None:
    case = make(cell, lengths[0], len(lengths), 3, 4)
    packing = packing_of(lengths)
    packed = engine.run(
        case.equation, packing.pack(case.x), case.states, case.parameters,
        reverse=reverse, backend=backend, packing=packing,
    )  # fmt: skip
    padded = engine.run(
        case.equation, case.x, case.states, case.parameters,
        lengths=torch.tensor(lengths), reverse=reverse, backend="eager",
    )  # fmt: skip
    assert packed.outputs.shape[0] == sum(lengths)
    mine = everything(case, packed, packing.pad(packed.outputs))
    for actual, expected in zip(mine, everything(case, padded, padded.outputs), strict=True):
        close(actual, expected)


@pytest.mark.parametrize("backend", ["eager", "stock"])
def test_packed_rows_give_all_states_packed(backend: str) -> None:
    case, packing = make("gru", 5, 4, 3, 4), packing_of(LENGTHS[0])
    result = engine.run(
        case.equation, packing.pack(case.x), case.states, case.parameters,
        backend=backend, all_states=True, packing=packing,
    )  # fmt: skip
    assert result.all_states is not None
    assert torch.equal(result.all_states["h"], result.outputs)


def test_mirrored_rows_can_be_differentiated_twice() -> None:
    packing = packing_of(LENGTHS[0])
    x = torch.randn(14, 2, dtype=torch.float64, requires_grad=True)
    close(packing.mirrored(packing.mirrored(x)), x)
    assert torch.autograd.gradcheck(packing.mirrored, x)
    assert torch.autograd.gradgradcheck(packing.mirrored, x)


def test_a_packed_row_knows_its_length_and_its_steps_their_row() -> None:
    packing = packing_of([3, 2, 2])
    assert packing.lengths.tolist() == [3, 2, 2]
    assert packing.row_of.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_lengths_beside_a_packing_are_refused() -> None:
    case, packing = make("gru", 5, 4, 3, 4), packing_of(LENGTHS[0])
    with pytest.raises(ShapeError, match="packed inputs carry their own lengths"):
        engine.prepare(
            case.equation, packing.pack(case.x), case.states, case.parameters, torch.ones(4), packing=packing
        )
    with pytest.raises(ShapeError, match=r"expected \(N, X\), packed"):
        engine.prepare(case.equation, case.x, case.states, case.parameters, packing=packing)
    assert stock.why_not(
        engine.prepare(case.equation, packing.pack(case.x), case.states, case.parameters, packing=packing)
    ) is None  # fmt: skip
