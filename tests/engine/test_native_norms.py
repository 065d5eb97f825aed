"""The size of dE/dstate_t at every step, recorded within the native backward pass."""

import itertools

import pytest
import torch

from recur.engine import bptt, prepare
from recur.engine.native import passes
from recur.engine.native.program import compiled, parameters_of
from tests.engine.helpers import make
from tests.tolerances import close


@pytest.mark.parametrize("name", ["elman", "lstm", "gru_reset_before", "lstm_projected"])
def test_recorded_norms_are_those_of_bptt_written_out(name):
    for ragged, resets, reverse in itertools.product((False, True), repeat=3):
        case = make(name, 7, 3, 4, 18, ragged=ragged, resets=resets)
        leaves = {key: value.detach() for key, value in case.leaves.items()}
        call = prepare(
            case.equation, leaves["x"], {s: leaves[f"{s}_0"] for s in case.states},
            {p: leaves[p] for p in case.parameters}, case.lengths, case.resets, reverse,
        )  # fmt: skip
        made = compiled(call)
        parameters = parameters_of(made, call)
        tensors = [call.x, *call.states.values(), *(parameters[n] for n in (*made.matrices, *made.vectors))]
        outputs, tape = passes.forward(made, call, tensors, training=True)
        seeds = [torch.randn_like(o) for o in outputs]
        norms = torch.zeros(len(made.states), 7, dtype=torch.float64)
        passes.backward(made, call, tensors, tape, seeds, [True] * len(tensors), norms=norms)

        _, written = bptt.forward(call.without_padding())
        finals = dict(zip(made.states, seeds[1:], strict=True))
        totals = bptt.backward(written, seeds[0], finals).totals
        live = torch.ones(7, 3, 1) if case.lengths is None else (torch.arange(7)[:, None] < case.lengths)[..., None]
        for number, state in enumerate(made.states):
            expected = (totals[state] * live).square().sum((1, 2))
            close(norms[number], expected, f"{name} {state} {ragged=} {resets=} {reverse=}")
