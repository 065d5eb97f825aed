"""A network as FACTS, ARRAYS and functions: what `recur.export.python.runtime` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recur.engine.numpy_step import numpy_step
from recur.errors import ConfigError
from recur.export.c.network import Network
from recur.export.reference import EACH
from recur.heads.plain import PlainReadout
from recur.modes.forecast import Forecast
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.nn import Recurrent
from recur.nn.graph_writer import array_of, dense_layers


@dataclass
class Description:
    """The parts of a Python file.

    Attributes
    ----------
    facts : dict of str to object
        What the network reads and answers, as plain data.
    arrays : dict of str to ndarray
        Its numbers, float32.
    functions : dict of str to str
        The text of each step, by name.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    def array(self, name: str, values: np.ndarray) -> str:
        """Add numbers; return their name.

        Raises
        ------
        ConfigError
            When one of them is not finite.
        """
        values = np.asarray(values, np.float32)
        if not np.isfinite(values).all():
            raise ConfigError(
                f"a weight of this network is not finite: {name}", hint="train again, with a lower learning rate"
            )
        self.arrays[name] = values
        return name


def describe(mode: Mode, parts: OnePass, network: Network) -> Description:
    """Describe a network that answers in one pass."""
    d = Description()
    codec, readout = require_input(mode.input_codec, mode.name), parts.head.plain()
    vocabulary = [str(text) for text in codec.vocabulary] if network.ids and codec.vocabulary else None
    labelled = mode.target_codec.labelled and readout.ends_in in {"softmax", "scores"}
    unknown = codec.ids.unk
    d.facts |= {
        "x": network.x, "y": network.y, "ids": network.ids, "inputs": network.inputs, "outputs": network.outputs,
        "each": network.answers == EACH, "whole": network.whole, "stateful": network.stateful, "least": network.least,
        "most": network.most, "pooling": parts.pooling, "ends_in": readout.ends_in,
        "labels": [str(label) for label in mode.target_codec.labels] if labelled else None,
        "symbols": vocabulary, "unknown": -1 if unknown is None else unknown,
        "symbols_read": network.constants["SYMBOLS"][0] if network.ids else 0,
        "beginning": mode.symbols.beginning if mode.symbols else None,
        "end": mode.symbols.end if mode.symbols else None,
        "never": sorted(set(mode.symbols.forbidden(False))) if mode.symbols else [],
        "hidden": 0, "layers": [], "width": len(readout.weight[0]), "forecast": None, "quantiles": [],
    }  # fmt: skip
    if parts.inputs.embedding is not None:
        d.array("embedding", array_of(parts.inputs.embedding.weight) * np.float32(parts.inputs.scale))
    else:
        for name, each in zip(("mean", "deviation"), codec.normalisation(), strict=True):
            d.array(name, np.broadcast_to(np.ravel(each), network.inputs))
    for number, (weight, bias) in enumerate(dense_layers(parts.hidden) if parts.hidden is not None else []):
        d.array(f"hidden{number}_w", weight)
        d.array(f"hidden{number}_b", np.zeros(len(weight)) if bias is None else bias)
        d.facts["hidden"] = number + 1
    if parts.stack is not None:
        _layers(d, parts.stack.layer)
    _readout(d, readout, mode)
    return d


def describe_forecast(mode: Forecast, network: Network) -> Description:
    """Describe a network that forecasts a series."""
    d, head = Description(), mode.output
    codec = require_input(mode.input_codec, mode.name)
    own, count = len(mode.columns), head.quantiles.count
    d.facts |= {
        "x": network.x, "y": network.y, "ids": False, "inputs": network.inputs, "outputs": network.outputs,
        "each": False, "whole": False, "stateful": True, "least": network.least, "most": 0, "pooling": "",
        "ends_in": "units", "labels": None, "symbols": None, "unknown": -1, "symbols_read": 0, "beginning": None,
        "end": None, "never": [], "hidden": 0, "layers": [], "width": head.readout.weight.shape[1],
        "quantiles": list(head.quantiles.shares),
        "forecast": {
            "horizon": mode.horizon, "own": own, "count": count, "back": mode.back, "columns": list(mode.columns),
            "recursive": mode.how == "recursive",
            "shape": [mode.horizon, own, *([count] if head.quantiles else [])],
        },
    }  # fmt: skip
    for name, each in zip(("mean", "deviation"), codec.normalisation(), strict=True):
        d.array(name, np.broadcast_to(np.ravel(each), network.inputs))
    for name, each in zip(("mean", "deviation"), mode.target_codec.normalisation(), strict=True):
        d.array(f"target_{name}", np.ravel(each))
    d.array("readout_w", array_of(head.readout.weight))
    bias = head.readout.bias
    d.array("readout_b", np.zeros(len(head.readout.weight)) if bias is None else array_of(bias))
    _layers(d, mode.stack.layer)
    return d


def _readout(d: Description, readout: PlainReadout, mode: Mode) -> None:
    d.array("readout_w", array_of(readout.weight))
    d.array("readout_b", np.zeros(len(readout.weight)) if readout.bias is None else array_of(readout.bias))
    if readout.chain is not None:
        chain = readout.chain
        for name, one in (("first", chain.first), ("pairs", chain.transitions), ("last", chain.last)):
            d.array(f"chain_{name}", array_of(one))
    if readout.ends_in == "units":
        for name, each in zip(("mean", "deviation"), mode.target_codec.normalisation(), strict=True):
            d.array(f"target_{name}", np.ravel(each))


def _layers(d: Description, layer: Recurrent) -> None:
    width = layer.input_size
    for number in range(layer.num_layers):
        sizes = layer.layout.state_sizes[number]
        written = sizes[layer.equation.states[0]] * layer.layout.directions
        directions = [_direction(d, layer, number, direction) for direction in range(layer.layout.directions)]
        d.facts["layers"].append({"directions": directions, "residual": layer.residual and written == width})
        width = written


def _direction(d: Description, layer: Recurrent, number: int, direction: int) -> Mapping[str, Any]:
    """Add one layer in one direction; its function is that of another layer with the same text."""
    place = f"{'lr'[direction]}{number}"
    stem = layer.equation.name if layer.equation.name.isidentifier() and layer.equation.name.isascii() else "cell"
    written = numpy_step(
        layer.equation, layer.gather(number, direction), layer.layout.levels[number].sizes, name="STEP",
        zoneout=layer.zoneout,
    )  # fmt: skip
    known = {text: name for name, text in d.functions.items()}
    name = known.get(written.code, f"{stem}_step{len(d.functions) + 1}")
    d.functions[name] = written.code
    learned = layer.learned_states(number, direction, 1)
    initial: list[str] = []
    for state, size in layer.layout.state_sizes[number].items():
        values = np.zeros(size, np.float32) if learned is None else array_of(learned[state][0])
        initial.append(d.array(f"{place}_initial{len(initial)}", values))
    arrays = {one: d.array(f"{place}_{one}", values) for one, values in written.arrays.items()}
    return {"function": name, "arrays": arrays, "initial": initial}
