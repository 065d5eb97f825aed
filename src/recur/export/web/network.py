"""A network as plain data for a page: its parts as JSON, its weights as bytes, the steps of its cells as JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from recur.codecs import Codec
from recur.engine.javascript_step import javascript_step, kinds, noises, shown_gates
from recur.errors import ConfigError, RecurError
from recur.export.reference import EACH, LAST, answers_of, forecasts_of
from recur.heads.plain import PlainReadout
from recur.modes.forecast import Forecast, forecasts
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.network.stack import Stack
from recur.nn.convolutions import PLACES
from recur.nn.graph_writer import array_of, dense_layers

ENDS = frozenset({"softmax", "sigmoid", "units"})  # what a page makes of a readout


class Weights:
    """The numbers of a network one after the other: of 16 bits where these hold them exactly, else of 32 bits."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.places: list[dict[str, int]] = []
        self._known: dict[bytes, int] = {}

    def add(self, values: Any) -> int | None:
        """Add an array; return its number. None stays None.

        Raises
        ------
        ConfigError
            When one of its numbers is not finite.
        """
        if values is None:
            return None
        whole = np.asarray(values, np.float32).ravel()
        if not np.isfinite(whole).all():
            raise ConfigError("a weight of this network is not finite", hint="train again, with a lower learning rate")
        half = rounded(whole)
        bits = 16 if np.array_equal(half, whole) else 32
        known = self._known.get(whole.tobytes())
        if known is not None:  # as a matrix that embedding and readout share
            return known
        self._known[whole.tobytes()] = len(self.places)
        self.bytes += bytes(-len(self.bytes) % 4)
        self.places.append({"first": len(self.bytes), "count": whole.size, "bits": bits})
        self.bytes += whole.astype("<f2" if bits == 16 else "<f4").tobytes()
        return len(self.places) - 1


def rounded(values: np.ndarray) -> np.ndarray:
    """Return numbers as 16 bits hold them; those that are too large for these stay as they are."""
    with np.errstate(over="ignore"):
        half: np.ndarray = values.astype(np.float16).astype(np.float32)
    return np.where(np.isfinite(half), half, values)


@torch.no_grad()
def round_weights(mode: nn.Module) -> None:
    """Round the parameters of a network to 16 bits."""
    for parameter in mode.parameters():
        parameter.copy_(torch.from_numpy(rounded(array_of(parameter))).to(parameter.dtype))


@dataclass
class PageNetwork:
    """A network for a page.

    Attributes
    ----------
    about : dict
        What ``network.js`` reads.
    cells : list of str
        The steps of its cells, each once.
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


def describe(mode: Mode) -> PageNetwork:
    """Describe a network.

    Raises
    ------
    ConfigError
        When a part of it has no form in a page, with the reason.
    """
    if forecasts(mode):
        return _Describer(mode).forecast(mode)
    if mode.one_pass is None:
        raise ConfigError(
            f"a {mode.name} network cannot run in a page: it generates its answer symbol by symbol from another input",
            hint="one-to-one, many-to-one and synced networks, language models and forecasts can be exported",
        )
    return _Describer(mode).one_pass(mode.one_pass)


class _Describer:
    def __init__(self, mode: Mode) -> None:
        self.mode, self.weights = mode, Weights()
        self.codec = require_input(mode.input_codec, mode.name)
        self.cells: list[str] = []
        self.about: dict[str, Any] = {
            "hidden": [], "layers": [], "residual": False, "pooling": "", "target": None, "forecast": None,
        }  # fmt: skip

    def one_pass(self, parts: OnePass) -> PageNetwork:
        """Describe a network that answers in one pass."""
        self._input(parts.inputs)
        for weight, bias in dense_layers(parts.hidden) if parts.hidden is not None else ():
            self.about["hidden"].append(self._affine(weight, bias))
        if parts.stack is not None:
            self._layers(parts.stack)
        self.about["pooling"] = parts.pooling
        readout = parts.head.plain()
        self._readout(readout)
        return self._whole(
            len(readout.weight), LAST if parts.pooling else EACH, parts.stack is not None,
            lambda own: answers_of(self.mode, parts, own),
        )  # fmt: skip

    def forecast(self, mode: Forecast) -> PageNetwork:
        """Describe a network that forecasts a series."""
        self._input(mode.inputs)
        self._layers(mode.stack)
        readout, count = mode.output.readout, mode.output.quantiles.count
        self._readout(PlainReadout(readout.weight, readout.bias, "units", "values"))
        self.about["forecast"] = {
            "horizon": mode.horizon, "columns": list(mode.columns), "back": mode.back,
            "recursive": mode.how == "recursive", "quantiles": count, "shares": list(mode.output.quantiles.shares),
        }  # fmt: skip
        outputs = mode.horizon * len(mode.columns) * count
        return self._whole(outputs, LAST, True, lambda own: forecasts_of(mode, own), least=1)

    def _whole(
        self, outputs: int, answers: str, stateful: bool, reference: Callable[[np.ndarray], np.ndarray], *,
        least: int = 0,
    ) -> PageNetwork:  # fmt: skip
        about = self.about | {"arrays": self.weights.places}
        ids = bool(about["input"]["ids"])
        symbols = about["input"].get("count", 0)
        return PageNetwork(
            about, self.weights, ids, outputs, answers, stateful, reference, least, symbols, self.cells
        )  # fmt: skip

    def _affine(self, weight: np.ndarray, bias: np.ndarray | None) -> dict[str, Any]:
        rows, columns = weight.shape
        return {
            "weight": self.weights.add(weight), "bias": self.weights.add(bias), "rows": rows, "columns": columns
        }  # fmt: skip

    def _readout(self, readout: PlainReadout) -> None:
        if readout.ends_in not in ENDS:
            raise ConfigError(
                "the tags of this network are searched over whole rows (crf), which a page does not do yet",
                hint="train without --crf",
            )
        bias = None if readout.bias is None else array_of(readout.bias)
        self.about["readout"] = self._affine(array_of(readout.weight), bias) | {"ends": readout.ends_in}
        if readout.ends_in == "units":
            self.about["target"] = self._units(self.mode.target_codec)

    def _units(self, codec: Codec) -> dict[str, Any]:
        mean, deviation = codec.normalisation()
        return {"mean": self.weights.add(mean), "deviation": self.weights.add(deviation)}

    def _input(self, inputs: Inputs) -> None:
        if inputs.letters is not None:
            raise ConfigError(
                "this network reads the letters of its words, which a page does not yet", hint="train with words alone"
            )
        if inputs.embedding is not None:
            weight = array_of(inputs.embedding.weight)
            self.about["input"] = {
                "ids": True, "table": self.weights.add(weight), "count": len(weight), "size": weight.shape[1],
                "scale": float(inputs.scale),
            }  # fmt: skip
            return
        self.about["input"] = {"ids": False, "order": inputs.order, **self._units(self.codec)}
        if inputs.pictures is not None:
            pictures = inputs.pictures
            self.about["input"] |= {
                "grid": list(pictures.grid), "pooling": pictures.pooling, "places": PLACES,
                "convolutions": [self._filter(*layer) for layer in _filters(pictures.layers)],
            }  # fmt: skip

    def _filter(self, convolution: nn.Conv2d, norm: nn.GroupNorm) -> dict[str, Any]:
        return {
            "weight": self.weights.add(array_of(convolution.weight)), "channels": convolution.out_channels,
            "groups": norm.num_groups, "scale": self.weights.add(array_of(norm.weight)),
            "shift": self.weights.add(array_of(norm.bias)), "epsilon": norm.eps,
        }  # fmt: skip

    def _layers(self, stack: Stack) -> None:
        layer = stack.layer
        try:
            text = javascript_step(layer.equation, layer.zoneout)
            on = kinds(layer.equation, layer.zoneout)
        except RecurError as error:
            raise ConfigError(
                f"the cell {layer.equation.name} cannot run in a page: {error.message}", hint=error.hint
            ) from error
        self.cells.append(text)
        self.about["residual"] = layer.residual
        for number in range(layer.num_layers):
            level = []
            for direction in range(stack.directions):
                learned = layer.learned_states(number, direction, 1)
                w = {
                    name: self.weights.add(array_of(value))
                    for name, value in layer.gather(number, direction).items()
                }  # fmt: skip
                start = {
                    name: None if learned is None else self.weights.add(array_of(learned[name][0]))
                    for name in layer.equation.states
                }
                level.append({
                    "cell": 0, "name": layer.equation.name, "sizes": dict(layer.layout.levels[number].sizes),
                    "k": noises(layer.equation, layer.zoneout), "w": w, "start": start, "kinds": on,
                    "gates": {gate.name: gate.kind for gate in shown_gates(layer.equation, layer.zoneout)},
                })  # fmt: skip
            self.about["layers"].append(level)


def _filters(layers: nn.Sequential) -> list[tuple[nn.Conv2d, nn.GroupNorm]]:
    convolutions = [one for one in layers if isinstance(one, nn.Conv2d)]
    norms = [one for one in layers if isinstance(one, nn.GroupNorm)]
    return list(zip(convolutions, norms, strict=True))
