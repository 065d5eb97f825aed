"""Parameters and options that are changed between two calls of a layer."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from tests.nn.oddities.basics import (
    B,
    H,
    Named,
    NamedParameter,
    Oddity,
    T,
    X,
    first,
    learned,
    numbers,
    parameter,
    put,
    states,
    without_storage,
)  # fmt: skip


def _strided(p: Tensor) -> Tensor:
    return p.t().contiguous().t()


def _swap(layer: Any) -> None:
    p = getattr(layer, first(layer))
    torch.utils.swap_tensors(p, nn.Parameter(numbers(*p.shape, seed=5)))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "data of other values": lambda la: put(la, lambda p: p * 2),
    "data of other strides": lambda la: put(la, _strided),
    "data with an offset": lambda la: put(la, lambda p: torch.cat([p[:1], p])[1:]),
    "data expanded": lambda la: put(la, lambda p: p[:1].expand_as(p)),
    "data negated lazily": lambda la: put(la, torch._neg_view),
    "a new parameter": lambda la: parameter(la, lambda p: nn.Parameter(p * 2)),
    "a plain tensor": lambda la: parameter(la, lambda p: p * 2),
    "a tensor negated lazily": lambda la: parameter(la, torch._neg_view),
    "a parameter of another class": lambda la: parameter(la, NamedParameter),
    "a subclass": lambda la: parameter(la, lambda p: p.as_subclass(Named)),
    "zeros that are no memory": lambda la: parameter(la, lambda p: torch._efficientzerotensor(p.shape)),
    "an expanded tensor": lambda la: parameter(la, lambda p: p[:1].expand_as(p)),
    "swapped": _swap,
    "frozen": lambda la: la.requires_grad_(False),
    "one frozen": lambda la: getattr(la, first(la)).requires_grad_(False),
    "weights of inference mode": lambda la: parameter(la, torch.inference_mode()(lambda p: p * 2)),
    "parametrized": lambda la: torch.nn.utils.parametrize.register_parametrization(la, first(la), nn.Identity()),
    "weight_norm": lambda la: torch.nn.utils.parametrizations.weight_norm(la, first(la)),
    "weight_norm of old": lambda la: torch.nn.utils.weight_norm(la, first(la)),
    "spectral_norm": lambda la: torch.nn.utils.parametrizations.spectral_norm(la.eval(), first(la)),
    "pruned": lambda la: prune.l1_unstructured(la, first(la), amount=0.5),
    "batch_first": lambda la: setattr(la, "batch_first", True),
    "precision": lambda la: setattr(la, "precision", "bfloat16"),
    "zoneout": lambda la: setattr(la.eval(), "zoneout", {la.equation.states[0]: 0.3}),
    "residual": lambda la: setattr(la, "residual", True),
    "evaluation": lambda la: la.eval(),
}

SPOILED: dict[str, Callable[[Any], Any]] = {
    "data of fewer rows": lambda la: put(la, lambda p: p[:2].clone()),
    "data of fewer columns": lambda la: put(la, lambda p: p[:, :1].clone()),
    "data of more rows": lambda la: put(la, lambda p: torch.cat([p, p])),
    "data transposed": lambda la: put(la, lambda p: p.t().contiguous()),
    "data of one axis": lambda la: put(la, lambda p: p.flatten()[:2].clone()),
    "data of no elements": lambda la: put(la, lambda p: p.new_empty(0)),
    "data of float64": lambda la: put(la, Tensor.double),
    "data of bfloat16": lambda la: put(la, Tensor.bfloat16),
    "a smaller parameter": lambda la: parameter(la, lambda p: nn.Parameter(p[:2].clone())),
    "a wider parameter": lambda la: parameter(la, lambda p: nn.Parameter(torch.cat([p, p], 1))),
    "a scalar": lambda la: parameter(la, lambda p: nn.Parameter(p.sum())),
    "an integer tensor": lambda la: parameter(la, Tensor.long),
    "None": lambda la: parameter(la, lambda _: None),
    "a number": lambda la: parameter(la, lambda _: 3.0),
    "an array": lambda la: parameter(la, Tensor.numpy),
    "on meta": lambda la: parameter(la, lambda p: nn.Parameter(p.to("meta"))),
    "all on meta": lambda la: la.to("meta"),
    "sparse": lambda la: parameter(la, Tensor.to_sparse),
    "mkldnn": lambda la: parameter(la, Tensor.to_mkldnn),
    "quantized": lambda la: parameter(la, lambda p: torch.quantize_per_tensor(p, 0.1, 0, torch.qint8)),
    "storage given back": lambda la: without_storage(getattr(la, first(la)).data),
    "storage cut short": lambda la: without_storage(getattr(la, first(la)).data, 8),
    "uninitialized": lambda la: parameter(la, lambda _: nn.UninitializedParameter()),
    "deleted": lambda la: delattr(la, first(la)),
    "double": lambda la: la.double(),
    "half": lambda la: la.half(),
    "another bias": lambda la: _bias(la, lambda p: p[:2].clone()),
    "a bias of one number": lambda la: _bias(la, lambda p: p[:1].clone()),
    "a bias of two axes": lambda la: _bias(la, lambda p: p[None].clone()),
    "engine": lambda la: setattr(la, "engine", "natife"),
    "precision": lambda la: setattr(la, "precision", "bfloat17"),
}


def _bias(layer: Any, change: Callable[[Tensor], Tensor]) -> None:
    p = next(p for p in layer.parameters() if p.dim() == 1)
    p.data = change(p.detach())


def replaced(change: Callable[[Any], Any]) -> Oddity:
    """A call after a change of the layer."""

    def call(layer: Any) -> Any:
        change(layer)
        return learned(layer, numbers(T, B, X), states(layer, T) if layer.batch_first else states(layer))

    return call


def narrowed(layer: Any) -> Any:
    """Every parameter as if the layer had half the units."""
    other = copy.deepcopy(layer)
    for name, p in other.named_parameters():
        p.data = (
            p.detach()[: p.shape[0] // 5 * 2, : (2 if "hh" in name or p.shape[-1] == H else 3)].clone()
            if p.dim() == 2
            else p.detach()[: p.shape[0] // 5 * 2].clone()
        )
    other.hidden_size = 2
    return other(numbers(T, B, X))


def hidden_size(layer: Any) -> Any:
    layer.hidden_size = 500
    layer.hidden_sizes = [500]
    return layer(numbers(T, B, X))


def copied(layer: Any) -> Any:
    other = copy.deepcopy(layer)
    put(layer, lambda p: p * 0)
    return other(numbers(T, B, X))


def shallow(layer: Any) -> Any:
    other = copy.copy(layer)
    return other(numbers(T, B, X))


def pickled(layer: Any) -> Any:

    return pickle.loads(pickle.dumps(layer))(numbers(T, B, X))


def moved_and_back(layer: Any) -> Any:
    layer(numbers(T, B, X))
    layer.double()
    first_result = layer(numbers(T, B, X, dtype=torch.float64))
    layer.float()
    return first_result, layer(numbers(T, B, X))


COPIES: dict[str, Oddity] = {f.__name__: f for f in (narrowed, hidden_size, copied, shallow, pickled, moved_and_back)}
