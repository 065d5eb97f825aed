"""Random states: all sources of randomness seeded, saved and restored together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seed(value: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(value)
    np.random.seed(value % 2**32)
    torch.manual_seed(value)


def state() -> dict[str, Any]:
    """Return the state of every generator, made of tensors, numbers and tuples only."""
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(saved: dict[str, Any], *, everywhere: bool = False) -> None:
    """Restore every generator from a saved state.

    ``everywhere`` gives the generators of all GPUs the state of the first, whose process saved it.
    """
    random.setstate(saved["python"])
    kind, keys, position, has_gauss, gauss = saved["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
    torch.set_rng_state(saved["torch"])
    # a run may resume with fewer devices, or none
    count = torch.cuda.device_count()
    generators = saved["cuda"][:1] * count if everywhere else saved["cuda"][:count]
    for device, generator in enumerate(generators):
        torch.cuda.set_rng_state(generator, device)


@contextmanager
def preserve() -> Iterator[None]:
    """Restore every generator after the block, whatever happens within."""
    before = state()
    try:
        yield
    finally:
        restore(before)
