"""What odd calls are made of: a layer of 3 inputs and 5 units, its inputs, its results, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

Oddity = Callable[[Any], Any]
T, B, X, H = 6, 4, 3, 5


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random numbers, the same at every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype, device="cpu")


def flat(result: Any) -> Iterator[Tensor]:
    """Every tensor of a nested result."""
    if isinstance(result, PackedSequence):
        result = (result.data,)
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, (tuple, list)):
        for one in result:
            yield from flat(one)


def learned(layer: Any, x: Tensor, hx: Any = None, **options: Any) -> list[Tensor]:
    """Outputs, states and every gradient."""
    found = list(flat(layer(x, hx, **options)))
    total = sum(((one * numbers(*one.shape, seed=9)).sum() for one in found if one.requires_grad), torch.zeros(()))
    leaves = [p for p in (*layer.parameters(), x, *flat(hx)) if p.requires_grad and p.is_leaf]
    return [*found, *torch.autograd.grad(total, leaves, allow_unused=True)] if total.requires_grad else found


def states(layer: Any, batch: int = B) -> Any:
    """Initial states that fit a layer."""
    made = tuple(numbers(layer.num_layers, batch, H, seed=3 + n) for n in range(len(layer.equation.states)))
    return made if len(made) > 1 else made[0]


class Named(Tensor):
    """A subclass that changes nothing."""


class NamedParameter(nn.Parameter):
    """A parameter of another class."""


def without_storage(tensor: Tensor, size: int = 0) -> Tensor:
    tensor.untyped_storage().resize_(size)
    return tensor


def first(layer: Any) -> str:
    """The name of a matrix."""
    return next(name for name, p in layer.named_parameters() if p.dim() == 2)


def put(layer: Any, change: Callable[[Tensor], Tensor]) -> None:
    """Replace the memory of the first matrix, the parameter itself stays."""
    p = getattr(layer, first(layer))
    p.data = change(p.detach())


def parameter(layer: Any, change: Callable[[Tensor], Any]) -> None:
    """Replace the first matrix."""
    name = first(layer)
    layer._parameters[name] = change(getattr(layer, name).detach())
