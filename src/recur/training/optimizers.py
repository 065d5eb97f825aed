"""Optimizers: Adam, AdamW, SGD, and SGD with averaging triggered by the evaluations (NT-ASGD).

An update is one call for all weights, which also clips: the factor that shortens the gradients is part of the pass that
changes the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recur.config import TrainingConfig
from recur.engine import torch_state


def make(network: nn.Module, config: TrainingConfig) -> OnePassAdam | OnePassAdamW | OnePassSGD:
    """Build the optimizer; matrices decay, biases and gains of norms do not.

    ``asgd`` updates as plain SGD does; ``Averages`` beside it keeps the mean of the weights.
    """
    trained = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": config.optimizer.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    # one pass over the memory of a weight in place of ten
    fused = all(p.device.type in ("cpu", "cuda") for p in trained)
    match config.optimizer.name:
        case "adam":
            return OnePassAdam(groups, lr=config.optimizer.lr, fused=fused)
        case "adamw":
            return OnePassAdamW(groups, lr=config.optimizer.lr, fused=fused)
        case "sgd" | "asgd":
            return OnePassSGD(groups, lr=config.optimizer.lr)


def total_norm(gradients: Sequence[Tensor]) -> Tensor:
    """Return the norm () of all gradients together."""
    if len({(gradient.device, gradient.dtype) for gradient in gradients}) != 1:
        return torch.nn.utils.get_total_norm(gradients)
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch_state.norm_all(gradients)))
    return norm


def clipping(norm: float, longest: float) -> float:
    """Return the factor by which gradients of this norm are multiplied; 1 leaves them, and 0 for ``longest`` too.

    >>> clipping(4.0, 1.0), clipping(0.5, 1.0), clipping(4.0, 0.0)
    (0.24999993750001562, 1.0, 1.0)
    """
    return min(1.0, longest / (norm + 1e-6)) if longest > 0 else 1.0


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of torch without the wrapper that imports torch's compiler, which takes as long as torch itself."""
    return getattr(method, "__wrapped__", method)


class _QuickStart(torch.optim.Optimizer):
    """An optimizer that is made, saved and loaded without torch's compiler."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        _plain(torch.optim.Optimizer.add_param_group)(self, param_group)

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = _plain(torch.optim.Optimizer.state_dict)(self)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        _plain(torch.optim.Optimizer.load_state_dict)(self, state_dict)


@dataclass
class _Moments:
    """The tensors of weights that have the same options: what one call of the kernel updates."""

    options: dict[str, Any]
    weights: list[Tensor]
    first: list[Tensor]
    second: list[Tensor]
    steps: list[Tensor]


class _OnePass(_QuickStart):
    """Adam as one call of torch's kernel; where that cannot be, as torch's own ``step``."""

    grad_scale: Tensor | None = None  # what torch's own ``step`` divides the gradients by
    _moments: list[_Moments] | None = None

    @torch.no_grad()
    def update(self, factor: float = 1.0) -> None:
        """Update the weights, with the gradients multiplied by ``factor``."""
        gradients = self._gradients()
        if gradients is None:
            self._slowly(factor)
            return
        scale = None if factor == 1 else self._scale(gradients[0][1][0], factor)
        kernel, lr = self._kernel(), self.param_groups[0]["lr"]
        for part, given in gradients:
            torch_state.count_all(part.steps, 1)
            kernel(
                part.weights, given, part.first, part.second, [], part.steps, amsgrad=False, lr=lr, maximize=False,
                grad_scale=scale, found_inf=None, **part.options,
            )  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._moments = None
        super().load_state_dict(state_dict)

    def _kernel(self) -> Any:
        raise NotImplementedError

    @staticmethod
    def _scale(like: Tensor, factor: float) -> Tensor:
        return torch.full((), 1 / factor, dtype=torch.float32, device=like.device)

    def _slowly(self, factor: float) -> None:
        """Update with torch's ``step``: where a weight has no gradient, or torch lacks the kernel."""
        given = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        if factor != 1 and not self.defaults["fused"]:
            torch_state.multiply_all(given, factor)
        elif factor != 1 and given:
            self.grad_scale = self._scale(given[0], factor)
        self.step()
        self.grad_scale = None

    def _gradients(self) -> list[tuple[_Moments, list[Tensor]]] | None:
        """The gradients of all weights beside their moments; None where one call cannot update them."""
        if self._moments is None:
            self._moments = self._gather()
        if not self._moments or len({group["lr"] for group in self.param_groups}) != 1:
            return None
        found = []
        for part in self._moments:
            given = [weight.grad for weight in part.weights]
            if any(gradient is None for gradient in given):
                return None
            found.append((part, given))
        return found  # type: ignore[return-value]  # none is None, as checked

    def _gather(self) -> list[_Moments] | None:
        """The tensors of every weight, by options; new ones are zero. None where torch has no such kernel."""
        weights = [p for group in self.param_groups for p in group["params"]]
        if not self.defaults["fused"] or self._kernel() is None or len({(p.device, p.dtype) for p in weights}) != 1:
            return None
        parts: dict[tuple[float, ...], _Moments] = {}
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            options = {"beta1": beta1, "beta2": beta2, "weight_decay": group["weight_decay"], "eps": group["eps"]}
            part = parts.setdefault(tuple(options.values()), _Moments(options, [], [], [], []))
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["step"] = torch.zeros((), dtype=torch.float32, device=p.device)
                    state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
                part.weights.append(p)
                part.first.append(state["exp_avg"])
                part.second.append(state["exp_avg_sq"])
                part.steps.append(state["step"])
        return list(parts.values())


class OnePassAdam(_OnePass, torch.optim.Adam):
    """Adam (Kingma & Ba 2015)."""

    def _kernel(self) -> Any:
        return torch_state.fused_adam


class OnePassAdamW(_OnePass, torch.optim.AdamW):
    """AdamW (Loshchilov & Hutter 2019)."""

    def _kernel(self) -> Any:
        return torch_state.fused_adamw


class OnePassSGD(_QuickStart, torch.optim.SGD):
    """Plain gradient descent: w = (1 - lr decay) w - lr factor g."""

    @torch.no_grad()
    def update(self, factor: float = 1.0) -> None:
        """Update the weights, with the gradients multiplied by ``factor``."""
        for group in self.param_groups:
            lr, decay = group["lr"], group["weight_decay"]
            weights = [p for p in group["params"] if p.grad is not None]
            if weights and decay:
                torch_state.multiply_all(weights, 1 - lr * decay)
            if weights:
                torch_state.add_all(weights, [p.grad for p in weights], alpha=-lr * factor)


class Averages:
    """The running mean of all weights since averaging began; empty before.

    ::

        mean_n = mean_{n-1} + (w_n - mean_{n-1}) / n

    where w_n are the weights after the n-th update since the trigger. Source: Polyak & Juditsky 1992; the trigger
    is in ``stopping``.
    """

    def __init__(self, network: nn.Module) -> None:
        self._parameters: list[Tensor] = [p for p in network.parameters() if p.requires_grad]
        self._means: list[Tensor] = []
        self._count = 0

    @property
    def active(self) -> bool:
        """Whether averaging has begun."""
        return bool(self._means)

    def begin(self) -> None:
        """Begin with the present weights."""
        self._means = [p.detach().clone() for p in self._parameters]
        self._count = 1

    @torch.no_grad()
    def update(self) -> None:
        """Add the weights after an update to the mean; without effect before averaging began."""
        if not self.active:
            return
        self._count += 1
        torch_state.lerp_all(self._means, self._parameters, 1.0 / self._count)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Use the means as weights within the block; without effect before averaging began."""
        if not self.active:
            yield
            return
        weights = [p.detach().clone() for p in self._parameters]
        self._write(self._means)
        try:
            yield
        finally:
            self._write(weights)

    def state_dict(self) -> dict[str, Any]:
        """The state for a checkpoint."""
        return {"count": self._count, "means": self._means}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore from a checkpoint."""
        self._count = state["count"]
        if state["means"]:
            self._means = [m.to(p.device, copy=True) for m, p in zip(state["means"], self._parameters, strict=True)]

    @torch.no_grad()
    def _write(self, values: list[Tensor]) -> None:
        for parameter, value in zip(self._parameters, values, strict=True):
            parameter.copy_(value)
