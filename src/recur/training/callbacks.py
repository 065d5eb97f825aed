"""Callbacks of training: your functions after reports and evaluations, which may also end it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recur.errors import ConfigError, TrainingError
from recur.training.progress import Evaluation, Step

_METHODS = ("on_step", "on_evaluation", "stop")


class Callback:
    """Base of callbacks; a class with any of these methods is one too.

    Each is called in the first of several processes only. They may read what they get, and must not change the network.

    Examples
    --------
    >>> class Enough(Callback):
    ...     good = False
    ...     def on_evaluation(self, evaluation):
    ...         self.good = evaluation.figures["accuracy"] > 0.99
    ...     def stop(self):
    ...         return self.good
    """

    def on_step(self, step: Step) -> None:
        """After a report: every 50 to 100 updates, with means since the last one."""

    def on_evaluation(self, evaluation: Evaluation) -> None:
        """After an evaluation on the held-out rows, with its metrics and samples."""

    def stop(self) -> bool:
        """Whether to end training, asked after the two others; the best weights are kept as always."""
        return False


class Callbacks:
    """The callbacks of a training: after the first exception none is called any more.

    Parameters
    ----------
    callbacks : sequence of Callback

    Raises
    ------
    ConfigError
        When one has none of the three methods.
    """

    def __init__(self, callbacks: Sequence[Any] = ()) -> None:
        self._callbacks = list(callbacks)
        for one in self._callbacks:
            if isinstance(one, type) or not any(callable(getattr(one, name, None)) for name in _METHODS):
                raise ConfigError(
                    f"{one!r} is no callback: expected an object with on_step, on_evaluation or stop",
                    hint="callbacks=[MyCallback()]",
                )
        self._stopping: Any = None
        self._failed: tuple[Any, str, Exception] | None = None

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def call(self, method: str, value: Step | Evaluation) -> None:
        """Call a method of each, then ask each whether to stop."""
        for one in self._callbacks:
            if self._failed is None:
                self._guarded(one, method, value)
            if self._failed is None and self._guarded(one, "stop"):
                self._stopping = self._stopping or one

    @property
    def wish(self) -> str | None:
        """What the callbacks want: "failed", the reason to end, or None."""
        if self._failed is not None:
            return "failed"
        return None if self._stopping is None else f"the callback {type(self._stopping).__name__} asked to stop"

    def error(self, where: str) -> TrainingError:
        """The exception of a callback as an error that says which, and where training was saved."""
        if self._failed is None:
            return TrainingError("a callback failed")
        one, method, cause = self._failed
        reason = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
        error = TrainingError(
            f"{type(one).__name__}.{method} raised {reason}; {where}", hint="fix it, and call fit again to resume"
        )
        error.__cause__ = cause
        return error

    def _guarded(self, one: Any, method: str, *values: Any) -> Any:
        work = getattr(one, method, None)
        if work is None:
            return None
        try:
            return work(*values)
        except Exception as cause:
            self._failed = (one, method, cause)
            return None
