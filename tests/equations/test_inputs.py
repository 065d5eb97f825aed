"""Several inputs: columns of x_t one after the other, such as the time since the last step."""

from __future__ import annotations

import pytest
import torch

from recur.equations import equation, exp, get, tanh
from recur.errors import ConfigError, EquationError
from recur.nn import Recurrent
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


@equation(x="X", dt="1 input", h="H", W="H X", U="H H")
def fading(x, dt, h, W, U):
    return tanh(W @ x + U @ (exp(-dt) * h))


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_the_second_input_is_the_last_column(engine: str) -> None:
    torch.manual_seed(0)
    layer = Recurrent(fading, 4, 5, engine=engine, dtype=torch.float64)
    assert layer.W_l0.shape == (5, 3)
    x = torch.rand(6, 2, 4, dtype=torch.float64)
    h, expected = torch.zeros(2, 5, dtype=torch.float64), []
    for x_t in x:
        h = torch.tanh(x_t[:, :3] @ layer.W_l0.t() + (torch.exp(-x_t[:, 3:]) * h) @ layer.U_l0.t())
        expected.append(h)
    close(layer(x)[0], torch.stack(expected), "outputs")


def test_the_names_of_all_inputs_are_known() -> None:
    assert fading.inputs == ("x", "dt")
    assert fading.shape("dt", X=3, H=5) == (1,)
    assert get("gru_d").inputs == ("x", "known", "since")
    assert get("lstm").inputs == ("x",)


def test_a_stack_is_refused_because_its_second_layer_would_not_read_the_time() -> None:
    with pytest.raises(ConfigError, match="fading reads x, dt at every step"):
        Recurrent(fading, 4, 5, num_layers=2)


def test_columns_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ConfigError, match="layer 0 reads vectors of 7"):
        Recurrent("gru_d", 7, 5)


def test_an_input_after_a_state_is_refused() -> None:
    with pytest.raises(EquationError, match="the input dt comes after a state or parameter"):

        @equation(x="X", h="H", dt="1 input", W="H X")
        def late(x, h, dt, W):
            return tanh(W @ x + dt * h)
