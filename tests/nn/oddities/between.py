"""What is changed between the forward and the backward pass, and gradients that are odd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from tests.nn.oddities.basics import B, Named, Oddity, T, X, first, flat, numbers, put, without_storage


def backward_after(change: Callable[[Any, Tensor], None]) -> Oddity:
    """A backward pass before which something was changed."""

    def call(layer: Any) -> Any:
        x = numbers(T, B, X).requires_grad_() * 1
        leaf = numbers(T, B, X).requires_grad_()
        x = leaf * 1
        y = layer(x)[0]
        change(layer, x)
        return torch.autograd.grad(y.square().sum(), [leaf, *layer.parameters()])

    return call


def shrink_between(layer: Any, _x: Tensor) -> None:
    put(layer, lambda p: p[:1].clone())


def release_between(layer: Any, _x: Tensor) -> None:
    without_storage(getattr(layer, first(layer)).data)


def release_input_between(_layer: Any, x: Tensor) -> None:
    without_storage(x.data)


def meta_between(layer: Any, _x: Tensor) -> None:
    put(layer, lambda p: p.to("meta"))


def odd_gradient(make: Callable[[Tensor], Tensor | None]) -> Oddity:
    """A gradient that a hook has put in the place of the real one."""

    def call(layer: Any) -> Any:
        x = numbers(T, B, X).requires_grad_()
        y, last = layer(x)
        y.register_hook(make)
        ends = list(flat(last))
        ends[0].register_hook(make)
        total = y.square().sum() + ends[0].square().sum()
        return torch.autograd.grad(total, [x, *layer.parameters()])

    return call


def unpacked_as(make: Callable[[Tensor], Any]) -> Oddity:
    """Saved tensors that come back as something else."""

    def call(layer: Any) -> Any:
        x = numbers(T, B, X).requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, make):
            y = layer(x)[0]
        return torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])

    return call


def changed_lengths(layer: Any) -> Any:
    x, lengths = numbers(T, B, X).requires_grad_(), torch.tensor([6, 2, 1, 3], device="cpu")
    y = layer(x, lengths=lengths)[0]
    lengths.fill_(1)
    return torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])


def changed_resets(layer: Any) -> Any:
    x, resets = numbers(T, B, X).requires_grad_(), numbers(B, T) > 0
    y = layer(x, resets=resets)[0]
    resets.fill_(True)
    return torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])


def changed_batch_sizes(layer: Any) -> Any:
    x = numbers(10, X).requires_grad_()
    sizes = torch.tensor([4, 3, 2, 1], device="cpu")
    y = layer(PackedSequence(x, sizes))[0].data
    sizes.fill_(1)
    return torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])


REUSED: dict[str, Oddity] = {
    **{f.__name__: f for f in (changed_lengths, changed_resets, changed_batch_sizes)},
    "saved tensors negated twice": unpacked_as(lambda t: t.neg().neg() if t.is_floating_point() else t),
}
GRADIENTS: dict[str, Callable[[Tensor], Tensor]] = {
    "negated lazily": lambda g: torch._neg_view(g.clone()),
    "zero tensor": lambda g: torch._efficientzerotensor(g.shape),
    "expanded": lambda g: g[:1].expand_as(g),
    "one number": lambda g: g.sum().expand_as(g),
    "transposed": lambda g: g.transpose(0, 1).contiguous().transpose(0, 1),
    "a subclass": lambda g: g.as_subclass(Named),
}
BAD_GRADIENTS: dict[str, Callable[[Tensor], Tensor]] = {
    "sparse": lambda g: g.to_sparse(),
    "meta": lambda g: g.to("meta"),
    "storage given back": lambda g: without_storage(g.clone()),
}
SPOILED_BETWEEN: dict[str, Callable[[Any, Tensor], None]] = {
    f.__name__: f for f in (shrink_between, release_between, release_input_between, meta_between)
}
BAD_SAVED: dict[str, Callable[[Tensor], Any]] = {
    "as less": lambda t: t[:1].clone() if t.numel() else t,
    "as nothing": lambda t: t.new_empty(0),
    "as meta": lambda t: t.to("meta"),
    "as numbers": lambda _: 3,
}
