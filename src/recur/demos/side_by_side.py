"""Several trainings at once, each in a process of its own, reporting to one display."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from recur.config import Config
from recur.errors import RecurError, TrainingError
from recur.training import Paused, Silent, learn
from recur.training.progress import Beginning, Evaluation, Step

_LISTEN = 0.2


@dataclass(frozen=True)
class Job:
    """One training: a name, its configuration, and its run folder."""

    name: str
    config: Config
    folder: Path


@dataclass(frozen=True)
class Event:
    """An event of a training.

    Attributes
    ----------
    job : str
        Name of the job.
    kind : str
        ``begin``, ``step``, ``evaluated``, ``say``, ``done`` (with the result), ``paused`` or ``failed``.
    content : object
        The progress report, the text, the result, or (message, hint) of the error.
    """

    job: str
    kind: str
    content: Any


class _Relay(Silent):
    """Progress that is passed to a function as events."""

    def __init__(self, name: str, tell: Callable[[Event], None]) -> None:
        self._name, self._tell = name, tell

    def begin(self, beginning: Beginning) -> None:
        self._tell(Event(self._name, "begin", beginning))

    def step(self, step: Step) -> None:
        self._tell(Event(self._name, "step", step))

    def evaluated(self, evaluation: Evaluation) -> None:
        self._tell(Event(self._name, "evaluated", evaluation))

    def say(self, text: str) -> None:
        self._tell(Event(self._name, "say", text))


def together(jobs: Sequence[Job], after: Callable[[Job], Any], *, command: str) -> Iterator[Event]:
    """Train all jobs at once and yield their events; one after the other on a single core.

    Parameters
    ----------
    jobs : sequence of Job
    after : callable
        Called in the same process when a training is done; its result is the content of the ``done`` event. It must be
        a function of a module, so that it can be pickled.
    command : str
        The command that resumes after a pause.

    Raises
    ------
    Paused
        On Ctrl-C, after every training has saved.
    TrainingError
        When a training failed, or its process died.
    """
    if (os.cpu_count() or 1) < 2:
        for job in jobs:
            yield from _here(job, after, command)
        return
    context = multiprocessing.get_context("spawn")
    channel: Any = context.Queue()
    running: dict[str, Any] = {}
    before = signal.getsignal(signal.SIGINT)
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        """Ask every training to save and stop; each reports ``paused``."""
        del frame
        interrupts.append(number)
        for process in running.values():
            if process.is_alive():
                process.terminate()

    try:
        # a terminal sends Ctrl-C to the trainings too; they ignore it until they are able to save
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for job in jobs:
            process = context.Process(target=_apart, args=(job, after, command, channel.put), daemon=True)
            process.start()
            running[job.name] = process
        signal.signal(signal.SIGINT, interrupt)
        yield from _listen(channel, running, interrupts, command)
    finally:
        signal.signal(signal.SIGINT, before)
        for process in running.values():
            if process.is_alive():
                process.terminate()
        for process in running.values():
            process.join(timeout=10)


def _listen(channel: Any, running: Mapping[str, Any], interrupts: list[int], command: str) -> Iterator[Event]:
    """Yield events until every training has ended."""
    unfinished = dict(running)
    pause: Event | None = None
    while unfinished:
        try:
            event: Event = channel.get(timeout=_LISTEN)
        except queue.Empty:
            dead = [name for name, process in unfinished.items() if not process.is_alive()]
            if dead and channel.empty() and interrupts:
                # it ended before training began, or after it was finished: nothing is lost
                unfinished.pop(dead[0])
                pause = pause or Event(dead[0], "paused", (None, 0, 0, command))
                continue
            if dead and channel.empty():
                code = unfinished[dead[0]].exitcode
                raise TrainingError(
                    f"the training of {dead[0]} ended without a message (exit code {code})",
                    hint="run the command again; it resumes from the last checkpoint",
                ) from None
            continue
        if event.kind in ("done", "paused", "failed"):
            unfinished.pop(event.job)
        if event.kind == "failed":
            raise TrainingError(f"{event.job}: {event.content[0]}", hint=event.content[1])
        if event.kind == "paused":
            pause = event
        else:
            yield event
    if pause is not None:
        folder, step, epoch, again = pause.content
        raise Paused(folder or Path("the run folders"), step=step, epoch=epoch, command=again)


def _here(job: Job, after: Callable[[Job], Any], command: str) -> Iterator[Event]:
    """Run one training in this process; its events are yielded when it is done."""
    events: list[Event] = []
    learn(job.config, out=job.folder, progress=_Relay(job.name, events.append), command=command)
    yield from events
    yield Event(job.name, "done", after(job))


def _follow() -> None:
    """Stop as after Ctrl-C when the parent process is gone."""
    listener = multiprocessing.parent_process()
    if listener is not None:
        listener.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _apart(job: Job, after: Callable[[Job], Any], command: str, tell: Callable[[Event], None]) -> None:
    """Run one training in a process of its own."""
    threading.Thread(target=_follow, daemon=True).start()
    try:
        learn(job.config, out=job.folder, progress=_Relay(job.name, tell), command=command)
        tell(Event(job.name, "done", after(job)))
    except Paused as pause:
        tell(Event(job.name, "paused", (pause.folder, pause.step, pause.epoch, command)))
    except KeyboardInterrupt:
        tell(Event(job.name, "paused", (job.folder, 0, 0, command)))
    except RecurError as error:
        tell(Event(job.name, "failed", (error.message, error.hint)))
    except Exception as error:
        tell(Event(job.name, "failed", (f"{type(error).__name__}: {error}", None)))
