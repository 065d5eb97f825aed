"""The state of a training run: position, optimizer, evaluations and storage; the loop calls its methods."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from recur import continuation
from recur.engine import observers
from recur.errors import RecurError, ReportedElsewhere, RunError
from recur.evaluation.ahead import Ahead
from recur.evaluation.evaluate import measure
from recur.modes import Loss, Mode, Sample
from recur.network import Batch
from recur.nn.shared_rows import sharing
from recur.nn.summary import parameter_count
from recur.processes.group import ALONE, Processes
from recur.processes.rows import take
from recur.tracking import Tracked
from recur.training import optimizers, randomness, schedules, tbptt
from recur.training.agreement import Agreement, check_agreement, part_of_state, whole_state
from recur.training.callbacks import Callbacks
from recur.training.card import card
from recur.training.gradients import GradientNorms
from recur.training.health import Health
from recur.training.pause import Paused, PauseRequest
from recur.training.progress import Beginning, Evaluation, Progress, Step, ending, steps_between_lines
from recur.training.setup import Task
from recur.training.state import Clock, State
from recur.training.stopping import Progression
from recur.training.store import Store
from recur.training.verdict import Verdict, verdict

LONGEST_BETWEEN_CHECKPOINTS = 300.0


@dataclass
class Learned:
    """The result of training.

    Attributes
    ----------
    mode : Mode
        The network with the best weights.
    folder : Path or None
        The run folder, where one was requested.
    task : Task
        Data, roles and codecs.
    metrics : dict
        Metrics on the held-out rows, of the baseline, and on the test rows where there are any.
    reason : str
        Why training ended.
    """

    mode: Mode
    folder: Path | None
    task: Task
    metrics: dict[str, Any]
    reason: str


class Training:
    """State of a training run: network, optimizer, position, and the folder that keeps them.

    Parameters
    ----------
    task : Task
        Data, codecs and network.
    store : Store
        Where checkpoints and logs go.
    progress : Progress
        The progress display.
    command : str, optional
        The command that resumes.
    among : Processes
        The processes that train together; this one alone by default.
    callbacks : Callbacks, optional

    Attributes
    ----------
    tracked : Tracked or None
        The run in trackers.
    """

    def __init__(
        self, task: Task, store: Store, progress: Progress, command: str | None, among: Processes = ALONE,
        callbacks: Callbacks | None = None,
    ) -> None:  # fmt: skip
        self._callbacks = callbacks or Callbacks()
        self.tracked: Tracked | None = None
        self._wish: str | None = None
        self.among = among
        self._agreed = Agreement(among)
        self.task, self.store, self.progress, self.command = task, store, progress, command
        self.mode, self.config = task.mode, task.config.training
        self.parameters = [p for p in self.mode.parameters() if p.requires_grad]
        self.optimizer = optimizers.make(self.mode, self.config)
        self.averages = optimizers.Averages(self.mode)
        self.norms = GradientNorms(self.mode) if self.config.record_gradients else None
        self.health = Health(self.mode, task.config.model.cell, self.config.optimizer.clip, self.config.optimizer.lr)
        self.state = State(Progression(self.mode.higher_is_better))
        self.total = schedules.planned_steps(self.config, len(task.train))
        self._clock = Clock()
        self._trained = 0.0
        self._saved_at, self._saved_step = time.monotonic(), 0
        self._line = steps_between_lines(len(task.train))

    def resume(self, *, finished: bool = False) -> None:
        """Resume from the last checkpoint, if there is one, and print what follows.

        Parameters
        ----------
        finished : bool
            Whether an earlier session wrote the metrics already; they are not changed.
        """
        saved = self.among.lead(lambda: self.store.resume(self.mode))
        if saved is not None:
            self.among.send_weights(self.mode)
            self._restore(saved)
            if not finished:
                self._publish_if_best()
        size = parameter_count(self.mode)
        self.progress.begin(
            Beginning(
                self.task.roles.sentence, self.task.rows, [*self.task.notes, *self.task.describe_codecs()],
                self.task.describe_network(),
                size, ", ".join(filter(None, (str(self.mode.device), self.among.describe()))), self.task.baseline,
                self.state.step, None if self.store.folder is None else str(self.store.folder),
                self.task.describe_columns(),
            )
        )  # fmt: skip
        self.mode.train()
        self._clock.elapsed()

    def _restore(self, saved: dict[str, Any]) -> None:
        """Load a checkpoint into the optimizer, the averages and the random generators.

        Raises
        ------
        RunError
            When it does not fit this training run.
        """
        try:
            self.state = State.of(saved["state"])
            carried = part_of_state(self.state.carried, self.among)
            self.state.carried = tbptt.map_tensors(lambda tensor: tensor.to(self.mode.device), carried)
            self.optimizer.load_state_dict(saved["optimizer"])
            self.averages.load_state_dict(saved["averages"])
            self.health.norms.extend(saved["norms"])
            self._saved_step = self.state.step
            randomness.restore(saved["random"], everywhere=not self.among.alone)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
            raise RunError(
                f"the checkpoint in {self.store.folder} does not fit this training: {type(error).__name__}: {error}",
                hint="start over with --fresh",
            ) from error

    def positions(self, pause: PauseRequest) -> Iterator[tuple[int, int]]:
        """Yield (epoch, batch) after (epoch, batch), with evaluations, checkpoints and pauses between them."""
        while True:
            if self.state.owed and not self.evaluate(pause):
                raise self._pause()
            if self._wish == "failed":
                raise self._callback_failed()
            if self.over():
                if self.state.evaluated == self.state.step:
                    return
                self.state.owed = True
                continue
            if self._agreed.pause if not self.among.alone else pause.is_set:
                raise self._pause()
            if self._save_is_due():
                self.save()
            yield self.state.epoch, self.state.batch

    def over(self) -> str | None:
        """The reason to end training, or None."""
        state, config = self.state, self.config
        if self._wish is not None:
            return self._wish
        if state.epoch >= config.epochs:
            return f"{config.epochs} epochs are done" if config.epochs > 1 else "the epoch is done"
        if config.max_steps is not None and state.step >= config.max_steps:
            return f"{config.max_steps:,} updates are done"
        if state.progression.should_stop(config.patience):
            return f"{config.patience} evaluations in a row brought no gain"
        if config.max_minutes is not None and state.seconds >= 60 * config.max_minutes:
            return f"{config.max_minutes:g} minutes are over"
        return None

    def set_rate(self, batch: Batch) -> float:
        """Set the learning rate of the next update, which learns from this batch."""
        state = self.state
        rate = schedules.rate(self.config, step=state.step, total=self.total, epoch=state.epoch, lowered=state.lowered)
        rate *= batch.rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def error(self, batch: Batch) -> tuple[Loss, Any]:
        """The error of a batch, and the state carried out of it; of several processes, of the rows of this one."""
        share = self.among.share(len(batch))
        own = batch if share is None else take(batch, share.rows)
        with sharing(share), self._gradient_recording():
            loss, carried = self._error_of(own, self.state.carried)
        if share is not None and not share.counted:
            loss.sums = {}
        return loss, carried

    def _error_of(self, batch: Batch, carried: Any) -> tuple[Loss, Any]:
        forcing = schedules.teacher_forcing(self.config, step=self.state.step, total=self.total)
        return tbptt.error(
            self.mode, batch.to(self.mode.device), carried, self.config,
            carries=self.task.train.carries, first=self.state.batch == 0, teacher_forcing=forcing,
        )  # fmt: skip

    def combine(self, loss: Loss, pause: PauseRequest) -> torch.Tensor:
        """Add up gradients, error and sums over all processes; return the error of the whole batch."""
        if self.among.alone:
            return loss.mean
        late = time.monotonic() - self._saved_at > LONGEST_BETWEEN_CHECKPOINTS
        loss.sums = self._agreed.update(loss.sums, pause=pause.is_set, seconds=self._clock.elapsed(), late=late)
        return self.among.add_gradients(self.parameters, loss.mean)

    def _gradient_recording(self) -> AbstractContextManager[None]:
        """Record gradient norms of the backward passes inside, if requested."""
        if self.norms is None:
            return nullcontext()
        self.norms.begin()
        return observers.gradients_observed_by(self.norms)

    def forget_gradients(self) -> None:
        """Remove the gradients of the update before."""
        for parameter in self.parameters:
            parameter.grad = None

    def gradients(self) -> list[torch.Tensor]:
        """The gradients of this update."""
        return [p.grad for p in self.parameters if p.grad is not None]

    def advance(self, loss: Loss, carried: Any, batch: Batch, value: float, gradient: float) -> None:
        """Count an update, and note whether an evaluation is due after it."""
        state = self.state
        state.carried = carried
        state.count_update(
            loss.sums, loss=value, gradient=gradient, tokens=_tokens(batch), batches=len(self.task.train)
        )
        seconds = self._clock.elapsed() if self.among.alone else self._agreed.seconds
        state.seconds += seconds
        state.interval.seconds += seconds
        self._trained += seconds
        every = self.config.evaluate_every
        state.owed = state.step % every == 0 if every else state.batch == 0

    def report(self, rate: float) -> None:
        """Print and log the training position, every few updates."""
        state = self.state
        if state.step % self._line:
            return
        interval = state.interval
        n = interval.updates
        figures = self.mode.summary(interval.sums)
        name = self.mode.metric
        speed = interval.tokens / max(interval.seconds, 1e-9)
        metric = (name, figures[name]) if name in figures and name != "loss" else None
        seconds_left = (self.total - state.step) * interval.seconds / n
        if self.config.max_minutes is not None:
            seconds_left = min(seconds_left, 60 * self.config.max_minutes - state.seconds)
        step = Step(
            epoch=max(0, state.epoch - (state.batch == 0)), epochs=self.config.epochs, step=state.step,
            steps=self.total, loss=interval.loss / n, figure=metric, gradient_norm=interval.gradient / n, lr=rate,
            tokens_per_second=speed, seconds_left=seconds_left, share=state.step / self.total,
        )  # fmt: skip
        self.progress.step(step)
        self._log(
            {
                "event": "step", "epoch": step.epoch + 1, "step": step.step, "loss": step.loss, **figures,
                "gradient_norm": step.gradient_norm, "lr": rate, "tokens_per_second": round(speed),
                "seconds": round(state.seconds, 2),
            }
        )  # fmt: skip
        self._call("on_step", step)
        if self.norms is not None:
            self._write_norms(self.norms)
        state.interval = type(interval)()

    def _write_norms(self, norms: GradientNorms) -> None:
        """Log the recorded gradient norms; report once if the backend does not record them."""
        record = norms.record(self.among)
        if record["layers"]:
            self.store.log.write({"event": "gradients", "step": self.state.step, **record})
            return
        self.progress.say("record_gradients: nothing is recorded, the layers do not run on the native backend")
        self.norms = None

    def evaluate(self, pause: PauseRequest) -> bool:
        """Evaluate on the held-out rows, show samples, keep the best weights; False if a pause interrupted it."""
        state, start = self.state, time.monotonic()
        with randomness.preserve(), self.averages.in_place():
            figures = measure(self.mode, self.task.dev, stop=lambda: pause.is_set, among=self.among)
            if figures is None:
                return False
            samples = self._samples()
        epoch = state.epoch if state.batch == 0 else state.epoch + 1
        value = figures.get(self.mode.metric, float("nan"))
        best = state.progression.add(value, state.step)
        if best:
            state.best_figures, state.best_epoch = figures, epoch
        elif self.config.schedule.name == "plateau":
            state.lowered *= self.config.schedule.decay
        if self.config.optimizer.name == "asgd" and not self.averages.active and state.progression.should_average():
            self.averages.begin()
            self.progress.say(f"the held-out {self.mode.metric} no longer falls steadily: averaging of weights begins")
        seconds = time.monotonic() - start
        evaluation = Evaluation(
            epoch, state.step, self.mode.metric, figures, best, self.task.baseline, samples, seconds
        )
        self.progress.evaluated(evaluation)
        baseline = self.task.baseline.record()["values"] if self.task.baseline else {}
        self._log(
            {"event": "evaluation", "epoch": epoch, "step": state.step, **figures, "best": best, "baseline": baseline,
             "seconds": round(state.seconds, 2)}
        )  # fmt: skip
        self.store.samples.write({"step": state.step, "samples": [vars(sample) for sample in samples]})
        state.seconds += self.among.lead(self._clock.elapsed)
        state.owed, state.evaluated = False, state.step
        self._call("on_evaluation", evaluation)
        self.save()
        self._publish_if_best()
        self._clock.elapsed()
        return True

    def _log(self, record: dict[str, Any]) -> None:
        """Write a record to log.jsonl and to the trackers."""
        self.store.log.write(record)
        if self.tracked is not None:
            self.tracked.log(record)

    def _call(self, method: str, value: Step | Evaluation) -> None:
        """Call the callbacks, in the first process; all processes learn what they want."""
        if not self._callbacks:
            return
        if self.among.leads:
            self._callbacks.call(method, value)
        self._wish = self.among.lead(lambda: self._callbacks.wish)

    def _callback_failed(self) -> RecurError:
        """Save, and return the error of the callback that failed."""
        self.save()
        self.store.update(status="paused")
        if not self.among.leads:
            return ReportedElsewhere()
        folder = self.store.folder
        where = "nothing was saved, because no folder was given" if folder is None else f"training is saved in {folder}"
        return self._callbacks.error(f"{where}, after update {self.state.step:,}")

    def _samples(self) -> list[Sample]:
        """Answers that the process that prints shows."""
        if not self.among.leads:
            return []
        with self.mode.answering():
            return continuation.samples(self.mode, self.task.samples, prompts=self.config.prompts)

    def save(self) -> None:
        """Write a checkpoint: of several processes, one for all of them."""
        check_agreement(self.mode, self.among)
        carried = whole_state(self.state.carried, self._streams(), self.among)
        self.store.checkpoint(
            self.mode,
            {
                "state": {**self.state.record(), "carried": carried}, "optimizer": self.optimizer.state_dict(),
                "averages": self.averages.state_dict(), "random": randomness.state(), "norms": list(self.health.norms),
            },
        )  # fmt: skip
        self._saved_at, self._saved_step = time.monotonic(), self.state.step

    def collapse(self, batch: Batch, loss: float, norm: float, rate: float) -> RecurError:
        """Save the last good state and return the error with its cause."""
        state = self.state
        carried = whole_state(state.carried, self._streams(), self.among)
        autopsy = self.health.autopsy(
            lambda: self._error_of(batch, carried)[0].mean,
            step=state.step + 1, epoch=state.epoch, loss=loss, norm=norm, lr=rate,
            rows=self.task.train.where(state.epoch, state.batch),
        )  # fmt: skip
        self.save()
        self.store.write_json("autopsy.json", autopsy.record())
        self.store.log.write({"event": "collapse", "step": state.step + 1, "loss": loss, "gradient_norm": norm})
        self.store.update(status="collapsed")
        if not self.among.leads:
            return ReportedElsewhere()
        return autopsy.error(None if self.store.folder is None else str(self.store.folder / "autopsy.json"))

    def finish(self, reason: str, pause: PauseRequest) -> Learned:
        """Put the best weights into the network, report on the test rows once, and describe the run."""
        self._load_best()
        test = None
        if self.task.test is not None:
            test = measure(self.mode, self.task.test, stop=lambda: pause.is_set, among=self.among)
            if test is None:
                self.store.update(status="paused")
                raise Paused(self.store.folder, step=self.state.step, epoch=self.state.epoch, command=self.command)
        metrics = self._metrics(reason, test)
        result = verdict(self.task.config, self.mode, metrics, self.task.held_out)
        metrics["verdict"] = result.record() if result else None
        self.store.write_metrics(metrics)
        self.store.write_text("README.md", card(self.task, metrics, self.store.folder, self.command))
        self.store.update(status="finished", reason=reason)
        self.progress.say(ending(reason, metrics, self.store.folder))
        if isinstance(self.task.train, Ahead) and self._trained:
            self.progress.say(self.task.train.describe(self._trained))
        if result:
            self.progress.say(str(result))
        return Learned(self.mode, self.store.folder, self.task, metrics, reason)

    def recall(self, metrics: dict[str, Any]) -> Learned:
        """Return the result of a previous session."""
        self._load_best()
        reason = self.over() or str(metrics.get("ended"))
        self.progress.say(f"already {ending(reason, metrics, self.store.folder)}")
        self.progress.say("a larger --epochs continues this run; --fresh starts over")
        # a run of an earlier version has none
        result = Verdict.of(metrics.get("verdict")) or verdict(self.task.config, self.mode, metrics, self.task.held_out)
        metrics = {**metrics, "verdict": result.record() if result else None}
        if result:
            self.progress.say(str(result))
        return Learned(self.mode, self.store.folder, self.task, metrics, reason)

    def _load_best(self) -> None:
        self.among.lead(lambda: self.store.load_best(self.mode))
        self.among.send_weights(self.mode)
        self.mode.eval()

    def _streams(self) -> int:
        """The rows of a batch whose state is carried; all batches have as many."""
        return len(self.task.train.batch(0, 0)) if self.task.train.carries else 0

    def _metrics(self, reason: str | None, test: dict[str, float] | None) -> dict[str, Any]:
        state, baseline = self.state, self.task.baseline
        return {
            "figure": self.mode.metric,
            "higher_is_better": self.mode.higher_is_better,
            "held_out": state.best_figures,
            "test": test,
            "baseline": baseline.record()["values"] if baseline else {},
            "best_step": state.progression.best_step,
            "best_epoch": state.best_epoch,
            "steps": state.step,
            "seconds": round(state.seconds, 1),
            "ended": reason,
        }

    def _publish_if_best(self) -> None:
        """Publish these weights as those of the run, if the last evaluation was the best.

        It comes after the checkpoint and is repeated on resume, so the published weights are never ahead of it.
        """
        state = self.state
        if state.progression.best is not None and state.progression.best_step == state.step and not state.owed:
            with self.averages.in_place():
                self.store.publish(self.mode, state.step, self._metrics(None, None))
        elif state.progression.best is None and state.evaluated == state.step:
            # no metric could be computed: the last weights are as good as any
            self.store.publish(self.mode, state.step)

    def _save_is_due(self) -> bool:
        if self.state.step == self._saved_step:
            return False
        late = time.monotonic() - self._saved_at > LONGEST_BETWEEN_CHECKPOINTS
        if not self.among.alone:
            late = self._agreed.late
        return late or self.state.step % self.config.save_every == 0

    def _pause(self) -> Paused:
        self.save()
        self.store.update(status="paused")
        return Paused(self.store.folder, step=self.state.step, epoch=self.state.epoch, command=self.command)


def _tokens(batch: Batch) -> int:
    """Real steps of a batch: the longer side."""
    sizes = []
    for values, lengths in ((batch.inputs, batch.input_lengths), (batch.targets, batch.target_lengths)):
        if lengths is not None:
            sizes.append(int(lengths.sum()))
        elif values is not None:
            sizes.append(
                values.shape[0] * (values.shape[1] if values.ndim > 1 and not values.is_floating_point() else 1)
            )
    return max(sizes, default=0)
