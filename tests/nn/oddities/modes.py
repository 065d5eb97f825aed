"""What stands around a call: modes and transforms of torch that look into every operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from tests.nn.oddities.basics import B, H, Oddity, T, X, flat, numbers, states


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


TRANSFORMS: dict[str, Oddity] = {
    **{f.__name__: f for f in (
        vmapped, functional_other, functional_gradients, per_sample, ensemble, stateless, jvp, dual, jacobian,
        vectorized_jacobian, hessian, batched_gradients, batched_gradients_of_ragged_rows, fake, fake_weights,
        proxy_gradients, scripted, scripted_module, default_device, checkpointed,
    )},
    **{f"proxies: {mode}": proxies(mode) for mode in ("real", "fake", "symbolic")},
}  # fmt: skip
