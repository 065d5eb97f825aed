"""Inputs and initial states that are out of the ordinary, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.nn.oddities.basics import (
    B,
    H,
    Named,
    NamedParameter,
    Oddity,
    T,
    X,
    flat,
    learned,
    numbers,
    states,
    without_storage,
)  # fmt: skip


def _negated(x: Tensor) -> Tensor:
    return torch.complex(x, x).conj().imag


def _readonly(x: Tensor) -> Tensor:
    array = x.numpy()
    array.flags.writeable = False
    return torch.from_numpy(array)


INPUTS: dict[str, Callable[[], Tensor]] = {
    "plain": lambda: numbers(T, B, X),
    "requires_grad": lambda: numbers(T, B, X).requires_grad_(),
    "expanded over time": lambda: numbers(1, B, X).expand(T, B, X),
    "expanded over rows": lambda: numbers(T, 1, X).expand(T, B, X),
    "expanded over columns": lambda: numbers(T, B, 1).expand(T, B, X),
    "one number for all": lambda: torch.ones((), device="cpu").expand(T, B, X),
    "overlapping steps": lambda: numbers(T * B * X).as_strided((T, B, X), (1, 2, 1)),
    "axes permuted": lambda: numbers(X, T, B).permute(1, 2, 0),
    "every second column": lambda: numbers(T, B, 2 * X)[..., ::2],
    "an offset": lambda: numbers(T * B * X + 7)[7:].view(T, B, X),
    "negated lazily": lambda: torch._neg_view(numbers(T, B, X)),
    "imaginary part of a conjugate": lambda: _negated(numbers(T, B, X)),
    "zero tensor": lambda: torch._efficientzerotensor(T, B, X),
    "from numpy, read only": lambda: _readonly(numbers(T, B, X)),
    "made in inference mode": lambda: torch.inference_mode()(lambda: numbers(T, B, X))(),
    "a subclass": lambda: numbers(T, B, X).as_subclass(Named),
    "a parameter": lambda: nn.Parameter(numbers(T, B, X)),
    "a parameter of another class": lambda: NamedParameter(numbers(T, B, X)),
    "one step": lambda: numbers(1, B, X),
    "one row": lambda: numbers(T, 1, X),
    "no rows": lambda: numbers(T, 0, X),
    "no steps": lambda: numbers(0, B, X),
    "channels last": lambda: numbers(T, B, X, 1).to(memory_format=torch.channels_last).squeeze(-1),
    "a view of a leaf": lambda: numbers(T, B, X).requires_grad_()[:, :],
    "unbatched": lambda: numbers(T, X),
}

REFUSED: dict[str, Callable[[], Any]] = {
    "too few columns": lambda: numbers(T, B, X - 1),
    "too many columns": lambda: numbers(T, B, X + 1),
    "no columns": lambda: numbers(T, B, 0),
    "float64": lambda: numbers(T, B, X, dtype=torch.float64),
    "int64": lambda: torch.ones(T, B, X, dtype=torch.int64, device="cpu"),
    "bool": lambda: torch.ones(T, B, X, dtype=torch.bool, device="cpu"),
    "complex": lambda: torch.ones(T, B, X, dtype=torch.complex64, device="cpu"),
    "quantized": lambda: torch.quantize_per_tensor(numbers(T, B, X), 0.1, 0, torch.qint8),
    "meta": lambda: numbers(T, B, X).to("meta"),
    "sparse": lambda: numbers(T, B, X).to_sparse(),
    "nested": lambda: torch.nested.nested_tensor([numbers(T, X), numbers(T - 1, X)]),
    "nested, jagged": lambda: torch.nested.nested_tensor([numbers(T, X), numbers(T - 1, X)], layout=torch.jagged),
    "masked": lambda: torch.masked.masked_tensor(numbers(T, B, X), numbers(T, B, X) > 0),
    "mkldnn": lambda: numbers(T, B, X).to_mkldnn(),
    "storage given back": lambda: without_storage(numbers(T, B, X)),
    "storage cut short": lambda: without_storage(numbers(T, B, X), 8),
    "four axes": lambda: numbers(T, B, X, 1),
    "one axis": lambda: numbers(X),
    "a list": lambda: [[1.0] * X] * T,
    "an array": lambda: numbers(T, B, X).numpy(),
    "None": lambda: None,
    "2**40 steps": lambda: numbers(1, B, X).expand(2**40, B, X),
    "2**40 steps and 2**20 rows": lambda: numbers(1, 1, X).expand(2**40, 2**20, X),
}


def _states(change: Callable[[Tensor], Any]) -> Oddity:
    def call(layer: Any) -> Any:
        given = states(layer)
        hx = tuple(map(change, given)) if isinstance(given, tuple) else change(given)
        return learned(layer, numbers(T, B, X), hx)

    return call


STATES: dict[str, Oddity] = {
    "plain": _states(lambda s: s),
    "requires_grad": _states(lambda s: s.requires_grad_()),
    "negated lazily": _states(torch._neg_view),
    "zero tensor": _states(lambda s: torch._efficientzerotensor(s.shape)),
    "expanded": _states(lambda s: s[:, :1].expand_as(s)),
    "permuted": _states(lambda s: s.permute(2, 0, 1).contiguous().permute(1, 2, 0)),
    "a subclass": _states(lambda s: s.as_subclass(Named)),
    "with an offset": _states(lambda s: torch.cat([s, s])[-s.shape[0] :]),
    "a list": lambda la: la(numbers(T, B, X), [*flat(states(la))]),
}
BAD_STATES: dict[str, Oddity] = {
    "too few rows": _states(lambda s: s[:, :1]),
    "too many rows": _states(lambda s: torch.cat([s, s], 1)),
    "too narrow": _states(lambda s: s[..., :1]),
    "two axes": _states(lambda s: s[0]),
    "no layers": _states(lambda s: s[:0]),
    "float64": _states(Tensor.double),
    "meta": _states(lambda s: s.to("meta")),
    "sparse": _states(Tensor.to_sparse),
    "mkldnn": _states(Tensor.to_mkldnn),
    "storage given back": _states(without_storage),
    "storage cut short": _states(lambda s: without_storage(s, 8)),
    "a number": _states(lambda _: 1.0),
    "too many": lambda la: la(numbers(T, B, X), (numbers(1, B, H),) * 3),
    "none": lambda la: la(numbers(T, B, X), ()),
}
