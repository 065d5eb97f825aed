"""Optimizers: Adam, AdamW, SGD, and SGD with averaging triggered by the evaluations (NT-ASGD)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from recur.config import TrainingConfig
from recur.engine import torch_state


def make(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
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
            return torch.optim.Adam(groups, lr=config.optimizer.lr, fused=fused)
        case "adamw":
            return torch.optim.AdamW(groups, lr=config.optimizer.lr, fused=fused)
        case "sgd" | "asgd":
            return torch.optim.SGD(groups, lr=config.optimizer.lr)


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
