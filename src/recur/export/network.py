"""The parts of a network around its recurrent layers as ONNX: embedding, pooling, readout."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs import Codec
from recur.errors import ConfigError
from recur.export.layers import States, real_steps
from recur.export.writer import FLOAT, INT64, Writer
from recur.modes import Mode
from recur.modes.inputs import Inputs
from recur.modes.outputs import NumberOutput, Output, SymbolOutput
from recur.modes.symbols import Symbols
from recur.modes.tagging import TagOutput
from recur.nn import AdaptiveReadout, Readout, Recurrent


def refuse_unknown(mode: Mode, inputs: Inputs, output: Output) -> None:
    """Refuse parts that have no counterpart here.

    Raises
    ------
    ConfigError
        With the part.
    """
    parts = {name for name, _ in inputs.named_children()} - {"embedding", "drop"}
    if parts:
        raise ConfigError(
            f"{mode.name}: the input is read by {', '.join(sorted(parts))}, which the exporter cannot write",
            hint="export_layer(model.mode.stack.layer, path) writes the recurrent layers alone",
        )
    if getattr(output, "crf", None) is not None:
        raise ConfigError(
            f"{mode.name}: a chain (crf) searches for its tags, which no single pass of a file can do",
            hint="export_layer(model.mode.stack.layer, path) writes the recurrent layers alone",
        )
    if type(output) not in (SymbolOutput, TagOutput, NumberOutput):
        raise ConfigError(
            f"{mode.name}: the exporter writes readouts of symbols and numbers, not {type(output).__name__}",
            hint="export_layer(model.mode.stack.layer, path) writes the recurrent layers alone",
        )


def write_inputs(writer: Writer, inputs: Inputs, codec: Codec, values: str) -> str:
    """Ids (...) or numbers (..., C) in their own units to vectors (..., X)."""
    if inputs.embedding is None:
        mean, deviation = scale(codec)
        return writer.add("Div", writer.add("Sub", values, writer.constant(mean)), writer.constant(deviation))
    weight = writer.constant(_array(inputs.embedding.weight) * math.sqrt(inputs.size), FLOAT, "embedding")
    return writer.add("Gather", weight, values, axis=0)


def write_output(writer: Writer, output: Output, codec: Codec, vectors: str) -> str:
    """Vectors (..., H) to log p (..., V), or to numbers (..., C) in their own units."""
    if isinstance(output, SymbolOutput):
        if isinstance(output.readout, AdaptiveReadout):
            return _adaptive(writer, output.readout, vectors)
        return writer.add("LogSoftmax", _linear(writer, output.readout, vectors), axis=-1)
    if not isinstance(output, NumberOutput):
        raise TypeError(type(output).__name__)
    mean, deviation = scale(codec)
    scaled = writer.add("Mul", _linear(writer, output.readout, vectors), writer.constant(deviation))
    return writer.add("Add", scaled, writer.constant(mean))


def write_hidden(writer: Writer, hidden: nn.Sequential, vectors: str) -> str:
    """The layers of one-to-one."""
    for layer in hidden:
        if isinstance(layer, nn.Linear):
            vectors = _linear(writer, layer, vectors)
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
    """Mean and deviation of the columns of numbers."""
    mean, deviation = (np.asarray(getattr(codec, name), FLOAT) for name in ("mean", "deviation"))
    return mean, deviation


def symbols_of(mode: Mode) -> Symbols | None:
    """The beginning and end of the texts that a mode writes, if it does."""
    found = getattr(mode, "symbols", None)
    return found if isinstance(found, Symbols) else None


def _linear(writer: Writer, layer: nn.Linear | Readout, vectors: str) -> str:
    product = writer.add("MatMul", vectors, writer.constant(_array(layer.weight).T, FLOAT, "weight"))
    if layer.bias is None:
        return product
    return writer.add("Add", product, writer.constant(_array(layer.bias), FLOAT, "bias"))


def _adaptive(writer: Writer, readout: AdaptiveReadout, vectors: str) -> str:
    """log p of common symbols, and of each cluster log p(cluster) + log p(symbol | cluster) (Grave et al. 2017)."""
    softmax = readout.softmax
    head = writer.add("LogSoftmax", _linear(writer, softmax.head, vectors), axis=-1)
    ends = writer.integers(-1)
    parts = [writer.add("Slice", head, writer.integers(0), writer.integers(softmax.shortlist_size), ends)]
    for number, cluster in enumerate(softmax.tail):
        inner = vectors
        if not isinstance(cluster, nn.Sequential):
            raise TypeError(type(cluster).__name__)
        for layer in cluster:
            if isinstance(layer, nn.Linear):
                inner = _linear(writer, layer, inner)
        start = softmax.shortlist_size + number
        chosen = writer.add("Slice", head, writer.integers(start), writer.integers(start + 1), ends)
        parts.append(writer.add("Add", writer.add("LogSoftmax", inner, axis=-1), chosen))
    return writer.add("Concat", *parts, axis=-1)


def _array(tensor: Tensor) -> np.ndarray:
    with torch.no_grad():
        array: np.ndarray = tensor.detach().cpu().float().numpy()
    return array
