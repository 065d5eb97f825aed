"""The parts of a network around its recurrent layers as ONNX: embedding, pooling."""

from __future__ import annotations

import numpy as np

from recur.codecs import Codec
from recur.export.layers import States
from recur.export.letters import write_letters
from recur.export.pictures import write_pictures
from recur.export.writer import Writer
from recur.network.inputs import Inputs
from recur.nn import Recurrent
from recur.nn.graph_writer import FLOAT, INT64, array_of, real_steps

_FAR = 2**31  # beyond every axis


def write_inputs(writer: Writer, inputs: Inputs, codec: Codec, values: str, *, timed: bool = False) -> str:
    """Write the input of a network as vectors (..., X): ids (...), words with their letters (..., 1 + L), numbers
    (..., C) or pictures (..., H, W, C) in their own units; ``timed``: a time axis comes before those."""
    if inputs.embedding is None:
        numbers = standardised(writer, codec, values)
        if inputs.pictures is None:
            return arranged(writer, inputs, numbers)
        return write_pictures(writer, inputs.pictures, numbers, timed=timed)
    weight = writer.constant(array_of(inputs.embedding.weight) * inputs.scale, FLOAT, "embedding")
    if inputs.letters is None:
        return writer.add("Gather", weight, values, axis=0)
    words = writer.add("Gather", values, writer.constant(0, INT64), axis=-1)
    ends = writer.integers(1), writer.integers(_FAR), writer.integers(-1)
    spelled = write_letters(writer, inputs.letters, writer.add("Slice", values, *ends))
    return writer.add("Concat", writer.add("Gather", weight, words, axis=0), spelled, axis=-1)


def arranged(writer: Writer, inputs: Inputs, numbers: str) -> str:
    """Columns (..., C) in the order in which the cell reads them."""
    return numbers if inputs.order is None else writer.add("Gather", numbers, writer.integers(*inputs.order), axis=-1)


def standardised(writer: Writer, codec: Codec, values: str) -> str:
    """Numbers in their own units to those of mean 0 and deviation 1."""
    mean, deviation = codec.normalisation()
    return writer.add("Div", writer.add("Sub", values, writer.constant(mean)), writer.constant(deviation))


def drawn_numbers(codec: Codec, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers (..., C) in their own units, none below 0 in a column that has no negative ones."""
    mean, deviation = codec.normalisation()
    drawn = (mean + deviation * random.normal(size=shape)).astype(np.float32)
    if codec.from_zero:
        places = [codec.column_names().index(name) for name in codec.from_zero]
        drawn[..., places] = np.abs(drawn[..., places])
    return drawn


def write_pooled(writer: Writer, layer: Recurrent, y: str, finals: States, lengths: str, how: str) -> str:
    """Write what many-to-one reads out of outputs (T, B, O) and final states: (B, O)."""
    if how == "last":
        top = finals[f"{layer.equation.states[0]}_l{layer.num_layers - 1}"]
        rows = writer.add("Transpose", top, perm=[1, 0, 2])
        return writer.add("Reshape", rows, writer.integers(0, -1))
    counts = writer.add("Unsqueeze", lengths, writer.integers(-1))
    if how == "mean":
        least = writer.add("Max", counts, writer.constant(1, INT64))
        total = writer.add("ReduceSum", y, writer.integers(0), keepdims=0)
        return writer.add("Div", total, writer.cast(least, FLOAT))
    hidden = writer.add("Where", real_steps(writer, y, lengths), y, writer.constant(-np.inf))
    most = writer.add("ReduceMax", hidden, writer.integers(0), keepdims=0)
    some = writer.add("Greater", counts, writer.constant(0, INT64))
    return writer.add("Where", some, most, writer.constant(0.0))
