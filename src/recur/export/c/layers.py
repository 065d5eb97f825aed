"""Recurrent layers in C: one function for the step of each, from the compiler's plan of its equation."""

from __future__ import annotations

import numpy as np

from recur.engine.c_step import c_step
from recur.errors import ConfigError, RecurError
from recur.export.c.source import Source
from recur.nn import Recurrent
from recur.nn.graph_writer import array_of


def write_layers(source: Source, layer: Recurrent, x: str) -> tuple[list[str], str, str]:
    """Add the layers, each with its states, read forwards an item at a time.

    Parameters
    ----------
    source : Source
        What they are added to.
    layer : Recurrent
        The layers.
    x : str
        The expression of the input of a step.

    Returns
    -------
    list of str
        The statements of one step.
    str
        The expression of its output.
    str
        That of the last layer's state, which is the output unless the layer adds its input to it.

    Raises
    ------
    ConfigError
        When the cell has no form in C.
    """
    lines = []
    width = layer.input_size
    for number in range(layer.num_layers):
        y, reset = write_layer(source, layer, number, 0)
        source.reset += reset
        lines.append(f"NAME_layer{number}(s, {x});")
        written = output_size(layer, number)
        state = y
        if layer.residual and written == width:
            total = source.member(f"out{number}", written)
            lines.append(f"for (u = 0; u < {written}; ++u) {total}[u] = {_at(x)} + {y}[u];")
            source.reset.append(f"NAME_copy({y}, {total}, {written});")
            source.calls.add("copy")
            y = total
        x, width = y, written
    return lines, x, state


def output_size(layer: Recurrent, number: int) -> int:
    """Numbers that a layer answers with, in one direction."""
    return layer.layout.state_sizes[number][layer.equation.states[0]]


def _at(x: str) -> str:
    return f"{x}[u]" if " " not in x else f"({x})[u]"


def write_layer(source: Source, layer: Recurrent, number: int, direction: int) -> tuple[str, list[str]]:
    """Add the function ``NAME_layerN``, or ``NAME_layerNr`` of the reverse direction, which reads one item.

    Returns
    -------
    str
        The expression of its output.
    list of str
        The statements that set its states before the first step.
    """
    name = f"{'lr'[direction]}{number}"
    states, reset = _states(source, layer, number, direction, name)
    _write_step(source, layer, number, direction, name, states)
    return states[layer.equation.states[0]], reset


def _states(
    source: Source, layer: Recurrent, number: int, direction: int, start: str
) -> tuple[dict[str, str], list[str]]:
    """Add the states of a layer; return their expressions, and the statements that begin a sequence."""
    learned = layer.learned_states(number, direction, 1)
    states: dict[str, str] = {}
    reset = []
    for state, size in layer.layout.state_sizes[number].items():
        # a name may have letters that C does not know
        name = f"{start}_{state}" if state.isascii() else f"{start}_{len(states)}"
        states[state] = source.member(name, size)
        initial = None if learned is None else array_of(learned[state][0])
        if initial is None or not np.any(initial):
            reset.append(f"for (u = 0; u < {size}; ++u) {states[state]}[u] = 0.0f;")
        else:
            values = source.array(f"initial_{name}", initial)
            reset.append(f"NAME_copy({values}, {states[state]}, {size});")
            source.calls.add("copy")
    return states, reset


def _write_step(
    source: Source, layer: Recurrent, number: int, direction: int, name: str, states: dict[str, str]
) -> None:
    """Add the function of one step of a layer."""
    try:
        step = c_step(
            layer.equation, layer.gather(number, direction), layer.layout.levels[number].sizes, name=name,
            states=states, scratch="s->scratch", zoneout=layer.zoneout, int8=source.int8,
        )  # fmt: skip
    except RecurError as error:
        raise ConfigError(
            f"the cell {layer.equation.name} cannot be written in C: {error.message}",
            hint=error.hint or "recur export RUN --onnx model.onnx",
        ) from error
    for key, values in step.arrays.items():
        source.array(key, values)
    source.working(step.scratch)
    source.rounded(step.widest)
    declared = "  float most;\n" if step.widest else ""
    source.calls |= step.calls
    source.functions.append(
        f"static void NAME_layer{number}{'r' * direction}"
        "(struct NAME_state *NAME_RESTRICT s, const float *NAME_RESTRICT x) {\n"
        f"  int u;\n{declared}  (void)x;\n{step.code}\n}}\n"
    )
