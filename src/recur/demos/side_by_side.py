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
class News:
    """Something that happened in a training.

    Attributes
    ----------
    name : str
        Of the job.
    kind : str
        ``begin``, ``step``, ``evaluated``, ``say``, ``done`` (with the result), ``paused`` or ``failed``.
    what : object
        The progress report, the words, the result or the error's (message, hint).
    """

    name: str
    kind: str
    what: Any


class _Relay(Silent):
    """Passes progress on."""

    def __init__(self, name: str, tell: Callable[[News], None]) -> None:
        self._name, self._tell = name, tell

    def begin(self, beginning: Beginning) -> None:
        self._tell(News(self._name, "begin", beginning))

    def step(self, step: Step) -> None:
        self._tell(News(self._name, "step", step))

    def evaluated(self, evaluation: Evaluation) -> None:
        self._tell(News(self._name, "evaluated", evaluation))

    def say(self, text: str) -> None:
        self._tell(News(self._name, "say", text))


def together(jobs: Sequence[Job], after: Callable[[Job], Any], *, command: str) -> Iterator[News]:
    """Train all jobs at once and yield what happens; one after the other where there is one core.

    Parameters
    ----------
    jobs : sequence of Job
    after : callable
        What to do in the same process when a training is done; its result is the ``done`` news. A function of a module.
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
    asked: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        """Ask every training to save and stop; it says so when it has."""
        del frame
        asked.append(number)
        for process in running.values():
            if process.is_alive():
                process.terminate()

    try:
        # a terminal sends Ctrl-C to the trainings too: until they are ready to save they must not hear it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for job in jobs:
            process = context.Process(target=_apart, args=(job, after, command, channel.put), daemon=True)
            process.start()
            running[job.name] = process
        signal.signal(signal.SIGINT, pass_on)
        yield from _listen(channel, running, asked, command)
    finally:
        signal.signal(signal.SIGINT, before)
        for process in running.values():
            if process.is_alive():
                process.terminate()
        for process in running.values():
            process.join(timeout=10)


def _listen(channel: Any, running: Mapping[str, Any], asked: list[int], command: str) -> Iterator[News]:
    """Yield news until every training has ended."""
    open_ends = dict(running)
    pause: News | None = None
    while open_ends:
        try:
            news: News = channel.get(timeout=_LISTEN)
        except queue.Empty:
            dead = [name for name, process in open_ends.items() if not process.is_alive()]
            if dead and channel.empty() and asked:
                # it had not begun to learn, or was already asked its questions: nothing of it is lost
                open_ends.pop(dead[0])
                pause = pause or News(dead[0], "paused", (None, 0, 0, command))
                continue
            if dead and channel.empty():
                code = open_ends[dead[0]].exitcode
                raise TrainingError(
                    f"the training of {dead[0]} ended without a message (exit code {code})",
                    hint="run the command again; it resumes from the last checkpoint",
                ) from None
            continue
        if news.kind in ("done", "paused", "failed"):
            open_ends.pop(news.name)
        if news.kind == "failed":
            raise TrainingError(f"{news.name}: {news.what[0]}", hint=news.what[1])
        if news.kind == "paused":
            pause = news
        else:
            yield news
    if pause is not None:
        folder, step, epoch, again = pause.what
        raise Paused(folder or Path("the run folders"), step=step, epoch=epoch, command=again)


def _here(job: Job, after: Callable[[Job], Any], command: str) -> Iterator[News]:
    """One training in this process; its news come together, when it is done."""
    messages: list[News] = []
    learn(job.config, out=job.folder, progress=_Relay(job.name, messages.append), command=command)
    yield from messages
    yield News(job.name, "done", after(job))


def _follow() -> None:
    """End as Ctrl-C would, when the process that listens is gone."""
    listener = multiprocessing.parent_process()
    if listener is not None:
        listener.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _apart(job: Job, after: Callable[[Job], Any], command: str, tell: Callable[[News], None]) -> None:
    """One training in a process of its own."""
    threading.Thread(target=_follow, daemon=True).start()
    try:
        learn(job.config, out=job.folder, progress=_Relay(job.name, tell), command=command)
        tell(News(job.name, "done", after(job)))
    except Paused as pause:
        tell(News(job.name, "paused", (pause.folder, pause.step, pause.epoch, command)))
    except KeyboardInterrupt:
        tell(News(job.name, "paused", (job.folder, 0, 0, command)))
    except RecurError as error:
        tell(News(job.name, "failed", (error.message, error.hint)))
    except Exception as error:
        tell(News(job.name, "failed", (f"{type(error).__name__}: {error}", None)))
