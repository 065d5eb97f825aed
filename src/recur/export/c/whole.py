"""Recurrent layers in C that read a whole sequence at a time: in both directions, up to a stated number of steps.

The outputs of a layer at all steps are in the caller's memory: in two buffers, one to read and one to write.
"""

from __future__ import annotations

from dataclasses import dataclass

from recur.export.c.layers import output_size, write_layer
from recur.export.c.source import Source
from recur.nn import Recurrent

MOST = 256
"""Steps of a sequence, unless more are asked for."""


@dataclass(frozen=True)
class WholeLayers:
    """Layers over a whole sequence.

    Attributes
    ----------
    first, last : str
        The expressions of the buffers that hold the inputs of the first layer and the outputs of the last.
    width : int
        Numbers of one output.
    states : list of (str, int)
        The expression of the output state of each direction of the last layer, and its numbers.
    """

    first: str
    last: str
    width: int
    states: list[tuple[str, int]]


def write_whole(source: Source, layer: Recurrent, most: int) -> WholeLayers:
    """Add ``NAME_layers(s, steps)``, which reads the inputs of all steps and writes all outputs.

    Raises
    ------
    ConfigError
        When the cell has no form in C.
    """
    directions = layer.layout.directions
    widths = [layer.input_size, *(directions * output_size(layer, number) for number in range(layer.num_layers))]
    buffers = [source.member(f"steps{place}", most * max(widths[place::2])) for place in (0, 1)]
    lines = ["int t;"]
    states: list[tuple[str, int]] = []
    for number in range(layer.num_layers):
        read, written = buffers[number % 2], buffers[(number + 1) % 2]
        width, size, total = widths[number], output_size(layer, number), widths[number + 1]
        states = []
        for direction in range(directions):
            y, reset = write_layer(source, layer, number, direction)
            states.append((y, size))
            loop = "for (t = steps - 1; t >= 0; --t) {" if direction else "for (t = 0; t < steps; ++t) {"
            place = f" + {direction * size}" if direction else ""
            lines += [
                *reset,
                loop,
                f"  NAME_layer{number}{'r' * direction}(s, {read} + t * {width});",
                f"  NAME_copy({y}, {written} + t * {total}{place}, {size});",
                "}",
            ]
        source.calls.add("copy")
        if layer.residual and total == width:
            lines.append(f"for (t = 0; t < steps * {width}; ++t) {written}[t] = {read}[t] + {written}[t];")
    uses = ["int u;"] if any("u = 0" in line for line in lines) else []
    source.functions.append(
        "static void NAME_layers(struct NAME_state *NAME_RESTRICT s, int steps) {\n"
        + "\n".join(f"  {line}" for line in (*uses, *lines))
        + "\n}\n"
    )
    return WholeLayers(buffers[0], buffers[layer.num_layers % 2], widths[-1], states)
