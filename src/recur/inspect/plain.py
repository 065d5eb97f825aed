"""Plain data: arrays as lists, numbers rounded to what a picture can show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def rounded(value: Any, digits: int = 5) -> Any:
    """Return plain data: arrays as lists, numbers with ``digits`` significant digits, None for NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits) for item in value]
    if isinstance(value, np.ndarray):
        return _round(value, digits).tolist() if value.dtype.kind == "f" else value.tolist()
    if isinstance(value, np.generic):
        return rounded(value.item(), digits)
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value


def _round(values: np.ndarray, digits: int) -> np.ndarray:
    """An array rounded to ``digits`` significant digits, as float64 in a short form; not finite becomes None."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    nonzero = np.where(finite & (values != 0), values, 1.0)
    places = digits - 1 - np.floor(np.log10(np.abs(nonzero)))
    # ten to a positive power is exact, so that a whole number divided by it is the nearest float to its decimals
    up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)
    decimals: np.ndarray = np.where(values == 0, 0.0, np.rint(nonzero * up / down) / up * down)
    if finite.all():
        return decimals
    objects = decimals.astype(object)
    objects[~finite] = None
    return objects
