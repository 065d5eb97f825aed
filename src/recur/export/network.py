"""The parts of a network around its recurrent layers as ONNX: embedding, pooling, readout."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs import Codec
from recur.decoding.vocabulary import Vocabulary
from recur.export.layers import States, real_steps
from recur.export.letters import write_letters
from recur.export.pictures import write_pictures
from recur.export.writer import FLOAT, INT64, Writer
from recur.heads.events import EventHead
from recur.heads.head import Head
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.modes import Mode
from recur.network.inputs import Inputs
from recur.nn import AdaptiveReadout, Readout, Recurrent

_FAR = 2**31  # beyond every axis


def write_inputs(writer: Writer, inputs: Inputs, codec: Codec, values: str, *, timed: bool = False) -> str:
    """What a network reads to vectors (..., X): ids (...), words with their letters (..., 1 + L), numbers (..., C) or
    pictures (..., H, W, C) in their own units; ``timed`` tells whether a time axis stands before those."""
    if inputs.embedding is None:
        numbers = standardised(writer, codec, values)
        if inputs.pictures is None:
            return numbers
        return write_pictures(writer, inputs.pictures, numbers, timed=timed)
    weight = writer.constant(_array(inputs.embedding.weight) * inputs.scale, FLOAT, "embedding")
    if inputs.letters is None:
        return writer.add("Gather", weight, values, axis=0)
    words = writer.add("Gather", values, writer.constant(0, INT64), axis=-1)
    ends = writer.integers(1), writer.integers(_FAR), writer.integers(-1)
    spelled = write_letters(writer, inputs.letters, writer.add("Slice", values, *ends))
    return writer.add("Concat", writer.add("Gather", weight, words, axis=0), spelled, axis=-1)


def standardised(writer: Writer, codec: Codec, values: str) -> str:
    """Numbers in their own units to those of mean 0 and deviation 1."""
    mean, deviation = scale(codec)
    return writer.add("Div", writer.add("Sub", values, writer.constant(mean)), writer.constant(deviation))


def write_output(writer: Writer, output: Head, codec: Codec, vectors: str) -> str:
    """Vectors (..., H) to log p (..., V), to numbers (..., C) in their own units, or to p (..., C) of keys."""
    if isinstance(output, SymbolHead):
        if isinstance(output.readout, AdaptiveReadout):
            return _adaptive(writer, output.readout, vectors)
        return writer.add("LogSoftmax", write_linear(writer, output.readout, vectors), axis=-1)
    if isinstance(output, EventHead):
        return writer.add("Sigmoid", write_linear(writer, output.readout, vectors))
    if not isinstance(output, NumberHead):
        raise TypeError(type(output).__name__)
    return own_units(writer, codec, write_linear(writer, output.readout, vectors))


def own_units(writer: Writer, codec: Codec, values: str) -> str:
    """Numbers of mean 0 and deviation 1 to those of their own units."""
    mean, deviation = scale(codec)
    return writer.add("Add", writer.add("Mul", values, writer.constant(deviation)), writer.constant(mean))


def write_hidden(writer: Writer, hidden: nn.Sequential, vectors: str) -> str:
    """The layers of one-to-one."""
    for layer in hidden:
        if isinstance(layer, nn.Linear):
            vectors = write_linear(writer, layer, vectors)
        elif isinstance(layer, nn.ReLU):
            vectors = writer.add("Relu", vectors)
    return vectors


def write_pooled(writer: Writer, layer: Recurrent, y: str, finals: States, lengths: str, how: str) -> str:
    """What many-to-one reads out of outputs (T, B, O) and final states: (B, O)."""
    if how == "last":
        top = finals[f"{layer.equation.states[0]}_l{layer.num_layers - 1}"]
        rows = writer.add("Transpose", top, perm=[1, 0, 2])
        return writer.add("Reshape", rows, writer.integers(0, -1))
    counts = writer.add("Unsqueeze", lengths, writer.integers(-1))
    if how == "mean":
        least = writer.add("Max", counts, writer.constant(1, INT64))
        total = writer.add("ReduceSum", y, writer.integers(0), keepdims=0)
        return writer.add("Div", total, writer.add("Cast", least, to=int(writer.onnx.TensorProto.FLOAT)))
    hidden = writer.add("Where", real_steps(writer, y, lengths), y, writer.constant(-np.inf))
    most = writer.add("ReduceMax", hidden, writer.integers(0), keepdims=0)
    some = writer.add("Greater", counts, writer.constant(0, INT64))
    return writer.add("Where", some, most, writer.constant(0.0))


def scale(codec: Codec) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of what a codec reads, one number for each of its columns; of a picture, of its channels."""
    return codec.normalisation()


def symbols_of(mode: Mode) -> Vocabulary | None:
    """The beginning and end of the texts that a mode writes, if it does."""
    found = getattr(mode, "symbols", None)
    return found if isinstance(found, Vocabulary) else None


def write_linear(writer: Writer, layer: nn.Linear | Readout, vectors: str) -> str:
    """z = W v + b."""
    product = writer.add("MatMul", vectors, writer.constant(_array(layer.weight).T, FLOAT, "weight"))
    if layer.bias is None:
        return product
    return writer.add("Add", product, writer.constant(_array(layer.bias), FLOAT, "bias"))


def _adaptive(writer: Writer, readout: AdaptiveReadout, vectors: str) -> str:
    """log p of common symbols, and of each cluster log p(cluster) + log p(symbol | cluster) (Grave et al. 2017)."""
    softmax = readout.softmax
    head = writer.add("LogSoftmax", write_linear(writer, softmax.head, vectors), axis=-1)
    ends = writer.integers(-1)
    parts = [writer.add("Slice", head, writer.integers(0), writer.integers(softmax.shortlist_size), ends)]
    for number, cluster in enumerate(softmax.tail):
        inner = vectors
        if not isinstance(cluster, nn.Sequential):
            raise TypeError(type(cluster).__name__)
        for layer in cluster:
            if isinstance(layer, nn.Linear):
                inner = write_linear(writer, layer, inner)
        start = softmax.shortlist_size + number
        chosen = writer.add("Slice", head, writer.integers(start), writer.integers(start + 1), ends)
        parts.append(writer.add("Add", writer.add("LogSoftmax", inner, axis=-1), chosen))
    return writer.add("Concat", *parts, axis=-1)


def _array(tensor: Tensor) -> np.ndarray:
    with torch.no_grad():
        array: np.ndarray = tensor.detach().cpu().float().numpy()
    return array
