"""Which targets are known: ids other than ``NO_TARGET``, numbers other than NaN."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from recur.codecs.codec import NO_TARGET


def known(targets: Tensor) -> Tensor:
    """Return where targets, ids or numbers of any shape, are known: bool of the same shape."""
    return ~targets.isnan() if targets.is_floating_point() else targets != NO_TARGET


def known_in(targets: np.ndarray) -> np.ndarray:
    """Return `known` of an array."""
    mask: np.ndarray = targets != NO_TARGET if targets.dtype.kind in "iu" else ~np.isnan(targets)
    return mask
