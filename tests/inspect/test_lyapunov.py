"""The growth of a change along a path is the norm of the product of all Jacobians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from recur import equation
from recur import inspect as inspector
from recur.inspect.lyapunov import Lyapunov, lyapunov, sentence
from recur.inspect.record import as_batch
from recur.modes import Mode
from recur.nn import Recurrent
from tests.inspect.helpers import TEXT, by_hand, double
from tests.modes.helpers import batch_of, rows
from tests.tolerances import DOUBLE, SHOWN, agree


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def linear(x: Any, h: Any, W_xh: Any, W_hh: Any) -> Any:
    """A linear network, whose growth is that of the powers of its matrix."""
    return W_xh @ x + W_hh @ h


def of_linear(*, bidirectional: bool = False) -> Mode:
    """A classifier with the linear cell."""
    mode = double("many-to-one", "words", "class", cell="elman", bidirectional=bidirectional)
    mode.stack.layer = Recurrent(
        linear, mode.inputs.size, 8, bidirectional=bidirectional, batch_first=True, engine="eager", dtype=torch.float64
    )
    return mode


def only(layers: tuple[Lyapunov, ...]) -> Lyapunov:
    [layer] = layers
    return layer


def test_growth_of_an_elman_network_is_that_of_its_jacobians_by_hand() -> None:
    mode = double("many-to-one", "words", "class", cell="elman", bidirectional=False)
    batch = batch_of(mode, rows("words", "class")[:1])
    [layer] = inspector.bptt(mode, batch).layers
    weight = mode.stack.layer.weight_hh_l0.detach().numpy()
    product, expected = np.eye(len(weight)), []
    for h in layer.states["h"][:0:-1, 0]:
        product = product @ ((1 - h**2)[:, None] * weight)
        expected.append(math.log(np.linalg.norm(product, 2)))
    agree(only(lyapunov(mode, batch)).log_growth, expected, DOUBLE)


def test_growth_of_an_lstm_counts_the_paths_between_its_states() -> None:
    mode = double("synced", "words", None)
    hidden, cells, _ = by_hand(mode, as_batch(mode, TEXT))
    rows_of = []
    for end in (hidden[-1], cells[-1]):
        for unit in end:
            found = torch.autograd.grad(unit, [hidden[0], cells[0]], retain_graph=True, materialize_grads=True)
            rows_of.append(torch.cat(found))
    # h_1 depends on c_1 within the step, and autograd counts that path for c_1: the states are independent here
    size = len(hidden[0])
    jacobian = torch.stack(rows_of)
    inner = torch.autograd.grad(hidden[0].sum(), cells[0], retain_graph=True)[0]
    jacobian[:, size:] -= jacobian[:, :size] * inner
    expected = math.log(float(torch.linalg.matrix_norm(jacobian, 2)))
    agree(only(lyapunov(mode, TEXT)).log_growth[-1], expected, DOUBLE)


@pytest.mark.parametrize(
    ("factor", "word"), [(0.5, "weakens"), (1.0, "carried"), (2.0, "grows"), (100.0, "explode"), (0.01, "forgets")]
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_linear_network_with_a_scaled_rotation_has_the_logarithm_of_the_scale(
    factor: float, word: str, bidirectional: bool
) -> None:
    mode = of_linear(bidirectional=bidirectional)
    for name, weight in mode.stack.named_parameters():
        if "W_hh" in name:
            weight.data = factor * torch.linalg.qr(weight.data)[0]
    for layer in lyapunov(mode, batch_of(mode, rows("words", "class")[:1])):
        agree(math.exp(layer.exponent), factor, DOUBLE)
        agree(np.exp(layer.log_growth), factor ** np.arange(1.0, layer.steps + 1), DOUBLE)
        assert word in layer.sentence


def test_a_boundary_between_documents_ends_the_path() -> None:
    mode = double("synced", "words", None)
    batch = as_batch(mode, TEXT)
    whole = only(lyapunov(mode, batch))
    batch.resets = torch.zeros(1, whole.steps + 1, dtype=torch.bool)
    batch.resets[0, 2] = True
    part = only(lyapunov(mode, batch))
    assert part.steps == whole.steps - 2


def test_a_network_that_keeps_nothing_says_so() -> None:
    mode = of_linear()
    for weight in mode.stack.parameters():
        weight.data.zero_()
    layer = only(lyapunov(mode, batch_of(mode, rows("words", "class")[:1])))
    assert layer.exponent == -math.inf
    assert "nothing of a change" in layer.sentence


def test_one_step_has_no_exponent() -> None:
    assert sentence(math.nan, 0) == "no Lyapunov exponent: there is no step before the last one"


def test_an_explanation_contains_the_exponent_that_the_function_returns() -> None:
    mode = double("many-to-one", "words", "class", bidirectional=False)
    found = inspector.explain(mode, TEXT, parts=("flow",))
    [layer] = found["flow"]["layers"]
    expected = only(lyapunov(mode, (TEXT, "yes")))
    assert layer["lyapunov"]["sentence"] == expected.sentence
    agree(layer["lyapunov"]["exponent"], expected.exponent, SHOWN)
