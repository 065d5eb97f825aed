"""How figures are written for people: shares in percent, times in words, sizes in bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_LARGEST = 1e16  # from here on a float has no digit after the point, and not every digit before it
_MOST_DECIMALS = 12
_SHARES = ("accuracy", "exact", "f1", "precision", "recall", "_rate")


def figure(name: str, value: float) -> str:
    """Write a named figure: shares in percent, the rest with three decimals or four digits.

    >>> figure("accuracy", 0.84944), figure("perplexity", 115.93), figure("nats", 1.4812)
    ('84.9 %', '115.9', '1.481')
    """
    if math.isnan(value):
        return "unknown"
    if name.endswith(_SHARES):
        return f"{100 * value:.1f} %"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 0.01 else f"{value:.3f}"


def short(value: float, digits: int = 4, scale: float | None = None) -> str:
    """Write a number for people: its whole part always in full, then as many decimals as say something.

    Parameters
    ----------
    value : float
    digits : int
        Significant digits.
    scale : float, optional
        How far such numbers are apart (their standard deviation), of which ``digits`` digits are shown; default: the
        number itself.

    >>> short(124071.996), short(0.00012345), short(2.5), short(20.0, scale=0.02), short(-3e-20)
    ('124072', '0.0001234', '2.5', '20', '-3e-20')
    """
    value = float(value)
    size = abs(value)
    if not math.isfinite(value) or size >= _LARGEST:
        return f"{value:.{digits}g}"
    if size == 0:
        return "0"
    measure = scale if scale and math.isfinite(scale) else size
    decimals = max(0, digits - 1 - math.floor(math.log10(measure)))
    if decimals > _MOST_DECIMALS or size < 0.5 * 10.0**-decimals:
        # what would be rounded to nothing keeps its own digits
        return f"{value:.{digits}g}"
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def any_figure(name: str, value: Any) -> str:
    """Write what may be a figure, a count or a text; thousands are set apart.

    >>> any_figure("rows", 12544), any_figure("accuracy", 1.0)
    ('12,544', '100.0 %')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else figure(name, value)


def duration(seconds: float) -> str:
    """Write a time: ``45 s``, ``3 min``, ``2 h 05 min``.

    >>> duration(0.2), duration(44.6), duration(200), duration(7500)
    ('less than a second', '45 s', '3 min', '2 h 05 min')
    """
    if not math.isfinite(seconds):
        return "?"
    if seconds < 0.5:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Write a number of bytes: ``7 MB``, ``1.2 GB``.

    >>> size(300), size(7_200_000), size(1_230_000_000)
    ('1 MB', '7 MB', '1.2 GB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


def finite(value: Any) -> Any:
    """Return JSON values with None (null) in place of NaN and infinity, which JSON does not have.

    >>> finite({"loss": float("nan"), "steps": [1, 2.5]})
    {'loss': None, 'steps': [1, 2.5]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
