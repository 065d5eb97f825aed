"""The parts of a network as plain data for a page: what is read, layers, readouts; beside them the steps of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from recur.codecs import Codec
from recur.engine.javascript_step import javascript_step, kinds, noises, shown_gates
from recur.errors import ConfigError, RecurError
from recur.export.web.weights import Weights
from recur.heads.plain import PlainReadout
from recur.network.inputs import Inputs
from recur.network.spelling_encoder import SpellingEncoder
from recur.nn import CRF, Embedding, Recurrent
from recur.nn.convolutions import PLACES, Convolutions
from recur.nn.graph_writer import array_of, dense_layers


class Parts:
    """What is described of a network so far.

    Attributes
    ----------
    weights : Weights
        Its numbers, to which descriptions refer by index.
    cells : list of str
        The steps of its cells, each once.
    """

    def __init__(self) -> None:
        self.weights = Weights()
        self.cells: list[str] = []

    def affine(self, weight: Tensor | np.ndarray, bias: Tensor | np.ndarray | None) -> dict[str, Any]:
        """Describe W v + b."""
        rows, columns = weight.shape
        return {
            "weight": self.weights.add(_numbers(weight)), "bias": self.weights.add(_numbers(bias)), "rows": rows,
            "columns": columns,
        }  # fmt: skip

    def hidden(self, layers: nn.Sequential | None) -> list[dict[str, Any]]:
        """Describe layers without time."""
        return [] if layers is None else [self.affine(weight, bias) for weight, bias in dense_layers(layers)]

    def readout(self, readout: PlainReadout, codec: Codec) -> dict[str, Any]:
        """Describe a readout, the units of its numbers and the chain of its tags."""
        return {
            "readout": self.affine(readout.weight, readout.bias) | {"ends": readout.ends_in},
            "target": self.units(codec) if readout.ends_in == "units" else None,
            "chain": None if readout.chain is None else self._chain(readout.chain),
        }  # fmt: skip

    def _chain(self, chain: CRF) -> dict[str, Any]:
        named = {"first": chain.first, "pairs": chain.transitions, "last": chain.last}
        return {name: self.weights.add(array_of(one)) for name, one in named.items()}

    def units(self, codec: Codec) -> dict[str, Any]:
        """Describe the scale of the columns of a codec."""
        mean, deviation = codec.normalisation()
        return {"mean": self.weights.add(mean), "deviation": self.weights.add(deviation)}

    def inputs(self, inputs: Inputs, codec: Codec) -> dict[str, Any]:
        """Describe how the values of a codec become vectors."""
        if inputs.embedding is not None:
            letters = None if inputs.letters is None else self._letters(inputs.letters)
            return self._table(inputs.embedding, float(inputs.scale)) | {"letters": letters}
        about = {"ids": False, "order": inputs.order, **self.units(codec)}
        return about if inputs.pictures is None else about | self._pictures(inputs.pictures)

    def _table(self, embedding: Embedding, scale: float) -> dict[str, Any]:
        weight = array_of(embedding.weight)
        return {
            "ids": True, "table": self.weights.add(weight), "count": len(weight), "size": weight.shape[1],
            "scale": scale,
        }  # fmt: skip

    def _letters(self, encoder: SpellingEncoder) -> dict[str, Any]:
        """Describe the network that reads the letters of a word: its two last states are read out."""
        table = self._table(encoder.embedding, 1.0) | {"letters": None}
        return network_about(input=table, pooling="last", **self.layers(encoder.layer))

    def _pictures(self, pictures: Convolutions) -> dict[str, Any]:
        return {
            "grid": list(pictures.grid), "pooling": pictures.pooling, "places": PLACES,
            "convolutions": [self._filter(*layer) for layer in _filters(pictures.layers)],
        }  # fmt: skip

    def _filter(self, convolution: nn.Conv2d, norm: nn.GroupNorm) -> dict[str, Any]:
        return {
            "weight": self.weights.add(array_of(convolution.weight)), "channels": convolution.out_channels,
            "groups": norm.num_groups, "scale": self.weights.add(array_of(norm.weight)),
            "shift": self.weights.add(array_of(norm.bias)), "epsilon": norm.eps,
        }  # fmt: skip

    def layers(self, layer: Recurrent) -> dict[str, Any]:
        """Describe recurrent layers.

        Raises
        ------
        ConfigError
            When the cell has no form in JavaScript.
        """
        cell, on = self._cell(layer), kinds(layer.equation, layer.zoneout)
        levels = []
        for number in range(layer.num_layers):
            level = []
            for direction in range(2 if layer.bidirectional else 1):
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
                    "cell": cell, "name": layer.equation.name, "sizes": dict(layer.layout.levels[number].sizes),
                    "k": noises(layer.equation, layer.zoneout), "w": w, "start": start, "kinds": on,
                    "gates": {gate.name: gate.kind for gate in shown_gates(layer.equation, layer.zoneout)},
                })  # fmt: skip
            levels.append(level)
        return {"layers": levels, "residual": layer.residual}

    def _cell(self, layer: Recurrent) -> int:
        """The place of a cell's step among the steps."""
        try:
            text = javascript_step(layer.equation, layer.zoneout)
        except RecurError as error:
            raise ConfigError(
                f"the cell {layer.equation.name} cannot run in a page: {error.message}", hint=error.hint
            ) from error
        if text not in self.cells:
            self.cells.append(text)
        return self.cells.index(text)


def network_about(**given: Any) -> dict[str, Any]:
    """Return what ``network.js`` reads of a network, empty but for what is given."""
    return {
        "input": None, "hidden": [], "layers": [], "residual": False, "pooling": "", "readout": None, "target": None,
        "chain": None, "forecast": None, "writer": None, **given,
    }  # fmt: skip


def _numbers(values: Tensor | np.ndarray | None) -> np.ndarray | None:
    return array_of(values) if isinstance(values, Tensor) else values


def _filters(layers: nn.Sequential) -> list[tuple[nn.Conv2d, nn.GroupNorm]]:
    convolutions = [one for one in layers if isinstance(one, nn.Conv2d)]
    norms = [one for one in layers if isinstance(one, nn.GroupNorm)]
    return list(zip(convolutions, norms, strict=True))
