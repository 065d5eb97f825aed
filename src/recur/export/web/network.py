"""A network as plain data for a page: its parts as JSON, its weights as bytes, the steps of its cells as JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from recur.errors import ConfigError
from recur.export.reference import EACH, LAST, answers_of, forecasts_of
from recur.export.web.parts import Parts, network_about
from recur.export.web.wasm import Module
from recur.export.web.weights import Weights
from recur.export.web.writer import Written, writer_about, written_by
from recur.heads.plain import PlainReadout
from recur.modes.forecast import Forecast, forecasts
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.modes.writing import WritingMode, writes


@dataclass
class PageNetwork:
    """A network for a page.

    Attributes
    ----------
    about : dict
        What ``network.js`` reads.
    cells : list of str
        The steps of its cells, each once.
    modules : list of Module or None
        Their forward steps in WebAssembly, in the same order; empty where only JavaScript runs.
    weights : Weights
    ids : bool
        Whether it reads ids; else numbers in their own units.
    outputs : int
        Numbers of an answer.
    answers : str
        Whether it answers ``each`` item, or the ``last`` one alone.
    stateful : bool
        Whether an answer depends on the items before.
    least : int
        The least steps that have an answer.
    symbols : int
        Ids are below it.
    reference : callable
        (N,) ids or (N, C) numbers in their own units -> the answers (M, O) of the network itself.
    tags : callable, optional
        Scores (T, V) of a chain of tags -> the best tags (T,) of the network itself.
    written : callable, optional
        What the network itself writes to ids (N,) or numbers (N, C) in their own units.
    """

    about: dict[str, Any]
    weights: Weights
    ids: bool
    outputs: int
    answers: str
    stateful: bool
    reference: Callable[[np.ndarray], np.ndarray]
    least: int = 0
    symbols: int = 0
    cells: list[str] = field(default_factory=list)
    modules: list[Module | None] = field(default_factory=list)
    tags: Callable[[np.ndarray], np.ndarray] | None = None
    written: Callable[[np.ndarray], Written] | None = None


def describe(mode: Mode) -> PageNetwork:
    """Describe a network.

    Raises
    ------
    ConfigError
        When a part of it has no form in a page, with the reason.
    """
    if forecasts(mode):
        return _forecast(mode)
    if writes(mode):
        return _writer(mode)
    if mode.one_pass is None:
        raise ConfigError(
            f"a {mode.name} network cannot run in a page",
            hint="one-to-one, many-to-one and synced networks, language models, forecasts and translations can",
        )
    return _one_pass(mode, mode.one_pass)


def _one_pass(mode: Mode, one: OnePass) -> PageNetwork:
    parts, codec, readout = Parts(), require_input(mode.input_codec, mode.name), one.head.plain()
    about = network_about(
        input=parts.inputs(one.inputs, codec), hidden=parts.hidden(one.hidden), pooling=one.pooling,
        **({} if one.stack is None else parts.layers(one.stack.layer)), **parts.readout(readout, mode.target_codec),
    )  # fmt: skip
    network = _whole(
        parts, about, len(readout.weight), LAST if one.pooling else EACH, one.stack is not None,
        lambda own: answers_of(mode, one, own),
    )  # fmt: skip
    chain = readout.chain
    if chain is not None:
        network.tags = lambda scores: chain.decode(torch.from_numpy(scores)[None])[0][0].numpy()
    return network


def _forecast(mode: Forecast) -> PageNetwork:
    parts, codec = Parts(), require_input(mode.input_codec, mode.name)
    readout, quantiles = mode.output.readout, mode.output.quantiles
    plain = PlainReadout(readout.weight, readout.bias, "units", "values")
    about = network_about(
        input=parts.inputs(mode.inputs, codec), **parts.layers(mode.stack.layer),
        **parts.readout(plain, mode.target_codec),
        forecast={
            "horizon": mode.horizon, "columns": list(mode.columns), "back": mode.back,
            "recursive": mode.how == "recursive", "quantiles": quantiles.count, "shares": list(quantiles.shares),
        },
    )  # fmt: skip
    outputs = mode.horizon * len(mode.columns) * quantiles.count
    return _whole(parts, about, outputs, LAST, True, lambda own: forecasts_of(mode, own), least=1)


def _writer(mode: WritingMode) -> PageNetwork:
    parts = Parts()
    about = writer_about(mode, parts)
    network = _whole(
        parts, about, about["writer"]["decoder"]["readout"]["rows"], EACH, about["writer"]["reads"] == "sequence",
        lambda own: written_by(mode, own).answers, least=1,
    )  # fmt: skip
    network.written = lambda own: written_by(mode, own)
    return network


def _whole(
    parts: Parts, about: dict[str, Any], outputs: int, answers: str, stateful: bool,
    reference: Callable[[np.ndarray], np.ndarray], *, least: int = 0,
) -> PageNetwork:  # fmt: skip
    read = about["input"] or {"ids": False}
    return PageNetwork(
        about | {"arrays": parts.weights.places}, parts.weights, bool(read["ids"]), outputs, answers, stateful,
        reference, least, read.get("count", 0), parts.cells,
    )  # fmt: skip
