"""Ctrl-C as a pause: the first press finishes the update and saves, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from recur.errors import RecurError
from recur.processes.launched import place

_SAME_REQUEST = 5.0  # seconds


class Paused(RecurError):  # noqa: N818  # nothing went wrong
    """Training was paused on request and saved; the hint says how to resume.

    Attributes
    ----------
    folder : Path or None
        Where it was saved; None when training without a folder, where nothing is saved.
    step, epoch : int
        Updates and passes done.
    """

    def __init__(self, folder: Path | None, *, step: int, epoch: int, command: str | None = None) -> None:
        self.folder, self.step, self.epoch = folder, step, epoch
        where = f"saved in {folder}" if folder else "nothing was saved, because no folder was given"
        hint = f"resume with: {command}" if folder and command else "give out=FOLDER to be able to resume"
        if folder and not command:
            hint = f"train again with the same settings and out={str(folder)!r}; it resumes exactly where it stopped"
        super().__init__(f"paused after {step:,} updates, in epoch {epoch + 1}; {where}", hint=hint)


class Interrupted(KeyboardInterrupt):
    """A second Ctrl-C ended training in the middle of an update; what was learned since the last checkpoint is lost."""


class PauseRequest:
    """Whether a pause was requested."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        """Request a pause after the present update."""
        self.is_set = True


@contextmanager
def on_interrupt() -> Iterator[PauseRequest]:
    """Turn the first SIGINT or SIGTERM into a request; the second has its usual effect.

    A process of several gets the same signal from the scheduler and from the launcher: within seconds of the first,
    further ones are the same request.

    A signal only sets the request and never raises in the middle of an update, so that a checkpoint is always complete.
    Outside the main thread signals cannot be caught, and the request is never set.

    Raises
    ------
    Interrupted
        On the second Ctrl-C.
    """
    request = PauseRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before: dict[int, Any] = {}
    several, first = place() is not None, 0.0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal first
        del frame
        again, now = request.is_set, time.monotonic()
        request.set()
        if not several:
            signal.signal(number, before[number])
        elif not again:
            first = now
        elif now - first > _SAME_REQUEST:
            signal.signal(number, before[number])
            os.kill(os.getpid(), number)

    for each in (signal.SIGINT, signal.SIGTERM):
        before[each] = signal.signal(each, note)
    try:
        yield request
    except KeyboardInterrupt as interrupt:
        raise Interrupted from interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
