"""Recurrent layers in C: one function for the step of each, from the compiler's plan of its equation."""

from __future__ import annotations

import numpy as np

from recur.engine.c_step import c_step
from recur.errors import ConfigError, RecurError
from recur.export.c.source import Source
from recur.nn import Recurrent
from recur.nn.graph_writer import array_of


def write_layers(source: Source, layer: Recurrent, x: str) -> tuple[list[str], str]:
    """Add the layers, each with its states.

    Parameters
    ----------
    source : Source
        What they are added to.
    layer : Recurrent
        The layers, read forwards.
    x : str
        The expression of the input of a step.

    Returns
    -------
    list of str
        The statements of one step.
    str
        The expression of its output.

    Raises
    ------
    ConfigError
        When the cell has no form in C.
    """
    lines = []
    width = layer.input_size
    for number in range(layer.num_layers):
        states = _states(source, layer, number)
        _write_step(source, layer, number, states)
        lines.append(f"NAME_layer{number}(s, {x});")
        first = layer.equation.states[0]
        y, written = states[first], layer.layout.state_sizes[number][first]
        if layer.residual and written == width:
            total = source.member(f"out{number}", written)
            lines.append(f"for (u = 0; u < {written}; ++u) {total}[u] = {_at(x)} + {y}[u];")
            source.reset.append(f"NAME_copy({y}, {total}, {written});")
            source.calls.add("copy")
            y = total
        x, width = y, written
    return lines, x


def _at(x: str) -> str:
    return f"{x}[u]" if " " not in x else f"({x})[u]"


def _states(source: Source, layer: Recurrent, number: int) -> dict[str, str]:
    """Add the states of a layer, with their values before the first step; return their expressions."""
    learned = layer.learned_states(number, 0, 1)
    states: dict[str, str] = {}
    for state, size in layer.layout.state_sizes[number].items():
        # a name may have letters that C does not know
        name = f"l{number}_{state}" if state.isascii() else f"l{number}_{len(states)}"
        states[state] = source.member(name, size)
        initial = None if learned is None else array_of(learned[state][0])
        if initial is None or not np.any(initial):
            source.reset.append(f"for (u = 0; u < {size}; ++u) {states[state]}[u] = 0.0f;")
        else:
            values = source.array(f"initial_{name}", initial)
            source.reset.append(f"NAME_copy({values}, {states[state]}, {size});")
            source.calls.add("copy")
    return states


def _write_step(source: Source, layer: Recurrent, number: int, states: dict[str, str]) -> None:
    """Add the function of one step of a layer."""
    try:
        step = c_step(
            layer.equation, layer.gather(number), layer.layout.levels[number].sizes, name=f"l{number}",
            states=states, scratch="s->scratch", zoneout=layer.zoneout,
        )  # fmt: skip
    except RecurError as error:
        raise ConfigError(
            f"the cell {layer.equation.name} cannot be written in C: {error.message}",
            hint=error.hint or "recur export RUN --onnx model.onnx",
        ) from error
    for key, values in step.arrays.items():
        source.array(key, values)
    source.working(step.scratch)
    source.calls |= step.calls
    source.functions.append(
        f"static void NAME_layer{number}(struct NAME_state *NAME_RESTRICT s, const float *NAME_RESTRICT x) {{\n"
        f"  int u;\n  (void)x;\n{step.code}\n}}\n"
    )
