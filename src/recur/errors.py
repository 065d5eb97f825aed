"""Errors in three parts: what happened, what was expected, what to type."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Self

__all__ = [
    "BackendError", "ConfigError", "DamagedError", "DataError", "EquationError", "MissingExtraError",
    "NotEnoughMemoryError", "RecurError", "ReportedElsewhere", "RunError", "ShapeError", "TooLargeError",
    "TrainingError", "WriteError", "closest", "did_you_mean", "require",
]  # fmt: skip

_LONGEST_NAME = 100


class RecurError(Exception):
    """An error that the user can fix: a message and, where there is one, the fix.

    Parameters
    ----------
    message : str
        What happened, with the values, and what was expected.
    hint : str, optional
        What to type or change; printed on its own ``hint:`` line.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class EquationError(RecurError, ValueError):
    """An equation is malformed: a wrong size, an unknown name, control flow on values."""


class ShapeError(RecurError, ValueError):
    """A tensor has a shape, dtype or length that the layer cannot take."""


class BackendError(RecurError, RuntimeError):
    """A backend that was requested by name cannot run this recurrence."""


class DataError(RecurError, ValueError):
    """A file, a row or a value cannot be read as what it was said to be.

    Attributes
    ----------
    step : int or None
        Which step of a sequence it is about, from 0, so that the reader of the sequence can name its line.
    """

    step: int | None = None

    def at_step(self, step: int) -> Self:
        """Say which step of a sequence this is about; return the error."""
        self.step = step
        return self


class DamagedError(DataError):
    """A picture, a video or a sound cannot be read from its file: it is missing, cut short or of another kind."""


class TooLargeError(DamagedError):
    """A value takes more memory or steps than one value may; the message has the product."""


class NotEnoughMemoryError(RecurError, MemoryError):
    """A computation needs more memory than there is; the numbers say of what there is too much."""


class ConfigError(RecurError, ValueError):
    """A configuration has an unknown key, a wrong type or a contradiction."""


class RunError(RecurError, ValueError):
    """A run folder is missing, altered, truncated or not one of ours."""


class WriteError(RecurError, OSError):
    """A file cannot be written: no space, no permission, or a link or a device in its place."""


class TrainingError(RecurError, RuntimeError):
    """Training stopped: a non-finite loss, no data left, an impossible schedule."""


class ReportedElsewhere(RecurError):  # noqa: N818  # the error is that of another process
    """Of several processes, another one has reported why all of them end; this one ends without a message.

    Attributes
    ----------
    code : int
        Its exit code.
    told : str or None
        The message, where it was printed on another machine and this process is the one to repeat it on its own.
    """

    def __init__(self, code: int = 2, told: str | None = None) -> None:
        super().__init__("another process of this training has reported why it ended")
        self.code, self.told = code, told


class MissingExtraError(RecurError, ImportError):
    """An optional package is not installed; the hint names the extra that brings it."""


def closest(name: str, options: Iterable[str]) -> str | None:
    """Return the option nearest to ``name`` in spelling, or None if none is near."""
    # comparing takes the product of both lengths, and no mistyped name has a hundred letters
    by_lower = {option.lower(): option for option in options if len(option) <= _LONGEST_NAME}
    if len(name) > _LONGEST_NAME:
        return None
    matches = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return ``' Did you mean "x"?'`` for the nearest option, or the whole list when none is near."""
    options = list(options)
    near = closest(name, options)
    if near is not None:
        return f' Did you mean "{near}"?'
    names = [option if len(option) <= _LONGEST_NAME else f"{option[: _LONGEST_NAME - 1]}…" for option in options]
    return f" Known: {', '.join(names)}." if options else ""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Raises
    ------
    MissingExtraError
        When the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f'this needs the package "{module}", which is not installed',
            hint=f'pip install "recur-nn[{extra}]"',
        ) from error
