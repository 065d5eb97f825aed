"""Initialisation of a layer's parameters."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import init

from recur.equations import Equation
from recur.errors import ConfigError
from recur.nn.parameter_binding import Binding, recurrent_matrices

INPUT_GATE, FORGET_GATE = 0, 1  # of i f g o
UPDATE_GATE = 1  # of r z n


@torch.no_grad()
def uniform(parameters: dict[str, Tensor], equation: Equation, binding: Binding, hidden_size: int) -> None:
    """Draw every parameter without a fixed value from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn does and in its order.

    A parameter whose first value the equation states (the gain of a layer norm, ``"H = 1"``) gets that value; one
    that is fixed is not drawn.
    """
    bound = 1.0 / math.sqrt(hidden_size)
    for part in binding.parts:
        if part.name in equation.fixed:
            continue
        value = equation.initial(part.name)
        # a place of a grid reads a kernel of every map, not all units
        reach = bound if part.stored is None or len(part.stored) < 4 else 1.0 / math.sqrt(math.prod(part.stored[1:]))
        for own in part.own:
            if value is None:
                init.uniform_(parameters[own], -reach, reach)
            else:
                init.constant_(parameters[own], value)


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
            for block in parameters[own] if part.stored and not part.grid else parameters[own].chunk(blocks):
                init.orthogonal_(block)


@torch.no_grad()
def forget_bias(parameters: dict[str, Tensor], binding: Binding, value: float) -> None:
    """Set the initial bias of the LSTM's forget gate, so that the cell keeps its state before training.

    Source: R. Jozefowicz, W. Zaremba, I. Sutskever (2015), An empirical exploration of recurrent network
    architectures, section 3.2.
    """
    part = next(part for part in binding.parts if part.name == "b")
    for position, own in enumerate(part.own):
        # the two biases of torch.nn are added, so one carries the value
        gate = parameters[own].chunk(4)[FORGET_GATE]
        gate.fill_(value if position == 0 else 0.0)


@torch.no_grad()
def chrono(parameters: dict[str, Tensor], equation: Equation, binding: Binding, steps: int) -> None:
    """Set the initial biases of the gates so that memory spans are between 1 and ``steps`` steps.

    ::

        LSTM   b_f = log u,   b_i = -b_f        u ~ U(1, steps - 1) for each unit
        GRU    b_z = log u

    A forget gate sigmoid(b_f), or an update gate sigmoid(b_z), keeps a unit for about exp(b) + 1 steps; the input
    gate, or 1 - sigmoid(b_z), then writes as slowly.

    Source: C. Tallec, Y. Ollivier (2018), Can recurrent neural networks warp time?, section 2.
    """
    if equation.name.startswith("gru"):
        _chrono_gru(parameters, binding, steps)
        return
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


def _chrono_gru(parameters: dict[str, Tensor], binding: Binding, steps: int) -> None:
    for place, part in enumerate(part for part in binding.parts if part.name in ("b_x", "b_h", "b")):
        for own in part.own:
            gate = parameters[own].chunk(3)[UPDATE_GATE]
            # where two biases are added, the first carries the values
            gate.zero_() if place else init.uniform_(gate, 1, steps - 1).log_()


def check_gate_bias(option: str, equation: Equation, bias: bool) -> None:
    """Refuse an option that sets the bias of gates where there is none to set.

    Raises
    ------
    ConfigError
        If the cell is not an LSTM with gates i f g o in its bias ``b`` (for ``memory_steps``: or a GRU with the gates
        r z n), or has no bias.
    """
    gated = equation.name.startswith("lstm") and "b" in equation.parameters and _blocks(equation, "b") == 4
    if option == "memory_steps":
        first = next((name for name in ("b_x", "b") if name in equation.parameters), None)
        gated = gated or (equation.name.startswith("gru") and first is not None and _blocks(equation, first) == 3)
        if not gated:
            raise ConfigError(
                f"memory_steps is for the gates of LSTM and GRU cells; {equation.name} is neither",
                hint="leave memory_steps out",
            )
    if not gated:
        raise ConfigError(
            f"{option} is for LSTM cells, whose bias b holds the gates i f g o; {equation.name} is not one",
            hint=f"leave {option} out",
        )
    if not bias:
        raise ConfigError(f"{option} needs the bias, which bias=False removes", hint="bias=True")


def _blocks(equation: Equation, name: str) -> int:
    """How many gates are stacked in the rows of a parameter: 4 for ``4H``."""
    rows = equation.shapes[name][0]
    if len(rows.terms) == 1 and not rows.constant:
        return rows.terms[0][1]
    return 1
