"""How figures are written for people: shares in percent, times in words, sizes in bytes."""

from __future__ import annotations

import math
from typing import Any

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


def plain(value: Any) -> Any:
    """Return JSON values with null in place of numbers that are not finite, which JSON does not have.

    >>> plain({"loss": float("nan"), "steps": [1, 2.5]})
    {'loss': None, 'steps': [1, 2.5]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
