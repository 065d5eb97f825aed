"""The constants of a step in C: matrices block by block, biases summed, what depends on parameters alone."""

from __future__ import annotations

import numpy as np
import torch

from recur import equations
from recur.engine.c_step import affine, c_step, room_for
from recur.equations import equation, sigmoid, tanh
from tests.tolerances import agree


def test_a_matrix_is_stored_block_by_block_and_column_by_column() -> None:
    matrix = np.arange(40 * 3, dtype=np.float32).reshape(40, 3)
    written = affine("w", matrix, None, "x", "z")
    stored = written.arrays["w_w"]
    assert np.array_equal(stored[: 32 * 3].reshape(3, 32), matrix[:32].T)
    assert np.array_equal(stored[32 * 3 :].reshape(3, 8), matrix[32:].T)
    assert room_for(40) == 40
    assert written.code.count("NAME_product") == 2


def test_biases_of_one_sum_are_added_up_and_rows_are_filled_with_zeros() -> None:
    gru = equations.get("gru")
    sizes = {"X": 2, "H": 3}
    random = torch.Generator().manual_seed(0)
    parameters = {name: torch.randn(gru.shape(name, **sizes), generator=random) for name in gru.parameters}
    step = c_step(gru, parameters, sizes, name="l", states={"h": "s->h"}, scratch="s->scratch", zoneout={})
    gates = next(array for name, array in step.arrays.items() if name.endswith("_b") and np.count_nonzero(array) == 6)
    agree(np.sort(gates[:6]), (parameters["b_x"] + parameters["b_h"])[:6].sort().values.numpy())
    assert not gates[6:].any()


def test_what_depends_on_parameters_alone_is_a_constant() -> None:
    @equation(x="X", h="H", W="H X", a="H")
    def decayed(x, h, W, a):
        return sigmoid(a) * h + tanh(W @ x)

    sizes = {"X": 2, "H": 3}
    parameters = {"W": torch.ones(3, 2), "a": torch.tensor([0.0, 1.0, -2.0])}
    step = c_step(decayed, parameters, sizes, name="l", states={"h": "s->h"}, scratch="s->scratch", zoneout={})
    assert "sigmoid" not in step.calls
    agree(step.arrays["l_v0"], torch.sigmoid(parameters["a"]).numpy())


def test_zoneout_is_its_expectation() -> None:
    elman = equations.get("elman")
    sizes = {"X": 2, "H": 3}
    parameters = {name: torch.ones(elman.shape(name, **sizes)) for name in elman.parameters}
    step = c_step(elman, parameters, sizes, name="l", states={"h": "s->h"}, scratch="s->scratch", zoneout={"h": 0.25})
    assert "0.25f" in step.code
