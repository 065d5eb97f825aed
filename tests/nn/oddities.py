# ruff: noqa: E501
"""Calls of a layer that are out of the ordinary, as a table: odd tensors, modes that look on, weights changed under way.

Each takes a layer (3 inputs, 5 units, one state or two) and returns tensors. Whatever the layer ran before, the native
backend has to give what the eager one gives, or to refuse where that refuses too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

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


# inputs


def _negated(x: Tensor) -> Tensor:
    return torch.complex(x, x).conj().imag


def _readonly(x: Tensor) -> Tensor:
    array = x.numpy()
    array.flags.writeable = False
    return torch.from_numpy(array)


class Named(Tensor):
    """A subclass that changes nothing."""


class NamedParameter(nn.Parameter):
    """A parameter of another class."""


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
    "storage given back": lambda: _without_storage(numbers(T, B, X)),
    "storage cut short": lambda: _without_storage(numbers(T, B, X), 8),
    "four axes": lambda: numbers(T, B, X, 1),
    "one axis": lambda: numbers(X),
    "a list": lambda: [[1.0] * X] * T,
    "an array": lambda: numbers(T, B, X).numpy(),
    "None": lambda: None,
    "2**40 steps": lambda: numbers(1, B, X).expand(2**40, B, X),
    "2**40 steps and 2**20 rows": lambda: numbers(1, 1, X).expand(2**40, 2**20, X),
}


def _without_storage(tensor: Tensor, size: int = 0) -> Tensor:
    tensor.untyped_storage().resize_(size)
    return tensor


# weights


def first(layer: Any) -> str:
    """The name of a matrix."""
    return next(name for name, p in layer.named_parameters() if p.dim() == 2)


def _put(layer: Any, change: Callable[[Tensor], Tensor]) -> None:
    """Replace the memory of the first matrix, the parameter itself stays."""
    p = getattr(layer, first(layer))
    p.data = change(p.detach())


def _parameter(layer: Any, change: Callable[[Tensor], Any]) -> None:
    """Replace the first matrix."""
    name = first(layer)
    layer._parameters[name] = change(getattr(layer, name).detach())


def _strided(p: Tensor) -> Tensor:
    return p.t().contiguous().t()


def _swap(layer: Any) -> None:
    p = getattr(layer, first(layer))
    torch.utils.swap_tensors(p, nn.Parameter(numbers(*p.shape, seed=5)))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "data of other values": lambda la: _put(la, lambda p: p * 2),
    "data of other strides": lambda la: _put(la, _strided),
    "data with an offset": lambda la: _put(la, lambda p: torch.cat([p[:1], p])[1:]),
    "data expanded": lambda la: _put(la, lambda p: p[:1].expand_as(p)),
    "data negated lazily": lambda la: _put(la, torch._neg_view),
    "a new parameter": lambda la: _parameter(la, lambda p: nn.Parameter(p * 2)),
    "a plain tensor": lambda la: _parameter(la, lambda p: p * 2),
    "a tensor negated lazily": lambda la: _parameter(la, torch._neg_view),
    "a parameter of another class": lambda la: _parameter(la, NamedParameter),
    "a subclass": lambda la: _parameter(la, lambda p: p.as_subclass(Named)),
    "zeros that are no memory": lambda la: _parameter(la, lambda p: torch._efficientzerotensor(p.shape)),
    "an expanded tensor": lambda la: _parameter(la, lambda p: p[:1].expand_as(p)),
    "swapped": _swap,
    "frozen": lambda la: la.requires_grad_(False),
    "one frozen": lambda la: getattr(la, first(la)).requires_grad_(False),
    "weights of inference mode": lambda la: _parameter(la, torch.inference_mode()(lambda p: p * 2)),
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
    "data of fewer rows": lambda la: _put(la, lambda p: p[:2].clone()),
    "data of fewer columns": lambda la: _put(la, lambda p: p[:, :1].clone()),
    "data of more rows": lambda la: _put(la, lambda p: torch.cat([p, p])),
    "data transposed": lambda la: _put(la, lambda p: p.t().contiguous()),
    "data of one axis": lambda la: _put(la, lambda p: p.flatten()[:2].clone()),
    "data of no elements": lambda la: _put(la, lambda p: p.new_empty(0)),
    "data of float64": lambda la: _put(la, Tensor.double),
    "data of bfloat16": lambda la: _put(la, Tensor.bfloat16),
    "a smaller parameter": lambda la: _parameter(la, lambda p: nn.Parameter(p[:2].clone())),
    "a wider parameter": lambda la: _parameter(la, lambda p: nn.Parameter(torch.cat([p, p], 1))),
    "a scalar": lambda la: _parameter(la, lambda p: nn.Parameter(p.sum())),
    "an integer tensor": lambda la: _parameter(la, Tensor.long),
    "None": lambda la: _parameter(la, lambda _: None),
    "a number": lambda la: _parameter(la, lambda _: 3.0),
    "an array": lambda la: _parameter(la, Tensor.numpy),
    "on meta": lambda la: _parameter(la, lambda p: nn.Parameter(p.to("meta"))),
    "all on meta": lambda la: la.to("meta"),
    "sparse": lambda la: _parameter(la, Tensor.to_sparse),
    "mkldnn": lambda la: _parameter(la, Tensor.to_mkldnn),
    "quantized": lambda la: _parameter(la, lambda p: torch.quantize_per_tensor(p, 0.1, 0, torch.qint8)),
    "storage given back": lambda la: _without_storage(getattr(la, first(la)).data),
    "storage cut short": lambda la: _without_storage(getattr(la, first(la)).data, 8),
    "uninitialized": lambda la: _parameter(la, lambda _: nn.UninitializedParameter()),
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


# what stands around a call


@contextmanager
def _several(*contexts: Any) -> Iterator[None]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        yield


def _dispatching() -> Any:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Looks(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return function(*args, **(kwargs or {}))

    return Looks()


def _functions() -> Any:
    from torch.overrides import TorchFunctionMode

    class Looks(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return function(*args, **(kwargs or {}))

    return Looks()


AROUND: dict[str, Callable[[], Any]] = {
    "device meta": lambda: torch.device("meta"),
    "device cpu": lambda: torch.device("cpu"),
    "inference mode": torch.inference_mode,
    "no_grad": torch.no_grad,
    "anomaly": lambda: torch.autograd.detect_anomaly(check_nan=True),
    "dual level": torch.autograd.forward_ad.dual_level,
    "a dispatch mode": _dispatching,
    "a function mode": _functions,
    "disabled torch functions": torch._C.DisableTorchFunction,
    "saved on the CPU": torch.autograd.graph.save_on_cpu,
    "saved copies": lambda: torch.autograd.graph.saved_tensors_hooks(torch.clone, lambda t: t),
    "multithreading off": lambda: torch.autograd.set_multithreading_enabled(False),
    "deterministic": lambda: torch.backends.mkldnn.flags(enabled=False),
}


def around(name: str) -> Oddity:
    """A call, and its backward pass where there is one, within a context."""

    def call(layer: Any) -> Any:
        x = numbers(T, B, X)
        if name != "inference mode":
            x.requires_grad_()
        hx = states(layer)
        with AROUND[name]():
            if name in {"inference mode", "no_grad"}:
                return layer(x), layer(x, hx)
            found = list(flat(layer(x))) + list(flat(layer(x, hx))) + list(flat(layer(x, lengths=[T, 0, 2, 1])))
            total = sum(one.sum() for one in found)
            return [*found, *torch.autograd.grad(total, [x, *layer.parameters()])]

    return call


# transforms


def vmapped(layer: Any) -> Any:
    return torch.func.vmap(layer, in_dims=0)(numbers(2, T, B, X))


def functional_other(layer: Any) -> Any:
    weights = {name: p.detach() * 2 for name, p in layer.named_parameters()}
    return torch.func.functional_call(layer, weights, (numbers(T, B, X),))


def functional_gradients(layer: Any) -> Any:
    weights = dict(layer.named_parameters())
    return list(
        torch.func.grad(lambda w, x: torch.func.functional_call(layer, w, (x,))[0].square().sum())(
            weights, numbers(T, B, X)
        ).values()
    )


def per_sample(layer: Any) -> Any:
    weights = {name: p.detach() for name, p in layer.named_parameters()}

    def error(w: Any, x: Tensor) -> Tensor:
        return torch.func.functional_call(layer, w, (x.unsqueeze(1),))[0].square().sum()

    return list(torch.func.vmap(torch.func.grad(error), in_dims=(None, 1))(weights, numbers(T, B, X)).values())


def ensemble(layer: Any) -> Any:
    weights = {name: torch.stack([p.detach(), p.detach() * 2]) for name, p in layer.named_parameters()}
    x = numbers(T, B, X)
    return torch.func.vmap(lambda w: torch.func.functional_call(layer, w, (x,)))(weights)


def stateless(layer: Any) -> Any:
    weights = {name: p.detach() * 3 for name, p in layer.named_parameters()}
    return torch.nn.utils.stateless._reparametrize_module and functional_other(layer), [
        torch.func.functional_call(layer, weights, (numbers(T, B, X),))
    ]


def jvp(layer: Any) -> Any:
    x = numbers(T, B, X)
    return torch.func.jvp(lambda v: layer(v)[0], (x,), (torch.ones_like(x),))


def dual(layer: Any) -> Any:
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        x = forward.make_dual(numbers(T, B, X), numbers(T, B, X, seed=2))
        found = forward.unpack_dual(layer(x)[0])
        return found.primal, found.tangent


def jacobian(layer: Any) -> Any:
    return torch.autograd.functional.jacobian(lambda v: layer(v)[0].sum(0), numbers(T, B, X))


def vectorized_jacobian(layer: Any) -> Any:
    return torch.autograd.functional.jacobian(lambda v: layer(v)[0].sum(0), numbers(T, B, X), vectorize=True)


def hessian(layer: Any) -> Any:
    return torch.autograd.functional.hessian(lambda v: layer(v)[0].square().sum(), numbers(2, 1, X))


def batched_gradients(layer: Any) -> Any:
    x = numbers(T, B, X).requires_grad_()
    y = layer(x)[0]
    given = numbers(3, *y.shape, seed=4)
    return torch.autograd.grad(y, [x, *layer.parameters()], given, is_grads_batched=True)


def batched_gradients_of_ragged_rows(layer: Any) -> Any:
    x = numbers(T, B, X).requires_grad_()
    y, last = layer(x, lengths=[T, 0, 2, 1])
    ends = list(flat(last))
    given = [numbers(3, *one.shape, seed=4) for one in (y, *ends)]
    return torch.autograd.grad([y, *ends], [x, *layer.parameters()], given, is_grads_batched=True)


def fake(layer: Any) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        x = mode.from_tensor(numbers(T, B, X))
        return [one.shape for one in flat(layer(x))] and []


def fake_weights(layer: Any) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode() as mode:
        made = type(layer)(X, H) if type(layer).__name__ != "Recurrent" else type(layer)(layer.equation, X, H)
        found = made(mode.from_tensor(numbers(T, B, X)))
        assert next(flat(found)).shape == (T, B, H)
        return []


def proxies(mode: str) -> Oddity:
    """The layer recorded by make_fx, and what was recorded on other values."""

    def call(layer: Any) -> Any:
        from torch.fx.experimental.proxy_tensor import make_fx

        graph = make_fx(lambda x: tuple(flat(layer(x))), tracing_mode=mode, _allow_non_fake_inputs=True)(
            numbers(T, B, X)
        )
        return graph(numbers(T, B, X, seed=7))

    return call


def proxy_gradients(layer: Any) -> Any:
    from torch.fx.experimental.proxy_tensor import make_fx

    def step(x: Tensor) -> Any:
        return torch.autograd.grad(layer(x)[0].square().sum(), [x, *layer.parameters()])

    graph = make_fx(step, _allow_non_fake_inputs=True)(numbers(T, B, X).requires_grad_())
    return graph(numbers(T, B, X, seed=7).requires_grad_())


def scripted(layer: Any) -> Any:
    layer.requires_grad_(False)
    traced = torch.jit.trace(lambda x: layer(x)[0], (numbers(T, B, X),), check_trace=False)
    return traced(numbers(T, B, X, seed=7))


def scripted_module(layer: Any) -> Any:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(x)[0]
            return y

    return torch.jit.trace(First(), (numbers(T, B, X),), check_trace=False)(numbers(T, B, X, seed=7))


def default_device(layer: Any) -> Any:
    torch.set_default_device("meta")
    try:
        x = numbers(T, B, X).requires_grad_()
        packed = pack_padded_sequence(x, torch.tensor([6, 5, 5, 1], device="cpu"))
        found = [layer(x), layer(x, states(layer)), layer(packed), layer(x, lengths=[1, 2, 3, 0])]
        total = sum(one.sum() for one in flat(found))
        return [found, torch.autograd.grad(total, [x, *layer.parameters()])]
    finally:
        torch.set_default_device(None)


def checkpointed(layer: Any) -> Any:
    from torch.utils.checkpoint import checkpoint

    x = numbers(T, B, X).requires_grad_()
    y = checkpoint(lambda v: layer(v)[0], x, use_reentrant=False)
    return y, torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])


# between forward and backward


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
    _put(layer, lambda p: p[:1].clone())


def release_between(layer: Any, _x: Tensor) -> None:
    _without_storage(getattr(layer, first(layer)).data)


def release_input_between(_layer: Any, x: Tensor) -> None:
    _without_storage(x.data)


def meta_between(layer: Any, _x: Tensor) -> None:
    _put(layer, lambda p: p.to("meta"))


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


# packed sequences


def packed(
    rows: int, sizes: list[int], order: Any = None, back: Any = None, dtype: torch.dtype = torch.int64
) -> Oddity:
    """A PackedSequence made by hand."""

    def call(layer: Any) -> Any:
        given = PackedSequence(numbers(rows, X), torch.tensor(sizes, dtype=dtype, device="cpu"), order, back)
        return layer(given)

    return call


def _index(*places: int) -> Tensor:
    return torch.tensor(places, device="cpu")


PACKED: dict[str, Oddity] = {
    "whole": packed(10, [4, 3, 2, 1]),
    "of one length": packed(8, [4, 4]),
    "in another order": packed(10, [4, 3, 2, 1], _index(1, 0, 3, 2), _index(1, 0, 3, 2)),
    "int32": packed(10, [4, 3, 2, 1], dtype=torch.int32),
}
BAD_PACKED: dict[str, Oddity] = {
    "too little data": packed(5, [4, 3, 2, 1]),
    "too little data of one length": packed(5, [4, 4]),
    "too much data": packed(50, [4, 3, 2, 1]),
    "no data": packed(0, [4, 3, 2, 1]),
    "increasing": packed(10, [1, 2, 3, 4]),
    "increasing in between": packed(10, [4, 1, 4, 1]),
    "same first and last": packed(10, [4, 1, 1, 4]),
    "a negative size": packed(10, [4, 3, -2, 1]),
    "zeros": packed(10, [4, 6, 0, 0]),
    "huge": packed(10, [2**62, 2**62, 2**62, 2**62]),
    "no steps": packed(10, []),
    "floats": packed(10, [4, 3, 2, 1], dtype=torch.float32),
    "two axes": lambda la: la(PackedSequence(numbers(10, X), torch.tensor([[4, 3], [2, 1]], device="cpu"))),
    "meta data": lambda la: la(PackedSequence(numbers(10, X).to("meta"), torch.tensor([4, 3, 2, 1], device="cpu"))),
    "an order that is too long": packed(10, [4, 3, 2, 1], _index(0, 1, 2, 3, 0), _index(0, 1, 2, 3, 0)),
    "an order that is too short": packed(10, [4, 3, 2, 1], _index(0, 1), _index(0, 1)),
    "an order out of range": packed(10, [4, 3, 2, 1], _index(0, 1, 2, 9), _index(0, 1, 2, 9)),
    "an order twice": packed(10, [4, 3, 2, 1], _index(0, 1, 1, 2), _index(0, 1, 1, 2)),
}
for _name, _call in list(BAD_PACKED.items()):
    if _name.startswith("an order"):
        BAD_PACKED[f"{_name}, with states"] = lambda la, call=_call: call(lambda given: la(given, states(la)))

# lengths and resets

LENGTHS: dict[str, Callable[[], Any]] = {
    **{str(t): (lambda t=t: torch.tensor([6, 0, 2, 1], dtype=t, device="cpu"))
       for t in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64)},
    "a list": lambda: [6, 0, 2, 1],
    "a tuple": lambda: (6, 0, 2, 1),
    "an array": lambda: torch.tensor([6, 0, 2, 1], device="cpu").numpy(),
    "every second": lambda: torch.tensor([6, 9, 0, 9, 2, 9, 1, 9], device="cpu")[::2],
    "expanded": lambda: torch.tensor([3], device="cpu").expand(4),
    "all of them": lambda: [6, 6, 6, 6],
    "none of them": lambda: [0, 0, 0, 0],
}  # fmt: skip
BAD_LENGTHS: dict[str, Callable[[], Any]] = {
    "too long": lambda: [7, 1, 1, 1],
    "negative": lambda: [-1, 1, 1, 1],
    "2**63 - 1": lambda: [2**63 - 1, 1, 1, 1],
    "uint64 beyond int64": lambda: torch.tensor([2**64 - 1, 1, 1, 1], dtype=torch.uint64, device="cpu"),
    "2**70": lambda: [2**70, 1, 1, 1],
    "floats": lambda: torch.tensor([1.0, 2, 3, 4], device="cpu"),
    "bools": lambda: torch.tensor([True] * 4, device="cpu"),
    "too few": lambda: [1, 1],
    "too many": lambda: [1] * 5,
    "two axes": lambda: [[1, 1, 1, 1]],
    "meta": lambda: torch.tensor([1, 1, 1, 1], device="meta"),
    "sparse": lambda: torch.tensor([1, 1, 1, 1], device="cpu").to_sparse(),
    "words": lambda: ["a", "b", "c", "d"],
    "a number": lambda: 3,
    "storage given back": lambda: _without_storage(torch.tensor([1, 1, 1, 1], device="cpu")),
}
RESETS: dict[str, Callable[[], Any]] = {
    "plain": lambda: numbers(B, T) > 0,
    "transposed": lambda: (numbers(T, B) > 0).t(),
    "expanded": lambda: (numbers(B, 1) > 0).expand(B, T),
    "a list": lambda: (numbers(B, T) > 0).tolist(),
    "an array": lambda: (numbers(B, T) > 0).numpy(),
}
BAD_RESETS: dict[str, Callable[[], Any]] = {
    "integers": lambda: torch.ones(B, T, dtype=torch.int64, device="cpu"),
    "time major": lambda: numbers(T, B) > 0,
    "too short": lambda: numbers(B, T - 1) > 0,
    "one axis": lambda: numbers(B) > 0,
    "meta": lambda: torch.ones(B, T, dtype=torch.bool, device="meta"),
    "sparse": lambda: torch.ones(B, T, dtype=torch.bool, device="cpu").to_sparse(),
    "storage given back": lambda: _without_storage(torch.ones(B, T, dtype=torch.bool, device="cpu")),
    "a word": lambda: "yes",
}

# initial states


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
    "storage given back": _states(_without_storage),
    "storage cut short": _states(lambda s: _without_storage(s, 8)),
    "a number": _states(lambda _: 1.0),
    "too many": lambda la: la(numbers(T, B, X), (numbers(1, B, H),) * 3),
    "none": lambda la: la(numbers(T, B, X), ()),
}


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
    _put(layer, lambda p: p * 0)
    return other(numbers(T, B, X))


def shallow(layer: Any) -> Any:
    other = copy.copy(layer)
    return other(numbers(T, B, X))


def pickled(layer: Any) -> Any:
    import pickle

    return pickle.loads(pickle.dumps(layer))(numbers(T, B, X))


def moved_and_back(layer: Any) -> Any:
    layer(numbers(T, B, X))
    layer.double()
    first_result = layer(numbers(T, B, X, dtype=torch.float64))
    layer.float()
    return first_result, layer(numbers(T, B, X))


RIGHT: dict[str, Oddity] = {
    **{f"input: {name}": (lambda la, make=make: learned(la, make())) for name, make in INPUTS.items()},
    **{f"batch first: {name}": (lambda la, make=make: (setattr(la, "batch_first", True), learned(la, make()))[1])
       for name, make in INPUTS.items()},
    **{f"ragged: {name}": (lambda la, make=make: learned(la, make(), lengths=[6, 0, 2, 1])) for name, make in INPUTS.items()
       if name not in {"one step", "one row", "no rows", "no steps", "unbatched"}},
    **{f"weights: {name}": replaced(change) for name, change in CHANGES.items()},
    **{f"state: {name}": call for name, call in STATES.items()},
    **{f"lengths: {name}": (lambda la, make=make: learned(la, numbers(T, B, X), lengths=make())) for name, make in LENGTHS.items()},
    **{f"resets: {name}": (lambda la, make=make: learned(la, numbers(T, B, X), resets=make())) for name, make in RESETS.items()},
    **{f"within: {name}": around(name) for name in AROUND},
    **{f"packed: {name}": call for name, call in PACKED.items()},
    **{f"gradient: {name}": odd_gradient(make) for name, make in {
        "negated lazily": lambda g: torch._neg_view(g.clone()),
        "zero tensor": lambda g: torch._efficientzerotensor(g.shape),
        "expanded": lambda g: g[:1].expand_as(g),
        "one number": lambda g: g.sum().expand_as(g),
        "transposed": lambda g: g.transpose(0, 1).contiguous().transpose(0, 1),
        "a subclass": lambda g: g.as_subclass(Named),
    }.items()},
    **{f.__name__: f for f in (
        vmapped, functional_other, functional_gradients, per_sample, ensemble, stateless, jvp, dual, jacobian,
        vectorized_jacobian, hessian, batched_gradients, batched_gradients_of_ragged_rows, fake, fake_weights,
        proxy_gradients, scripted, scripted_module, default_device, checkpointed, changed_lengths, changed_resets,
        changed_batch_sizes, narrowed, hidden_size, copied, shallow, pickled, moved_and_back,
    )},
    **{f"proxies: {mode}": proxies(mode) for mode in ("real", "fake", "symbolic")},
    "saved tensors negated twice": unpacked_as(lambda t: t.neg().neg() if t.is_floating_point() else t),
}  # fmt: skip

WRONG: dict[str, Oddity] = {
    **{f"input: {name}": (lambda la, make=make: learned(la, make())) for name, make in REFUSED.items()},
    **{f"weights: {name}": replaced(change) for name, change in SPOILED.items()},
    **{f"state: {name}": call for name, call in BAD_STATES.items()},
    **{f"lengths: {name}": (lambda la, make=make: learned(la, numbers(T, B, X), lengths=make())) for name, make in BAD_LENGTHS.items()},
    **{f"resets: {name}": (lambda la, make=make: learned(la, numbers(T, B, X), resets=make())) for name, make in BAD_RESETS.items()},
    **{f"packed: {name}": call for name, call in BAD_PACKED.items()},
    **{f"between: {f.__name__}": backward_after(f) for f in (
        shrink_between, release_between, release_input_between, meta_between,
    )},
    "gradient: sparse": odd_gradient(lambda g: g.to_sparse()),
    "gradient: meta": odd_gradient(lambda g: g.to("meta")),
    "gradient: storage given back": odd_gradient(lambda g: _without_storage(g.clone())),
    "saved as less": unpacked_as(lambda t: t[:1].clone() if t.numel() else t),
    "saved as nothing": unpacked_as(lambda t: t.new_empty(0)),
    "saved as meta": unpacked_as(lambda t: t.to("meta")),
    "saved as numbers": unpacked_as(lambda _: 3),
}  # fmt: skip
