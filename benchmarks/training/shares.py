"""Where the time of an epoch goes: clocks around the parts of the training, and at their borders in the backward pass.

A part begins where it is called; in the backward pass it begins when the derivative of its output arrives, which a
hook on that output tells. Whatever is under no clock is Python: the loop, the checks and the glue between the parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from recur import continuation
from recur.heads.head import Head
from recur.network.inputs import Inputs
from recur.nn import Recurrent
from recur.nn.look_up import LookUp
from recur.training import optimizers, session
from recur.training.session import Training

PARTS = (
    "recurrence", "embedding", "readout", "network", "optimiser", "clipping", "batching", "Python", "evaluation",
    "samples", "saving",
)  # fmt: skip


class Clock:
    """Seconds by part; one part runs at a time."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._part, self._since = "Python", time.perf_counter()
        self.nested = 0

    def switch(self, part: str) -> str:
        """Count what has passed, and let another part run; the one before it."""
        now = time.perf_counter()
        before = self._part
        self.seconds[before] += now - self._since
        self._part, self._since = part, now
        return before

    def around(self, function: Callable[..., Any], part: str, whole: bool = False) -> Callable[..., Any]:
        """A function with the clock of a part; ``whole``: parts inside are not told apart."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            if self.nested:
                return function(*args, **kwargs)
            before = self.switch(part)
            self.nested += whole
            try:
                return function(*args, **kwargs)
            finally:
                self.nested -= whole
                self.switch(before)

        return timed

    def mark(self, value: Any, part: str) -> None:
        """Let a part begin in the backward pass when the derivative of these tensors arrives."""
        if isinstance(value, Tensor):
            if value.requires_grad and not self.nested:
                value.register_hook(lambda _: self.switch(part) and None)
        elif isinstance(value, (tuple, list)):
            for one in value:
                self.mark(one, part)


@contextmanager
def _hooked(clock: Clock, module: nn.Module, part: str, inside: str) -> Iterator[None]:
    """Clock a module; in the backward pass what it reads belongs to ``inside`` again."""
    saved: list[str] = []

    def enter(_: nn.Module, inputs: Any) -> None:
        if not clock.nested:
            clock.mark(inputs, inside)
            saved.append(clock.switch(part))

    def leave(_: nn.Module, __: Any, outputs: Any) -> None:
        if not clock.nested:
            clock.mark(outputs, part)
            clock.switch(saved.pop())

    handles = [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _marked(clock: Clock, function: Callable[[Tensor], Any], part: str) -> Callable[[Tensor], Any]:
    """A function with the clock of a part, in the backward pass too."""
    timed = clock.around(function, part)

    def marked(values: Tensor) -> Any:
        result = timed(values)
        clock.mark(result.table if isinstance(result, LookUp) else result, part)
        return result

    return marked


@contextmanager
def clocked(training: Training) -> Iterator[Clock]:
    """Clock the parts of a training within the block."""
    clock = Clock()
    with ExitStack() as stack:
        patch = stack.enter_context

        def replace(owner: Any, name: str, part: str, whole: bool = True) -> None:
            patch(mock.patch.object(owner, name, clock.around(getattr(owner, name), part, whole)))

        for module in training.mode.modules():
            if isinstance(module, Recurrent):
                patch(_hooked(clock, module, "recurrence", "network"))
            elif isinstance(module, Inputs):
                # not by hooks: a layer looks nothing up where hooks wait for the vectors
                for name in ("for_layer", "forward"):
                    patch(mock.patch.object(module, name, _marked(clock, getattr(module, name), "embedding")))
            elif isinstance(module, Head):
                replace(module, "error", "readout", whole=False)
        replace(training.mode, "loss", "network", whole=False)
        replace(torch.autograd, "backward", "readout", whole=False)
        replace(training.task.train, "batch", "batching")
        replace(training.optimizer, "update", "optimiser")
        replace(optimizers, "total_norm", "clipping")
        replace(session, "measure", "evaluation")
        replace(continuation, "samples", "samples")
        for name in ("checkpoint", "publish"):
            replace(training.store, name, "saving")
        yield clock
        clock.switch("Python")


def measure(training: Training, epoch: Callable[[], object]) -> dict[str, float]:
    """The share of each part in an epoch."""
    with clocked(training) as clock:
        epoch()
    total = sum(clock.seconds.values())
    return {part: seconds / total for part, seconds in clock.seconds.items()}
