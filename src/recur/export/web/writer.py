"""A network that writes a sequence (a translation, a caption) as plain data for a page, and what it writes itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from recur import decoding
from recur.decoding.options import Decoding
from recur.errors import ConfigError
from recur.export.reference import as_read
from recur.export.web.parts import Parts, network_about
from recur.modes.mode import require_input
from recur.modes.writing import WritingMode
from recur.network.decoder import Decoder, DecoderState
from recur.nn import Attention

BEAM, ITEMS = 3, 24  # of what is compared: width of the beam, items of an answer


@dataclass
class Written:
    """What a network writes to one input.

    Attributes
    ----------
    ids : list of int
        The symbols that are read while the answers are computed: the likeliest ones. Empty for numbers.
    answers : ndarray
        (M, O), of each step: probabilities of symbols, or numbers in their own units.
    attention : ndarray or None
        (M, S), where each step looked.
    length : int
        The most items of an answer.
    beam : list of dict
        Hypotheses, each with ``ids`` and ``score``, the best first.
    """

    ids: list[int]
    answers: np.ndarray
    attention: np.ndarray | None
    length: int
    beam: list[dict[str, Any]] = field(default_factory=list)


def writer_about(mode: WritingMode, parts: Parts) -> dict[str, Any]:
    """Describe a network that writes.

    Raises
    ------
    ConfigError
        When a part of it has no form in a page.
    """
    decoder = mode.decoder
    if decoder.output.answers_with == "events":
        raise ConfigError(
            f"this network writes {decoder.codec.describe()}, which a page cannot write yet",
            hint="texts, tags, melodies and numbers can be written",
        )
    inputs, read = mode.inputs, None
    if inputs is not None:
        read = parts.inputs(inputs, require_input(mode.input_codec, mode.name))
    about = network_about(input=read, pooling="last")
    encoder = mode.encoder_layers
    if encoder is not None:
        about |= parts.layers(encoder.layer)
    reads = "sequence" if encoder is not None else "nothing" if read is None else "value"
    return about | {"writer": _decoder_about(decoder, parts) | {"reads": reads, "looks": mode.looks}}


def _decoder_about(decoder: Decoder, parts: Parts) -> dict[str, Any]:
    symbols = decoder.symbols
    own = network_about(
        input=parts.inputs(decoder.inputs, decoder.codec), **parts.layers(decoder.stack.layer),
        **parts.readout(decoder.output.plain(), decoder.codec),
    )  # fmt: skip
    attention = None
    if decoder.attention is not None:
        attention = _attention_about(decoder.attention, parts) | {
            "combine": parts.affine(decoder.combine.weight, decoder.combine.bias), "first": decoder.reads_context,
        }  # fmt: skip
    return {
        "decoder": own, "attention": attention, "feeds": decoder.feeds,
        "bridge": parts.affine(decoder.bridge.linear.weight, decoder.bridge.linear.bias),
        "states": _bridged(decoder), "length": decoder.length(Decoding()),
        "symbols": None if symbols is None else {
            "beginning": symbols.beginning, "end": symbols.end, "forbidden": list(symbols.forbidden(unknown=False)),
        },
    }  # fmt: skip


def _bridged(decoder: Decoder) -> list[list[Any]]:
    """The states that the bridge sets, in its order: layer, name, first number and how many they are."""
    layer = decoder.stack.layer
    names, sizes = list(layer.equation.states), layer.layout.state_sizes
    levels = range(layer.num_layers)
    places = [(level, name) for name in names for level in levels]
    if not layer.layout.one_size:
        places = [(level, name) for level in levels for name in names]
    found, first = [], 0
    for level, name in places:
        found.append([level, name, first, sizes[level][name]])
        first += sizes[level][name]
    return found


def _attention_about(attention: Attention, parts: Parts) -> dict[str, Any]:
    plain = attention.plain()
    about: dict[str, Any] = {"key": parts.affine(plain.key, None), "scale": plain.scale, "query": None, "vector": None}
    if plain.query is None or plain.vector is None:
        return about
    return about | {"query": parts.affine(plain.query, plain.bias), "vector": parts.affine(plain.vector, None)}


@torch.no_grad()
def written_by(mode: WritingMode, own: np.ndarray) -> Written:
    """Return what a network writes to one input: ids (N,), or numbers (N, C) in their own units."""
    decoder = mode.decoder
    start = _start(mode, own)
    options = Decoding.of({"beam": BEAM, "length": min(ITEMS, decoder.length(Decoding()))})
    length = decoder.length(options)
    if decoder.symbols is None:
        with mode.answering():
            [answer] = decoder.write(start, 1, Decoding.of({"length": length}), 1, Decoding().chooser())
        values = np.asarray(answer.value, np.float64).reshape(length, -1)
        return Written([], values, None, length)
    rules = options.rules(forbid=decoder.symbols.forbidden(unknown=False))
    found = [
        decoding.search(
            decoder, decoder.first(1), start, one, end=decoder.symbols.end, length=length, n_best=one.beam, rules=rules
        )[0]
        for one in (Decoding(), options)
    ]
    ids = [*found[0][0].ids, decoder.symbols.end]
    vectors, weights = decoder.read(torch.tensor([ids]), torch.tensor([len(ids)]), start)
    return Written(
        ids, decoder.output.log_probs(vectors)[0].exp().numpy(), None if weights is None else weights[0].numpy(),
        length, [{"ids": one.ids, "score": one.score} for one in found[1]],
    )  # fmt: skip


def _start(mode: WritingMode, own: np.ndarray) -> DecoderState:
    if mode.inputs is None:
        return mode.start(None)
    values = as_read(require_input(mode.input_codec, mode.name), own)
    if mode.encoder_layers is not None:
        return mode.start(values[None], torch.tensor([len(own)]))
    return mode.start(values[:1])
