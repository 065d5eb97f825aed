"""Parameters that an equation fixes: computed from sizes, part of the layer, and never trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.equations import equation, fixed, tanh
from recur.errors import EquationError
from recur.nn import Recurrent
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


@equation(x="X", h="H", W="H X", A=fixed("H H", lambda H: np.roll(np.eye(H), 1, axis=0)))
def delay_line(x, h, W, A):
    return W @ x + A @ h


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_a_fixed_matrix_delays_and_is_no_parameter(engine: str) -> None:
    layer = Recurrent(delay_line, 1, 4, engine=engine, recurrent_init="orthogonal")
    assert [name for name, _ in layer.named_parameters()] == ["W_l0"]
    assert layer.A_l0.tolist() == np.roll(np.eye(4), 1, axis=0).tolist()
    with torch.no_grad():
        layer.W_l0.zero_()[0] = 1.0
    x = torch.arange(1.0, 7.0).reshape(6, 1, 1)
    output, _ = layer(x)
    close(output[-1, 0], torch.tensor([6 + 2.0, 5 + 1.0, 4.0, 3.0]), "the last inputs, the oldest added again")
    output.sum().backward()
    assert layer.W_l0.grad is not None
    assert layer.A_l0.grad is None
    layer.reset_parameters()
    assert layer.A_l0.tolist() == np.roll(np.eye(4), 1, axis=0).tolist()


def test_fixed_values_are_saved_and_loaded_with_the_layer() -> None:
    layer = Recurrent(delay_line, 2, 3, dtype=torch.float64)
    assert layer.A_l0.dtype == torch.float64
    assert set(layer.state_dict()) == {"W_l0", "A_l0"}


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (lambda H: np.eye(H + 1), r"the fixed A is computed with shape \(4, 4\), expected finite numbers of shape"),
        (lambda H: np.full((H, H), np.nan), "the fixed A is not finite"),
    ],
)
def test_values_that_do_not_fit_are_refused(compute, said: str) -> None:
    @equation(x="X", h="H", W="H X", A=fixed("H H", compute))
    def cell(x, h, W, A):
        return tanh(W @ x + A @ h)

    with pytest.raises(EquationError, match=said):
        Recurrent(cell, 2, 3)


@pytest.mark.parametrize(("size", "compute"), [(3, len), ("H H", 1.0)])
def test_a_declaration_that_is_none_is_refused(size: object, compute: object) -> None:
    with pytest.raises(EquationError, match="expected a size and a function of its symbols"):
        fixed(size, compute)
