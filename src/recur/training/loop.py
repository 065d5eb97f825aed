"""The training loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

from recur.atomic import remove_file
from recur.config import Config
from recur.errors import WriteError
from recur.run import RunFolder, claim
from recur.run.layout import LOCK
from recur.training import optimizers, randomness
from recur.training.display import automatic
from recur.training.lock import folder_lock
from recur.training.pause import PauseRequest, on_interrupt
from recur.training.progress import Progress, Silent
from recur.training.resuming import check_same_settings
from recur.training.session import Learned, Training
from recur.training.setup import choose_device, prepare
from recur.training.store import Disk, Memory, Store


def learn(
    config: Config,
    *,
    out: Path | str | None = None,
    data: Any = None,
    fresh: bool = False,
    progress: Progress | bool | None = None,
    command: str | None = None,
) -> Learned:
    """Train a network as a configuration says; the same call on the same folder resumes where it stopped.

    Parameters
    ----------
    config : Config
    out : path, optional
        The run folder. Without it nothing is written.
    data : object, optional
        Rows or columns, in place of ``config.data.source``.
    fresh : bool
        Start over if the folder already holds a run.
    progress : Progress or bool, optional
        The progress display; False for none. Default: a live display on a terminal, else plain lines.
    command : str, optional
        The command that resumes, for messages and the card.

    Returns
    -------
    Learned
        The network with the best weights of the held-out rows, its folder, task and metrics.

    Raises
    ------
    Paused
        On Ctrl-C, after saving.
    TrainingError
        When the loss stops being finite, or there is nothing to learn from.
    RunError
        When the folder holds something else, or a run with other settings.
    """
    device = choose_device(config.training.device)
    display = progress if progress is not None and not isinstance(progress, bool) else None
    display = display or (Silent() if progress is False else automatic())
    folder = None if out is None else Path(out)
    with ExitStack() as stack:
        stack.enter_context(_how_to_continue(command))
        has_run = False
        if folder is not None:
            claim(folder, fresh=fresh)
            stack.callback(_remove_if_empty, folder)
            stack.enter_context(folder_lock(folder))
            has_run = claim(folder, fresh=fresh) and not fresh
        stack.enter_context(randomness.preserve())
        stack.enter_context(_threads(config.training.threads))
        randomness.seed(config.training.seed)
        run = None if folder is None else RunFolder(folder, fresh=fresh)
        if run is not None and has_run:
            check_same_settings(run, config, command)
        task = prepare(config, data, device, run, command)
        store: Store = Memory() if run is None else Disk(run, display.say)
        stack.callback(store.close)
        training = Training(task, store, display, command)
        stack.callback(display.end)
        finished = run is not None and run.info.get("status") == "finished"
        training.resume(finished=finished)
        if run is not None and finished and training.over():
            return training.recall(run.metrics())
        request = stack.enter_context(on_interrupt())
        return training.finish(loop(training, request), request)


def loop(t: Training, pause: PauseRequest) -> str:
    """Train until there is a reason to stop; return the reason."""
    for epoch, index in t.positions(pause):
        batch = t.task.train.batch(epoch, index)
        rate = t.set_rate(batch)
        loss, carried = t.error(batch)
        t.forget_gradients()
        torch.autograd.backward(loss.mean)
        norm = optimizers.total_norm(t.gradients())
        value, gradient, finite = t.health.finite(loss.mean, norm)
        if not finite:
            raise t.collapse(batch, value, gradient, rate)
        t.optimizer.update(optimizers.clipping(gradient, t.config.optimizer.clip))
        t.averages.update()
        t.advance(loss, carried, batch, value, gradient)
        t.report(rate)
    return t.over() or "done"


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds only the lock: training ended before it wrote anything."""
    lock = folder / LOCK
    if folder.is_dir() and [path.name for path in folder.iterdir()] == [LOCK] and lock.stat().st_size == 0:
        remove_file(lock)
        folder.rmdir()


@contextmanager
def _how_to_continue(command: str | None) -> Iterator[None]:
    """Add to the hint of a file that cannot be written how to continue afterwards: the last checkpoint is whole."""
    try:
        yield
    except WriteError as error:
        again = command or "train with the same settings and folder"
        raise WriteError(error.message, hint=f"{error.hint or 'fix this'}; then continue with: {again}") from error


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
