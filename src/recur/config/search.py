"""The values of an option that a search tries: a range, or some choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Search", "among", "between"]


@dataclass(frozen=True)
class Search:
    """The values that `recur tune` tries of one option.

    Attributes
    ----------
    low, high : int or float or None
        The smallest and the largest value, in the unit of the option; None where there are choices. Whole numbers are
        drawn where both are whole.
    log : bool
        Whether values are drawn uniformly on a logarithmic axis.
    choices : tuple
        The values, where they are not a range.
    usual : bool
        Whether the option is searched where none is named.
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    usual: bool = False

    @property
    def whole(self) -> bool:
        """Whether the values of the range are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        if self.choices:
            return " or ".join(map(_written, self.choices))
        return f"{self.low:g} to {self.high:g}" + (" (logarithmic)" if self.log else "")

    def __contains__(self, value: Any) -> bool:
        if self.choices:
            return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.choices)
        if self.low is None or self.high is None or isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or isinstance(value, int))

    def record(self) -> dict[str, Any]:
        """JSON values."""
        return (
            {"choices": list(self.choices)} if self.choices else {"low": self.low, "high": self.high, "log": self.log}
        )

    @classmethod
    def of(cls, record: dict[str, Any]) -> Search:
        """Return the range or the choices of a record."""
        if "choices" in record:
            return cls(choices=tuple(record["choices"]))
        return cls(record["low"], record["high"], record["log"])


def between(low: float, high: float, *, log: bool = False, usual: bool = False) -> Search:
    """Return a range.

    Examples
    --------
    >>> str(between(32, 512, log=True)), 64 in between(32, 512), 2.5 in between(1, 3)
    ('32 to 512 (logarithmic)', True, False)
    """
    return Search(low, high, log, usual=usual)


def among(*choices: Any, usual: bool = False) -> Search:
    """Return choices.

    Examples
    --------
    >>> str(among("lstm", "gru")), "elman" in among("lstm", "gru")
    ('lstm or gru', False)
    """
    return Search(choices=choices, usual=usual)


def _written(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
