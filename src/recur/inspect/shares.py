"""The share of each step in the gradient of every matrix: of a layer's parameters, and of the readout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.equations.graph import Graph, Node, topological
from recur.inspect.ledgers import Part
from recur.inspect.paths import Path, path_of
from recur.inspect.record import Answer, Reading, array, derivatives
from recur.modes import Mode
from recur.network import Batch

Factors = tuple[np.ndarray, np.ndarray | None]


def parameter_shares(parts: Sequence[Part]) -> dict[str, Path]:
    """The shares of each step in the gradient of every parameter of one layer, whose passes follow each other."""
    graph = parts[0].steps.graph
    kinds: dict[str, str] = {}
    factors: dict[str, list[list[Factors]]] = {}
    for part in parts:
        derived = part.steps.derived
        values = _values(part)
        for name, pairs in derived.products.items():
            factors.setdefault(name, []).append([(values[id(dz)], values[id(v)]) for dz, v in pairs])
            kinds[name] = _kind(derived, name)
        for name, node in derived.vectors.items():
            factors.setdefault(name, []).append([(values[id(node)], None)])
            kinds[name] = "hidden to hidden" if _multiplies_state(graph, name) else "bias"
    return {name: path_of(name, kinds[name], _over_passes(factors[name])) for name in graph.parameters}


def _values(part: Part) -> dict[int, np.ndarray]:
    """The factors of the shares of a pass, dE/da_t and the vectors that it multiplies, by ``id(node)``."""
    derived = part.steps.derived
    nodes = [node for pairs in derived.products.values() for pair in pairs for node in pair]
    nodes += derived.vectors.values()
    return {id(node): array(value) for node, value in zip(nodes, _any_values(part, nodes), strict=True)}


def _any_values(part: Part, nodes: list[Node]) -> list[Tensor]:
    """Values of nodes of the step or of its gradient."""
    own = {id(n) for n in part.steps.graph.order} | {id(part.steps.graph.input)}
    own |= {id(n) for n in part.steps.graph.states.values()}
    backward = [n for n in nodes if id(n) not in own]
    gradients = {id(n): v for n, v in zip(backward, derivatives(part.steps, part.messages, backward), strict=True)}
    return [gradients[id(n)] if id(n) in gradients else part.steps.of(n) for n in nodes]


def _over_passes(passes: list[list[Factors]]) -> tuple[Factors, ...]:
    """The factors of one parameter over all passes."""
    factors: list[Factors] = []
    for same in zip(*passes, strict=True):
        vectors = [v for _, v in same if v is not None]
        factors.append((np.concatenate([dz for dz, _ in same]), np.concatenate(vectors) if vectors else None))
    return tuple(factors)


def _kind(derived: Any, name: str) -> str:
    """The path that a matrix is on: from the input, or from a state or what is computed from one."""
    ops = {n.op for _, v in derived.products[name] for n in topological([v])}
    return "hidden to hidden" if "state" in ops else "input to hidden"


def _multiplies_state(graph: Graph, name: str) -> bool:
    """Whether a vector parameter is a diagonal recurrent matrix, as that of IndRNN."""
    leaf = graph.parameters[name]
    states = {id(n) for n in graph.states.values()}
    return any(n.op == "mul" and leaf in n.args and any(id(a) in states for a in n.args) for n in graph.order)


def readout_shares(
    mode: Mode, batch: Batch, answers: Sequence[Answer], readings: Sequence[Reading], error: Tensor
) -> tuple[np.ndarray | None, dict[str, Path], np.ndarray]:
    """dE/dz (N, V), the shares of W_hy and b_y, and the steps of the shares of W_hy."""
    readout = answers[0].output.matrix
    inner = [one.z for one in readings if one.z is not None]
    if readout is None or len(inner) < len(readings):
        return None, {}, np.zeros(0, np.int64)
    dz = _dz(inner, readings, error)
    with torch.no_grad():
        by_step = mode.contributions(batch.inputs, batch.input_lengths)
    if by_step is None:
        factors = ((dz[:, None], array(torch.cat([one.vectors for one in readings]))[:, None]),)
        read_at = array(torch.cat([one.where for one in readings])[:, 1])
    else:
        v = array(by_step.transpose(0, 1))
        factors = ((np.broadcast_to(dz, (len(v), *dz.shape)), v),)
        read_at = np.arange(len(v))
    paths = {"W_hy": path_of("W_hy", "hidden to output", factors)}
    if readout.bias is not None:
        paths["b_y"] = path_of("b_y", "bias", ((dz[:, None], None),))
    return dz, paths, read_at


def _dz(inner: Sequence[Tensor], readings: Sequence[Reading], error: Tensor) -> np.ndarray:
    """dE/dz (N, V) of every prediction, from the readout's values z (B, T, V)."""
    if not error.requires_grad:
        return array(torch.cat([torch.zeros_like(z)[one.mask] for z, one in zip(inner, readings, strict=True)]))
    gradients = torch.autograd.grad(error, inner, retain_graph=True, allow_unused=True, materialize_grads=True)
    return array(torch.cat([d[one.mask] for d, one in zip(gradients, readings, strict=True)]))
