"""The training loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

from recur.config import Config
from recur.errors import ConfigError, WriteError
from recur.processes.group import Processes
from recur.processes.joining import joined
from recur.run import RunFolder
from recur.tracking import Tracked, check_names
from recur.training import optimizers, randomness
from recur.training.agreement import check_same_rows, check_same_settings
from recur.training.callbacks import Callbacks
from recur.training.display import automatic
from recur.training.opening import open_run
from recur.training.pause import PauseRequest, on_interrupt
from recur.training.progress import Progress, Silent
from recur.training.session import Learned, Training
from recur.training.setup import choose_device, prepare
from recur.training.store import Disk, Follower, Memory, Store


def learn(
    config: Config,
    *,
    out: Path | str | None = None,
    data: Any = None,
    fresh: bool = False,
    progress: Progress | bool | None = None,
    command: str | None = None,
    callbacks: Sequence[Any] = (),
    track: Sequence[str] = (),
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
    callbacks : sequence of Callback
    track : sequence of str
        Trackers that get the points of the log, in the first process only: tensorboard, mlflow, wandb, trackio.

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
    folder = None if out is None else Path(out)
    called, trackers = Callbacks(callbacks), check_names(track)
    if trackers and folder is None:
        raise ConfigError("a tracked run needs a folder, which remembers what was sent", hint="give out=FOLDER")
    with ExitStack() as stack:
        stack.enter_context(_how_to_continue(command))
        options = config.training
        among = stack.enter_context(joined(options.device, options.threads, options.process_timeout))
        with among.together():
            device = choose_device(options.device, None if among.alone else among.local_rank)
        check_same_settings(config, among)
        display = _display(progress, among)
        stack.enter_context(randomness.preserve())
        stack.enter_context(_threads(options.threads))
        randomness.seed(options.seed)
        run = open_run(folder, config, fresh=fresh, command=command, among=among, stack=stack)
        with among.together():
            task = prepare(config, data, device, run, command)
        check_same_rows(task, among)
        store = _store(folder, run, among, display)
        stack.callback(store.close)
        training = Training(task, store, display, command, among, called)
        stack.callback(display.end)
        finished = among.lead(lambda: run is not None and run.info.get("status") == "finished")
        training.resume(finished=finished)
        if finished and training.over():
            return training.recall(among.lead(lambda: {} if run is None else run.metrics()))
        if trackers and folder is not None and among.leads:
            # once the display shows what is said
            training.tracked = Tracked(trackers, folder, config.model_dump(), display.say)
            stack.callback(training.tracked.close)
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
        error = t.combine(loss, pause)
        norm = optimizers.total_norm(t.gradients())
        value, gradient, finite = t.health.finite(error, norm)
        if not finite:
            raise t.collapse(batch, value, gradient, rate)
        t.optimizer.update(optimizers.clipping(gradient, t.config.optimizer.clip))
        t.averages.update()
        t.advance(loss, carried, batch, value, gradient)
        t.report(rate)
    return t.over() or "done"


def _display(progress: Progress | bool | None, among: Processes) -> Progress:
    """The display that was asked for; of several processes, only the first one shows anything."""
    if not among.leads or progress is False:
        return Silent()
    return automatic() if progress is None or isinstance(progress, bool) else progress


def _store(folder: Path | None, run: RunFolder | None, among: Processes, display: Progress) -> Store:
    if folder is None:
        return Memory()
    return Disk(run, display.say) if among.leads and run is not None else Follower(folder)


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
