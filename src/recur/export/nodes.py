"""Cells with an ONNX node: the order of the equation's parameters in it.

=================  ======================================  ==============================
equation           node                                    gates, here -> ONNX's
=================  ======================================  ==============================
elman              RNN, Tanh
elman_relu         RNN, Relu
lstm               LSTM                                    i f g o -> i o f c
lstm_peephole      LSTM with P                             the same; P is p_i p_o p_f
gru                GRU, linear_before_reset=1              r z n -> z r h
gru_reset_before   GRU, linear_before_reset=0              r z n -> z r h
=================  ======================================  ==============================

Source: the ONNX operator specification, operators RNN, GRU and LSTM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class OwnNode:
    """ONNX's node for a cell.

    Attributes
    ----------
    op : str
        RNN, GRU or LSTM.
    weights : callable
        The equation's parameters (NumPy) -> W (G H, X), R (G H, H), B (2 G H,) and, for peepholes, P (3 H,).
    attributes : dict
        Besides ``direction`` and ``hidden_size``.
    activations : tuple of str
        Of one direction, where they are not the node's usual ones.
    """

    op: str
    weights: Callable[[Arrays], list[np.ndarray]]
    attributes: dict[str, Any] = field(default_factory=dict)
    activations: tuple[str, ...] = ()


def _gates(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return the gates of a parameter (G H, ...) in another order."""
    parts = np.split(array, len(order))
    return np.concatenate([parts[place] for place in order])


def _elman(p: Arrays) -> list[np.ndarray]:
    return [p["W_xh"], p["W_hh"], np.concatenate([p["b"], np.zeros_like(p["b"])])]


def _lstm(p: Arrays) -> list[np.ndarray]:
    order = (0, 3, 1, 2)
    b = _gates(p["b"], order)
    return [_gates(p["W_xh"], order), _gates(p["W_hh"], order), np.concatenate([b, np.zeros_like(b)])]


def _peephole(p: Arrays) -> list[np.ndarray]:
    return [*_lstm(p), np.concatenate([p["p_i"], p["p_o"], p["p_f"]])]


def _gru(p: Arrays) -> list[np.ndarray]:
    order = (1, 0, 2)
    biases = np.concatenate([_gates(p["b_x"], order), _gates(p["b_h"], order)])
    return [_gates(p["W_xh"], order), _gates(p["W_hh"], order), biases]


def _gru_reset_before(p: Arrays) -> list[np.ndarray]:
    order = (1, 0, 2)
    b = _gates(p["b"], order)
    recurrent = np.concatenate([p["W_hh"], p["W_nh"]])
    return [_gates(p["W_xh"], order), _gates(recurrent, order), np.concatenate([b, np.zeros_like(b)])]


OWN_NODES = {
    "elman": OwnNode("RNN", _elman, activations=("Tanh",)),
    "elman_relu": OwnNode("RNN", _elman, activations=("Relu",)),
    "lstm": OwnNode("LSTM", _lstm),
    "lstm_peephole": OwnNode("LSTM", _peephole),
    "gru": OwnNode("GRU", _gru, {"linear_before_reset": 1}),
    "gru_reset_before": OwnNode("GRU", _gru_reset_before, {"linear_before_reset": 0}),
}
