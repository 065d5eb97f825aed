"""A network that answers in one pass in C: what is read, the recurrent layers, what is read out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from recur.codecs import Codec
from recur.engine.c_step import whole_rows
from recur.errors import ConfigError
from recur.export.c.chain import write_chain
from recur.export.c.layers import write_layers
from recur.export.c.source import Source, room_for
from recur.export.c.symbols import write_find, write_sample, write_texts
from recur.export.c.whole import MOST, WholeLayers, write_whole
from recur.export.reference import EACH, LAST, answers_of
from recur.heads.plain import PlainReadout
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.nn.graph_writer import array_of, dense_layers


@dataclass
class Network:
    """A network in C, before it is written to files.

    Attributes
    ----------
    source : Source
        Its constants, state and functions; among these ``NAME_read``, which reads one item, and ``NAME_answer``.
    ids : bool
        Whether it reads ids; else numbers.
    inputs, outputs : int
        Columns of what is read (1 id), and numbers of an answer.
    answers : str
        Whether ``NAME_run`` answers ``each`` item, or the ``last`` one alone.
    stateful : bool
        Whether what is read depends on what was read before.
    whole : bool
        Whether it reads whole sequences alone, as in both directions: there is no ``NAME_step`` then.
    x, y : str
        What they hold, in words.
    numbers : bool
        Whether answers are numbers in their own units, and not probabilities or scores.
    number : str
        The type in C of the numbers that it reads and answers.
    reference : callable
        (N,) ids or (N, C) numbers in their own units -> the answers (M, O) of the network itself.
    least : int
        The least steps that have an answer.
    most : int
        The most steps of a sequence, where its outputs at all steps are kept; else 0.
    tags : callable, optional
        Scores (T, V) of a chain of tags -> the best tags (T,) of the network itself.
    constants : dict of str to (int, str)
        Further constants of the header, each with what it is.
    """

    source: Source
    ids: bool
    inputs: int
    outputs: int
    answers: str
    stateful: bool
    x: str
    y: str
    reference: Callable[[np.ndarray], np.ndarray]
    numbers: bool = False
    number: str = "float"
    least: int = 0
    whole: bool = False
    most: int = 0
    tags: Callable[[np.ndarray], np.ndarray] | None = None
    constants: dict[str, tuple[int, str]] = field(default_factory=dict)


def write_network(mode: Mode, parts: OnePass, most: int | None, *, int8: bool = False) -> Network:
    """Write a network that answers in one pass.

    Parameters
    ----------
    mode : Mode
    parts : OnePass
        Those of the network.
    most : int or None
        The most steps of a sequence, for a network that reads whole sequences.
    int8 : bool
        Whether products and embeddings are in 8 bits.

    Raises
    ------
    ConfigError
        When a part of it has no form in C.
    """
    network = about(mode, parts, most)
    source, readout = network.source, parts.head.plain()
    source.int8 = int8
    lines, vector = _input(source, parts.inputs, require_input(mode.input_codec, mode.name))
    width = parts.inputs.size
    if network.whole:
        _whole(source, parts, readout, mode, (network.ids, lines, vector), network.most)
    else:
        if parts.hidden is not None:
            more, vector, width = _hidden(source, dense_layers(parts.hidden), vector, width)
            lines += more
        if parts.stack is not None:
            more, output, state = write_layers(source, parts.stack.layer, vector)
            lines += more
            vector = state if parts.pooling == "last" else output
            width = parts.stack.output_size
        if parts.pooling in {"mean", "max"}:
            lines += _pool(source, parts.pooling, vector, width)
        add_function(source, "answer", "float *y", _answer(source, readout, mode, vector, parts.pooling, width))
        add_function(source, "read", "int32_t x" if network.ids else "const float *x", lines)
    _texts(network, mode, readout)
    return network


def about(mode: Mode, parts: OnePass, most: int | None) -> Network:
    """Return what a network reads and answers, before anything of it is written.

    Raises
    ------
    ConfigError
        When it reads or answers what an export has no form for.
    """
    codec = require_input(mode.input_codec, mode.name)
    _refuse_inputs(parts.inputs, codec)
    readout = parts.head.plain()
    whole = parts.stack is not None and parts.stack.directions == 2
    steps = (most or MOST) if whole or readout.chain is not None else 0
    if most and not steps:
        raise ConfigError(
            f"this {mode.name} network reads an item at a time, so that sequences may have any length",
            hint="leave out --max-steps",
        )
    ids = parts.inputs.embedding is not None
    inputs = 1 if ids else codec.size
    x = "an id" if ids else f"{inputs} numbers in their own units: {columns_of(codec)}"
    network = Network(
        Source(), ids, inputs, len(readout.weight), LAST if parts.pooling else EACH, parts.stack is not None, x,
        _what_is_answered(readout, mode), lambda own: answers_of(mode, parts, own),
        numbers=readout.ends_in == "units", whole=whole, most=steps,
    )  # fmt: skip
    if parts.inputs.embedding is not None:
        network.constants["SYMBOLS"] = len(parts.inputs.embedding.weight), "ids are below it"
    chain = readout.chain
    if chain is not None:
        network.tags = lambda scores: chain.decode(torch.from_numpy(scores)[None])[0][0].numpy()
    return network


def _texts(network: Network, mode: Mode, readout: PlainReadout) -> None:
    """Add the texts of ids and labels, what finds them, and what draws or searches symbols."""
    source, codec = network.source, require_input(mode.input_codec, mode.name)
    if network.most:
        network.constants["MAX_STEPS"] = network.most, "of a sequence"
    if network.ids and codec.vocabulary:
        texts = [str(text) for text in codec.vocabulary]
        write_texts(source, "symbols", texts, "the text of each id")
        write_find(source, texts, -1 if codec.ids.unk is None else codec.ids.unk)
    if mode.target_codec.labelled and readout.ends_in in {"softmax", "scores"}:
        labels = [str(label) for label in mode.target_codec.labels]
        what = "probability" if readout.ends_in == "softmax" else "score"
        write_texts(source, "labels", labels, f"what each number of an answer is the {what} of")
    if readout.chain is not None:
        write_chain(source, readout.chain, network.most)
    if mode.symbols is not None:
        write_sample(source, network.outputs, mode.symbols.forbidden(False))
        network.constants["BEGINNING"] = mode.symbols.beginning, "the id that is read first"
        network.constants["END"] = mode.symbols.end, "the id that ends a text"


def _whole(
    source: Source, parts: OnePass, readout: PlainReadout, mode: Mode, read: tuple[bool, list[str], str], most: int
) -> None:
    """Write ``NAME_item``, which reads an item into a vector, ``NAME_layers``, and ``NAME_answer`` to a vector."""
    ids, lines, vector = read
    if parts.stack is None:
        raise ConfigError("a network without layers reads in no direction")
    size = parts.inputs.size
    source.calls.add("copy")
    argument = "int32_t x" if ids else "const float *x"
    add_function(
        source, "item", f"{argument}, int t", [*lines, f"NAME_copy({vector}, s->steps0 + t * {size}, {size});"]
    )
    layers = write_whole(source, parts.stack.layer, most)
    if not parts.pooling:
        lines = _answer(source, readout, mode, "v", "", layers.width)
        lines.insert(0, f"const float *const v = {layers.last} + t * {layers.width};")
        add_function(source, "answer", "int t, float *y", lines)
    else:
        pooled = source.member("pooled", layers.width)
        add_function(source, "summary", "int steps", _summary(source, parts.pooling, layers, pooled))
        add_function(source, "answer", "float *y", _answer(source, readout, mode, pooled, "", layers.width))


def _summary(source: Source, pooling: str, layers: WholeLayers, pooled: str) -> list[str]:
    """Write the vector of a whole sequence, which is read out."""
    if pooling == "last":
        lines, start = ["(void)steps;"], 0
        for state, size in layers.states:
            lines.append(f"NAME_copy({state}, {pooled} + {start}, {size});")
            start += size
        return lines
    each = f"{layers.last}[t * {layers.width} + u]"
    change = f"{pooled}[u] += {each};"
    if pooling == "max":
        source.calls.add("maximum")
        change = f"{pooled}[u] = t == 0 ? {each} : NAME_maximum({pooled}[u], {each});"
    lines = [
        "int t;",
        f"for (u = 0; u < {layers.width}; ++u) {pooled}[u] = 0.0f;",
        "for (t = 0; t < steps; ++t) {",
        f"  for (u = 0; u < {layers.width}; ++u) {change}",
        "}",
    ]
    if pooling == "mean":
        lines.append(f"for (u = 0; u < {layers.width} && steps > 1; ++u) {pooled}[u] /= (float)steps;")
    return lines


def columns_of(codec: Codec) -> str:
    names = [str(name) for name in codec.column_names()]
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:4])} ... {names[-1]}"


def _what_is_answered(readout: PlainReadout, mode: Mode) -> str:
    codec = mode.target_codec
    if readout.ends_in == "softmax":
        if codec.labelled:
            labels = [str(label) for label in codec.labels]
            return f"the probability of each label: {', '.join(labels[:12])}{' ...' if len(labels) > 12 else ''}"
        return "the probability of each id"
    if readout.ends_in == "sigmoid":
        return "the probability of each event"
    if readout.ends_in == "scores":
        return f"the score of each tag, which NAME_tags searches: {', '.join(map(str, codec.labels))}"
    return f"numbers in their own units: {columns_of(codec)}"


def _refuse_inputs(inputs: Inputs, codec: Codec) -> None:
    if inputs.letters is not None:
        raise ConfigError(
            "this network reads the letters of its words, which this export does not yet", hint="train with words alone"
        )
    if inputs.pictures is not None or codec.grid is not None:
        raise ConfigError(
            "this network reads pictures, which this export does not yet", hint="recur export RUN --onnx FILE"
        )


def _input(source: Source, inputs: Inputs, codec: Codec) -> tuple[list[str], str]:
    """Write what is read as a vector: the statements, the expression of the vector."""
    if inputs.embedding is not None:
        weight = array_of(inputs.embedding.weight) * np.float32(inputs.scale)
        size = weight.shape[1]
        if source.int8:
            whole, scales = whole_rows(weight)
            table, scale = source.array("embedding", whole), source.array("embedding_s", scales)
            vector = source.member("x", size)
            return [
                f"for (u = 0; u < {size}; ++u) {vector}[u] = (float){table}[x * {size} + u] * {scale}[x];",
            ], vector
        table = source.array("embedding", weight)
        lines = [f"const float *const v = {table} + x * {size};"]
        return lines, "v"
    mean, deviation = (np.asarray(each, np.float32).ravel() for each in codec.normalisation())
    if not mean.any() and (deviation == 1).all():
        return [], "x"
    vector = source.member("x", codec.size)
    means, deviations = source.array("mean", mean), source.array("deviation", deviation)
    lines = [f"for (u = 0; u < {codec.size}; ++u) {vector}[u] = (x[u] - {means}[u]) / {deviations}[u];"]
    return lines, vector


def _hidden(
    source: Source, layers: list[tuple[np.ndarray, np.ndarray | None]], vector: str, width: int
) -> tuple[list[str], str, int]:
    """Write layers without time, each followed by ReLU."""
    lines: list[str] = []
    for number, (weight, bias) in enumerate(layers):
        z = source.member(f"hidden{number}", room_for(len(weight)))
        lines += source.affine(f"h{number}", weight, bias, vector, z)
        lines.append(f"for (u = 0; u < {len(weight)}; ++u) {z}[u] = NAME_relu({z}[u]);")
        source.calls.add("relu")
        vector, width = z, len(weight)
    return lines, vector, width


def _pool(source: Source, how: str, vector: str, width: int) -> list[str]:
    """Write the mean or the maximum of all steps so far."""
    pooled = source.member("pooled", width)
    source.counters["steps"] = 0
    source.reset.append(f"for (u = 0; u < {width}; ++u) {pooled}[u] = 0.0f;")
    if how == "mean":
        change = f"{pooled}[u] += {vector}[u];"
    else:
        change = f"{pooled}[u] = s->steps == 0 ? {vector}[u] : NAME_maximum({pooled}[u], {vector}[u]);"
        source.calls.add("maximum")
    return [f"for (u = 0; u < {width}; ++u) {change}", "if (s->steps < 0x7fffffff) ++s->steps;"]


def _answer(source: Source, readout: PlainReadout, mode: Mode, vector: str, pooling: str, width: int) -> list[str]:
    """Write the readout of the vector after the last item."""
    lines = []
    outputs = len(readout.weight)
    start = 0
    if pooling in {"mean", "max"}:
        vector = "s->pooled"
    if pooling == "mean":
        start = width
        lines += [
            "const float counted = s->steps > 1 ? (float)s->steps : 1.0f;",
            f"for (u = 0; u < {width}; ++u) s->scratch[u] = s->pooled[u] / counted;",
        ]
        vector = "s->scratch"
    scratch = source.working(start + room_for(outputs))
    z = f"{scratch} + {start}" if start else scratch
    at = f"({z})" if start else z
    bias = None if readout.bias is None else array_of(readout.bias)
    lines += source.affine("readout", array_of(readout.weight), bias, vector, z)
    if readout.ends_in == "softmax":
        source.calls |= {"softmax", "copy"}
        lines += [f"NAME_softmax({z}, {outputs});", f"NAME_copy({z}, y, {outputs});"]
    elif readout.ends_in == "sigmoid":
        source.calls.add("sigmoid")
        lines.append(f"for (u = 0; u < {outputs}; ++u) y[u] = NAME_sigmoid({at}[u]);")
    elif readout.ends_in == "scores":
        source.calls.add("copy")
        lines.append(f"NAME_copy({z}, y, {outputs});")
    else:
        mean, deviation = mode.target_codec.normalisation()
        means = source.array("target_mean", np.asarray(mean, np.float32).ravel())
        deviations = source.array("target_deviation", np.asarray(deviation, np.float32).ravel())
        lines.append(f"for (u = 0; u < {outputs}; ++u) y[u] = {at}[u] * {deviations}[u] + {means}[u];")
    return lines


def add_function(source: Source, name: str, argument: str, lines: list[str]) -> None:
    """Add a static function of the state and, unless it is empty, one argument."""
    start = ("const ", "int ", "float ")
    declarations = list(dict.fromkeys(line for line in lines if line.startswith(start)))
    rest = [line for line in lines if not line.startswith(start)]
    uses = any("u = 0" in line for line in rest)
    body = [*declarations, *(["int u;"] if uses else []), *rest]
    more = f", {argument}" if argument else ""
    source.functions.append(
        f"static void NAME_{name}(struct NAME_state *NAME_RESTRICT s{more}) {{\n"
        + "\n".join(f"  {line}" for line in body)
        + "\n}\n"
    )
