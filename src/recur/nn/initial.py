"""The values that a layer's parameters start from."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import init

from recur.equations import Equation
from recur.errors import ConfigError
from recur.nn.binding import Binding, recurrent_matrices

INPUT_GATE, FORGET_GATE = 0, 1  # of i f g o


@torch.no_grad()
def uniform(parameters: dict[str, Tensor], equation: Equation, binding: Binding, hidden_size: int) -> None:
    """Draw every free parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn does and in its order.

    A parameter whose value the equation fixes (the gain of a layer norm, ``"H = 1"``) gets that value.
    """
    bound = 1.0 / math.sqrt(hidden_size)
    for part in binding.parts:
        fixed = equation.initial(part.name)
        for own in part.own:
            if fixed is None:
                init.uniform_(parameters[own], -bound, bound)
            else:
                init.constant_(parameters[own], fixed)


@torch.no_grad()
def orthogonal(parameters: dict[str, Tensor], equation: Equation, binding: Binding) -> None:
    """Make each gate's block of the recurrent matrices orthogonal, so that products of steps keep their norm.

    Source: A. M. Saxe, J. L. McClelland, S. Ganguli (2014), Exact solutions to the nonlinear dynamics of
    learning; M. Henaff, A. Szlam, Y. LeCun (2016), Recurrent orthogonal networks and long-memory tasks.
    """
    recurrent = recurrent_matrices(equation)
    for part in binding.parts:
        if part.name not in recurrent:
            continue
        blocks = _blocks(equation, part.name)
        for own in part.own:
            for block in parameters[own].chunk(blocks):
                init.orthogonal_(block)


@torch.no_grad()
def forget_bias(parameters: dict[str, Tensor], binding: Binding, value: float) -> None:
    """Set the bias of the LSTM's forget gate, so that the cell remembers before it has learnt to.

    Source: R. Jozefowicz, W. Zaremba, I. Sutskever (2015), An empirical exploration of recurrent network
    architectures, section 3.2.
    """
    part = next(part for part in binding.parts if part.name == "b")
    for position, own in enumerate(part.own):
        # the two biases of torch.nn are added, so one carries the value
        gate = parameters[own].chunk(4)[FORGET_GATE]
        gate.fill_(value if position == 0 else 0.0)


@torch.no_grad()
def chrono(parameters: dict[str, Tensor], binding: Binding, steps: int) -> None:
    """Set the gates of an LSTM so that its units remember for between 1 and ``steps`` steps before they have learnt to.

    ::

        b_f = log u,   b_i = -b_f,   u ~ U(1, steps - 1) for each unit

    A forget gate sigmoid(b_f) keeps a cell for about exp(b_f) + 1 steps; the input gate then writes as slowly.

    Source: C. Tallec, Y. Ollivier (2018), Can recurrent neural networks warp time?, section 2.
    """
    part = next(part for part in binding.parts if part.name == "b")
    for position, own in enumerate(part.own):
        gates = parameters[own].chunk(4)
        if position == 0:
            init.uniform_(gates[FORGET_GATE], 1, steps - 1).log_()
            gates[INPUT_GATE].copy_(-gates[FORGET_GATE])
        else:
            # the two biases of torch.nn are added, so one carries the values
            gates[FORGET_GATE].zero_()
            gates[INPUT_GATE].zero_()


def check_gate_bias(option: str, equation: Equation, bias: bool) -> None:
    """Refuse an option that sets the bias of an LSTM's gates where there is none to set.

    Raises
    ------
    ConfigError
        If the cell is not an LSTM with gates i f g o in its bias ``b``, or has no bias.
    """
    gated = equation.name.startswith("lstm") and "b" in equation.parameters and _blocks(equation, "b") == 4
    if not gated:
        raise ConfigError(
            f"{option} is for LSTM cells, whose bias b holds the gates i f g o; {equation.name} is not one",
            hint=f"leave {option} out",
        )
    if not bias:
        raise ConfigError(f"{option} needs the bias that bias=False takes away", hint="bias=True")


def _blocks(equation: Equation, name: str) -> int:
    """How many gates are stacked in the rows of a parameter: 4 for ``4H``."""
    rows = equation.shapes[name][0]
    if len(rows.terms) == 1 and not rows.constant:
        return rows.terms[0][1]
    return 1
