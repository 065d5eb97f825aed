"""A recurrence in segments gives the gradients of the whole, for every length of a segment, within its budget."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recur.engine import prepare
from recur.engine.native import checkpointing, passes
from recur.engine.native.compiled_cell import compiled_cell, parameters_of
from tests.engine.helpers import make
from tests.tolerances import close

T, B, X, H = 7, 3, 2, 4


@pytest.mark.parametrize("ragged", [False, True], ids=["dense", "ragged"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("steps", [1, 2, 3, 6])
@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_segments_give_what_the_whole_gives(name: str, steps: int, reverse: bool, ragged: bool) -> None:
    case = make(name, T, B, X, H, ragged=ragged, resets=ragged)
    call = prepare(
        case.equation, case.x.detach(), {n: s.detach() for n, s in case.states.items()},
        {n: p.detach() for n, p in case.parameters.items()}, case.lengths, case.resets, reverse,
    )  # fmt: skip
    cell = compiled_cell(call)
    own = parameters_of(cell, call)
    tensors = [call.x, *call.states.values(), *(own[n] for n in (*cell.matrices, *cell.vectors))]
    expected, tape = passes.forward(cell, call, tensors, training=True)
    found, boundaries = checkpointing.forward(cell, call, steps, tensors)
    for a, b in zip(found, expected, strict=True):
        close(a, b, "result")
    seeds, needed = [torch.randn_like(one) for one in expected], [True] * len(tensors)
    whole = passes.backward(cell, call, tensors, tape, seeds, needed)
    parts = checkpointing.backward(cell, call, steps, tensors, boundaries, seeds, needed)
    for a, b in zip(parts, whole, strict=True):
        close(a, b, "gradient")


@pytest.mark.parametrize(
    ("steps", "budget", "expected"),
    [(9, None, None), (9, "sqrt", 3), (10, "sqrt", 4), (1, "sqrt", None), (100, 1, 1), (100, 10**12, None)],
)
def test_a_budget_says_how_long_a_segment_is(steps: int, budget: int | str | None, expected: int | None) -> None:
    case = make("lstm", steps, B, X, H)
    call = replace(prepare(case.equation, case.x, case.states, case.parameters), memory_budget=budget)
    assert checkpointing.segment_steps(compiled_cell(call), call) == expected
