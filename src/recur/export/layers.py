"""Recurrent layers as ONNX: deep, in both directions, over ragged rows, with their states in and out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from recur.engine.noise import expected, noisy
from recur.export.nodes import OWN_NODES, OwnNode
from recur.export.scan import write_scan
from recur.export.writer import Writer
from recur.nn import Recurrent
from recur.nn.graph_writer import FLOAT, INT64, array_of, real_steps

States = dict[str, str]  # "h_l0" -> (D, B, S)


def state_names(layer: Recurrent) -> list[tuple[str, int, int]]:
    """Name, directions and size of every state of every layer: ``h_l0`` is (D, B, S) in layer 0."""
    directions = 2 if layer.bidirectional else 1
    return [
        (f"{state}_l{number}", directions, size)
        for number, sizes in enumerate(layer.layout.state_sizes)
        for state, size in sizes.items()
    ]


def write_layers(
    writer: Writer, layer: Recurrent, x: str, *, lengths: str | None, initial: Mapping[str, str] | None = None
) -> tuple[str, States]:
    """Run the layers over x (T, B, X).

    Parameters
    ----------
    writer : Writer
        The graph that the nodes are added to.
    layer : Recurrent
        The layers, as they are in evaluation.
    x : str
        (T, B, X) float32.
    lengths : str or None
        (B,) int64 real steps; None for all.
    initial : mapping of str to str, optional
        The states before the first step, by the names of `state_names`; else zeros, or what was learned.

    Returns
    -------
    str
        (T, B, O), zero at padded steps.
    dict of str to str
        The states at the end, by name.
    """
    finals: States = {}
    directions = 2 if layer.bidirectional else 1
    width = layer.input_size
    for number in range(layer.num_layers):
        sizes = layer.layout.state_sizes[number]
        before = {
            state: initial[f"{state}_l{number}"] if initial else _initial(writer, layer, number, state, x)
            for state in sizes
        }
        own = None if layer.zoneout else OWN_NODES.get(layer.equation.name)
        if own is not None and any(size != next(iter(sizes.values())) for size in sizes.values()):
            own = None
        write = _own if own is not None else _scanned
        outputs, ends = write(writer, layer, number, x, before, lengths, own)
        out = next(iter(sizes.values()))
        if layer.merge == "sum" and directions == 2:
            y, written = writer.add("Add", *outputs), out
        else:
            y = outputs[0] if len(outputs) == 1 else writer.add("Concat", *outputs, axis=-1)
            written = out * directions
        if layer.residual and written == width:
            y = writer.add("Add", _without_padding(writer, x, lengths), y)
        finals |= {f"{state}_l{number}": end for state, end in ends.items()}
        x, width = y, written
    return x, finals


def _without_padding(writer: Writer, x: str, lengths: str | None) -> str:
    if lengths is None:
        return x
    return writer.add("Where", real_steps(writer, x, lengths), x, writer.constant(0.0))


def parameters(layer: Recurrent, number: int, direction: int) -> dict[str, np.ndarray]:
    """Return the equation's parameters of one layer and direction, as NumPy float32."""
    with torch.no_grad():
        gathered = layer.gather(number, direction)
    return {name: array_of(tensor) for name, tensor in gathered.items()}


def _initial(writer: Writer, layer: Recurrent, number: int, state: str, x: str) -> str:
    """Write the states (D, B, S) before the first step: zeros, or learned."""
    directions = 2 if layer.bidirectional else 1
    size = layer.layout.state_sizes[number][state]
    value = np.zeros((directions, 1, size), FLOAT)
    if layer.learn_initial_state:
        for direction in range(directions):
            learned = getattr(layer, layer.layout.levels[number].initial[direction][state])
            value[direction, 0] = array_of(learned)
    rows = writer.add("Slice", writer.add("Shape", x), writer.integers(1), writer.integers(2), writer.integers(0))
    shape = writer.add("Concat", writer.integers(directions), rows, writer.integers(size), axis=0)
    return writer.add("Expand", writer.constant(value), shape)


def _own(
    writer: Writer, layer: Recurrent, number: int, x: str, before: Mapping[str, str], lengths: str | None,
    own: OwnNode | None,
) -> tuple[list[str], States]:  # fmt: skip
    """Write one layer as ONNX's own node, both directions at once."""
    if own is None:
        raise KeyError(layer.equation.name)
    directions = 2 if layer.bidirectional else 1
    size = next(iter(layer.layout.state_sizes[number].values()))
    arrays = [own.weights(parameters(layer, number, direction)) for direction in range(directions)]
    stacked = [writer.constant(np.stack(parts), FLOAT, "weight") for parts in zip(*arrays, strict=True)]
    steps = "" if lengths is None else writer.cast(lengths, np.int32)
    inputs = [x, *stacked[:3], steps, *before.values()]
    if len(stacked) > 3:
        inputs.append(stacked[3])
    attributes = dict(own.attributes)
    if own.activations:
        attributes["activations"] = list(own.activations) * directions
    results = writer.many(
        own.op, inputs, 1 + len(before), hidden_size=size,
        direction="bidirectional" if directions == 2 else "forward", **attributes,
    )  # fmt: skip
    whole, ends = results[0], dict(zip(before, results[1:], strict=True))
    if lengths is not None:
        # ONNX does not define the last state of rows without a step: they keep their first state
        some = writer.add("Greater", lengths, writer.constant(0, INT64))
        live = writer.add("Unsqueeze", some, writer.integers(-1))
        ends = {state: writer.add("Where", live, end, before[state]) for state, end in ends.items()}
    # (T, D, B, H) -> D times (T, B, H)
    if directions == 1:
        return [writer.add("Squeeze", whole, writer.integers(1))], ends
    both = writer.many("Split", [whole], 2, axis=1, num_outputs=2)
    return [writer.add("Squeeze", each, writer.integers(1)) for each in both], ends


def _scanned(
    writer: Writer, layer: Recurrent, number: int, x: str, before: Mapping[str, str], lengths: str | None,
    own: OwnNode | None,
) -> tuple[list[str], States]:  # fmt: skip
    """Write one layer as a Scan over its equation, one for each direction."""
    del own
    noise = expected(layer.equation, layer.zoneout)
    graph = noisy(layer.equation, noise)
    directions = 2 if layer.bidirectional else 1
    outputs, ends = [], []
    for direction in range(directions):
        place = writer.constant(direction, INT64)
        states = {state: writer.add("Gather", value, place, axis=0) for state, value in before.items()}
        y, final = write_scan(
            writer, graph, x, states, parameters(layer, number, direction), layer.layout.levels[number].sizes,
            lengths=lengths, reverse=direction == 1,
            noises={key: float(noise.of(key)) for key in graph.noises},
        )  # fmt: skip
        outputs.append(y)
        ends.append(final)
    joined = {}
    for state in before:
        each = [writer.add("Unsqueeze", final[state], writer.integers(0)) for final in ends]
        joined[state] = each[0] if directions == 1 else writer.add("Concat", *each, axis=0)
    return outputs, joined
