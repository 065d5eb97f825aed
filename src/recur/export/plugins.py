"""LSTM and GRU networks as files that audio plug-ins read: RTNeural's JSON, and the ``.nam`` files of LSTMs.

Both read numbers as they are, so the scales of input and target are part of the first layer and of the readout:

    W (x - m) / s + b = (W / s) x + (b - W m / s),     (W h + b) s + m = (s W) h + (s b + m)

RTNeural has the gates and matrices of Keras: (columns, G H), gates i f g o of an LSTM and z r n of a GRU. A ``.nam``
file has those of torch: of each layer [W_xh W_hh] row by row, the bias, the initial h and c; then the readout.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recur import atomic
from recur.errors import ConfigError
from recur.export.ownership import refuse_foreign
from recur.export.scales import refuse_coarse
from recur.modes.mode import Mode, require_input
from recur.nn import Recurrent
from recur.nn.graph_writer import array_of

_KERAS = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}  # our gates i f g o and r z n, in the order of Keras
NAM_VERSION = "0.5.4"


@dataclass(frozen=True)
class _Chain:
    """Layers and readout, with the scales of input and target in them.

    Attributes
    ----------
    cell : str
        lstm or gru.
    layers : list of dict of str to ndarray
        The parameters of each layer, and the initial states ``h0`` and ``c0``.
    weight, bias : ndarray
        (C, H) and (C,) of the readout.
    inputs : int
        Columns of what is read.
    """

    cell: str
    layers: list[dict[str, np.ndarray]]
    weight: np.ndarray
    bias: np.ndarray
    inputs: int


def export_rtneural(mode: Mode, path: Path | str) -> None:
    """Write a network of LSTM or GRU layers as JSON that RTNeural reads.

    Parameters
    ----------
    mode : Mode
        The network: numbers to numbers at every step, read forwards.
    path : path
        The file.

    Raises
    ------
    ConfigError
        For a network that has no form in it, with the reason.
    """
    refuse_foreign(Path(path), b'{"in_shape":')
    chain = _chain(mode, "RTNeural")
    if any(np.any(layer[name]) for layer in chain.layers for name in ("h0", "c0") if name in layer):
        raise ConfigError(
            "the layers of RTNeural start from zeros, and these from learned states", hint="--nam, or --c"
        )
    layers: list[dict[str, Any]] = []
    for layer in chain.layers:
        arrays = [_gates(chain.cell, layer[name]) for name in ("W_xh", "W_hh")]
        biases = [_gates(chain.cell, layer[name]) for name in ("b", "b_x", "b_h") if name in layer]
        weights = [each.T.tolist() for each in arrays]
        weights.append(biases[0].tolist() if chain.cell == "lstm" else [one.tolist() for one in biases])
        layers.append(_layer(chain.cell, layer["W_hh"].shape[1], weights))
    layers.append(_layer("dense", len(chain.weight), [chain.weight.T.tolist(), chain.bias.tolist()]))
    _write(Path(path), {"in_shape": [None, None, chain.inputs], "layers": layers}, chain)


def export_nam(mode: Mode, path: Path | str, *, sample_rate: int = 48_000) -> None:
    """Write a network of LSTM layers, of one number to one, as a ``.nam`` file.

    Parameters
    ----------
    mode : Mode
        The network: a number to a number at every step, read forwards.
    path : path
        The file.
    sample_rate : int
        Samples a second of what it was trained on, which a plug-in is told.

    Raises
    ------
    ConfigError
        For a network that has no form in it, with the reason.
    """
    refuse_foreign(Path(path), b'"architecture":')
    chain = _chain(mode, "NAM")
    sizes = sorted({layer["W_hh"].shape[1] for layer in chain.layers})
    if chain.cell != "lstm" or chain.inputs != 1 or len(chain.weight) != 1 or len(sizes) > 1:
        raise ConfigError(
            f"a .nam file has LSTM layers of one size, of one number to one; this network has {chain.cell} layers of "
            f"{', '.join(map(str, sizes))} units, of {chain.inputs} numbers to {len(chain.weight)}",
            hint="--rtneural, or --c",
        )
    parts = []
    for layer in chain.layers:
        parts += [np.concatenate([layer["W_xh"], layer["W_hh"]], axis=1), layer["b"], layer["h0"], layer["c0"]]
    weights = np.concatenate([np.ravel(part) for part in (*parts, chain.weight, chain.bias)])
    shape = {"input_size": 1, "hidden_size": sizes[0], "num_layers": len(chain.layers)}
    document = {
        "version": NAM_VERSION, "architecture": "LSTM", "config": shape, "weights": weights.tolist(),
        "sample_rate": sample_rate,
    }  # fmt: skip
    _write(Path(path), document, chain)


def _write(path: Path, document: dict[str, Any], chain: _Chain) -> None:
    numbers = [array for layer in chain.layers for array in layer.values()] + [chain.weight, chain.bias]
    if not max(float(np.abs(each).max(initial=0.0)) for each in numbers) <= np.finfo(np.float32).max:
        raise ConfigError(
            "a weight of this network, with the scales of its columns in it, is not a number of 32 bits",
            hint="scale the columns to sizes near 1, and train again",
        )
    with atomic.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, json.dumps(document) + os.linesep)


def _layer(kind: str, size: int, weights: list[Any]) -> dict[str, Any]:
    return {"type": kind, "activation": "", "shape": [None, None, size], "weights": weights}


def _gates(cell: str, array: np.ndarray) -> np.ndarray:
    parts = np.split(array, len(_KERAS[cell]))
    return np.concatenate([parts[place] for place in _KERAS[cell]])


@torch.no_grad()
def _chain(mode: Mode, what: str) -> _Chain:
    """The layers and the readout of a network.

    Raises
    ------
    ConfigError
        When it is more than LSTM or GRU layers that answer each step with numbers.
    """
    refuse_coarse(mode)
    parts = mode.one_pass
    readout = None if parts is None else parts.head.plain()
    if parts is None or parts.stack is None or parts.pooling or readout is None or readout.ends_in != "units":
        raise ConfigError(
            f"{what} reads networks that answer numbers at every step with numbers; this one is {mode.name}",
            hint="recur export RUN --c a_folder",
        )
    layer = parts.stack.layer
    reason = _more(layer)
    if reason or parts.inputs.embedding is not None:
        raise ConfigError(
            f"{what} has no form for this network: {reason or 'it reads symbols'}", hint="recur export RUN --c a_folder"
        )
    codec = require_input(mode.input_codec, mode.name)
    mean, deviation = (np.broadcast_to(np.ravel(each), codec.size).astype(float) for each in codec.normalisation())
    layers = [_parameters(layer, number) for number in range(layer.num_layers)]
    first, bias = layers[0], "b" if layer.equation.name == "lstm" else "b_x"
    first["W_xh"] = first["W_xh"] / deviation
    first[bias] = first[bias] - first["W_xh"] @ mean
    mean, deviation = (np.ravel(each).astype(float) for each in mode.target_codec.normalisation())
    weight = array_of(readout.weight) * deviation[:, None]
    offset = (np.zeros(len(weight)) if readout.bias is None else array_of(readout.bias)) * deviation + mean
    return _Chain(layer.equation.name, layers, weight, offset, codec.size)


def _more(layer: Recurrent) -> str:
    """What these layers have that LSTM and GRU layers of other programs have not; empty if nothing."""
    reasons = {
        f"the cell {layer.equation.name}": layer.equation.name not in _KERAS,
        "both directions": layer.layout.directions == 2,
        "residual sums": layer.residual,
        "zoneout": bool(layer.zoneout),
    }
    return ", ".join(reason for reason, has in reasons.items() if has)


def _parameters(layer: Recurrent, number: int) -> dict[str, np.ndarray]:
    learned = layer.learned_states(number, 0, 1)
    arrays = {name: array_of(value).astype(float) for name, value in layer.gather(number).items()}
    for state, size in layer.layout.state_sizes[number].items():
        arrays[f"{state}0"] = np.zeros(size) if learned is None else array_of(learned[state][0])
    return arrays
