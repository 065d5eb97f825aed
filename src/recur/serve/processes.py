"""Several processes of one server: forked after the networks are loaded, so that they share the memory of the weights.

The parent computes nothing. It starts the processes, starts one again that ended by itself, passes SIGTERM and Ctrl-C
on, and ends when all have ended. Where the parent is killed, its processes end too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

from recur.errors import ConfigError, RecurError

_QUICK = 5.0  # seconds; a process that ends sooner would end again
_REPEATED = 3  # processes that may end as soon as that, one after the other
MOST = 256  # processes


def check_workers(count: int) -> None:
    """Refuse several processes where the system cannot share them.

    Raises
    ------
    ConfigError
    """
    if count > 1 and not hasattr(os, "fork"):
        raise ConfigError("this system cannot run several processes over one copy of the weights", hint="--workers 1")


class Processes:
    """The processes of a server.

    Parameters
    ----------
    count : int
    serve : callable
        Called in each process with its number, from 0; returns the exit code of the process.
    note : callable
        Told, in a sentence, that a process ended.

    Attributes
    ----------
    started : bool
        Whether each was started once.
    """

    def __init__(self, count: int, serve: Callable[[int], int], note: Callable[[str], None]) -> None:
        self._count, self._serve, self._note = count, serve, note
        self._numbers: dict[int, int] = {}  # by process id
        self._since: dict[int, float] = {}
        self._stopping = False
        self.started = False
        self._alive, self._watched = os.pipe()

    def run(self, after_start: Callable[[], None]) -> int:
        """Run them until they are told to stop; return the exit code.

        Parameters
        ----------
        after_start : callable
            Called in this process, the parent, when they are started.
        """
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            for number in range(self._count):
                self._start(number)
            self.started = True
            after_start()
            return self._wait()
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
            os.close(self._watched)
            os.close(self._alive)

    def _start(self, number: int) -> None:
        # a signal between the fork and the note of the child's number would not reach the child
        held = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        child = os.fork()
        if child:
            self._numbers[child], self._since[child] = number, time.monotonic()
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            return
        code = 1
        try:
            # Ctrl-C in a terminal is meant for the parent, which passes it on
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            os.close(self._watched)
            threading.Thread(target=self._end_with_parent, daemon=True).start()
            code = self._serve(number)
        except RecurError as error:
            print(f"error: {error.message}", file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)  # what the parent registered for its own end is not to be done here

    def _end_with_parent(self) -> None:
        os.read(self._alive, 1)  # returns when the parent's end of the pipe is closed
        os.kill(os.getpid(), signal.SIGTERM)

    def _wait(self) -> int:
        code = quick = 0
        while self._numbers:
            child, status = os.waitpid(-1, 0)
            number = self._numbers.pop(child, None)
            if number is None:
                continue
            ended = os.waitstatus_to_exitcode(status)
            if self._stopping:
                code = code or (1 if ended else 0)
                continue
            quick = quick + 1 if time.monotonic() - self._since[child] < _QUICK else 0
            how = f"by signal {-ended}" if ended < 0 else f"with exit code {ended}"
            if quick >= _REPEATED:
                self._note(f"process {number + 1} of {self._count} ended {how} again and again: the server stops")
                self._stop()
                code = 1
                continue
            self._note(
                f"process {number + 1} of {self._count} ended {how}: its sessions are lost, and a new one is started"
            )
            if not self._stopping:
                self._start(number)
        return code

    def _stop(self, sig: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        del sig, frame
        self._stopping = True
        for child in self._numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
