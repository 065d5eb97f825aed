"""The memory that training requires, compared with that of the machine before any of it is used."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

from recur.errors import ConfigError
from recur.figures import size
from recur.modes import Mode
from recur.nn.summary import parameter_count

_COPIES = {"adam": 4, "adamw": 4, "sgd": 2, "asgd": 3}
"""Weights, gradients, and what the optimizer keeps of them."""


def without_memory(make: Callable[[], Mode]) -> Mode:
    """Return a network on torch's device ``meta``, which has shapes and no values.

    Raises
    ------
    ConfigError
        When it cannot be built.
    """
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, OverflowError) as error:
        raise ConfigError(
            f"the network cannot be built: {' '.join(str(error).split())[:160]}",
            hint="smaller --hidden-size, --embedding-size or --max-vocab",
        ) from error


def needed_bytes(mode: Mode, optimizer: str) -> int:
    """Return the bytes of the weights of a network, their gradients, and what the optimizer keeps of them."""
    return _COPIES.get(optimizer, 2) * sum(p.numel() * p.element_size() for p in mode.parameters())


def refuse_too_large(make: Callable[[], Mode], optimizer: str) -> None:
    """Refuse a network whose weights, gradients and optimizer exceed the memory of this machine.

    Parameters
    ----------
    make : callable
        Builds the network; it is called with torch's device ``meta``, so that no memory is used.
    optimizer : str

    Raises
    ------
    ConfigError
        With the number of parameters and both sizes.
    """
    have = _physical()
    plan = without_memory(make)
    needed = needed_bytes(plan, optimizer)
    if have is not None and needed > have:
        raise ConfigError(
            f"a network of {parameter_count(plan):,} parameters requires {size(needed)} of memory with its gradients "
            f"and optimizer; this machine has {size(have)}",
            hint="smaller --hidden-size, --num-layers, --embedding-size or --max-vocab",
        )


def _physical() -> int | None:
    """Bytes of memory of this machine, where the system says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
