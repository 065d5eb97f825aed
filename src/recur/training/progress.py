"""Progress display: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from recur.evaluation.baselines import Baseline
from recur.figures import duration, figure
from recur.modes import Sample
from recur.printable import TEXT, printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

LINES_PER_EPOCH = 10
LEAST_STEPS_BETWEEN_LINES = 50
MOST_STEPS_BETWEEN_LINES = 100


@dataclass
class Beginning:
    """The task before training starts."""

    sentence: str
    rows: str
    codecs: Sequence[str]
    network: str
    parameters: int
    device: str
    baseline: Baseline | None
    step: int
    folder: str | None
    columns: Sequence[str] = ()


@dataclass
class Step:
    """The training position after an update, averaged since the last report.

    Attributes
    ----------
    share : float
        Share of the planned updates that is done, 0..1.
    figure : tuple of (name, value), optional
        The metric on the training batches.
    seconds_left : float
        Estimated from the speed so far.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    figure: tuple[str, float] | None
    gradient_norm: float
    lr: float
    tokens_per_second: float
    seconds_left: float
    share: float


@dataclass
class Evaluation:
    """The metrics on the held-out rows."""

    epoch: int
    step: int
    name: str
    figures: Mapping[str, float]
    best: bool
    baseline: Baseline | None
    samples: Sequence[Sample]
    seconds: float


class Progress(Protocol):
    """Receives the progress of training."""

    def begin(self, beginning: Beginning) -> None:
        """Training begins or resumes."""
        ...

    def step(self, step: Step) -> None:
        """Some updates were made."""
        ...

    def evaluated(self, evaluation: Evaluation) -> None:
        """The held-out rows were evaluated."""
        ...

    def say(self, text: str) -> None:
        """Show another message."""
        ...

    def end(self) -> None:
        """Training ended, for whatever reason."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, beginning: Beginning) -> None: ...

    def step(self, step: Step) -> None: ...

    def evaluated(self, evaluation: Evaluation) -> None: ...

    def say(self, text: str) -> None: ...

    def end(self) -> None: ...


class _SampleLines:
    """The samples that were shown last, so that unchanged answers are not shown again."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def new(self, samples: Sequence[Sample]) -> list[str]:
        """The lines to show."""
        before, self._lines = self._lines, sample_lines(samples)
        return [] if self._lines == before else self._lines


class Lines:
    """One plain line per report, to standard error or another stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._samples = _SampleLines()

    def begin(self, beginning: Beginning) -> None:
        for line in introduction(beginning):
            self.say(line)

    def step(self, step: Step) -> None:
        self.say(step_line(step))

    def evaluated(self, evaluation: Evaluation) -> None:
        self.say(evaluation_line(evaluation))
        for line in self._samples.new(evaluation.samples):
            self.say(line)

    def say(self, text: str) -> None:
        # read at each call, so that a redirected standard error is used
        print(printable(text, TEXT), file=self._stream or sys.stderr, flush=True)

    def end(self) -> None: ...


class Terminal:
    """A live line with a bar at the bottom of a terminal, evaluations and samples above it."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._samples = _SampleLines()

    def begin(self, beginning: Beginning) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True, highlight=False), refresh_per_second=4, transient=True)
        self._live.start()
        for line in introduction(beginning):
            self.say(line)

    def step(self, step: Step) -> None:
        if self._live:
            self._live.update(self._bar(step))

    def evaluated(self, evaluation: Evaluation) -> None:
        from rich.text import Text

        if not self._live:
            return
        style = "bold green" if evaluation.best else ""
        self._live.console.print(Text(printable(evaluation_line(evaluation), TEXT), style=style))
        for line in self._samples.new(evaluation.samples):
            self._live.console.print(Text(printable(line, TEXT), style="dim"))

    def say(self, text: str) -> None:
        from rich.text import Text

        if self._live:
            self._live.console.print(Text(printable(text, TEXT)))

    def end(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    @staticmethod
    def _bar(step: Step) -> Text:
        from rich.text import Text

        width = 12
        marks = min(width, int(step.share * width))
        bar = Text("━" * marks, style="green").append("━" * (width - marks), style="bright_black")
        figure_first = f"{step.figure[0]} {figure(*step.figure)}  " if step.figure else ""
        words = (
            f" {step.share:4.0%}  {figure_first}loss {step.loss:.4f}  {duration(step.seconds_left)} left  "
            f"epoch {step.epoch + 1}/{step.epochs}  gradient {step.gradient_norm:.2f}  "
            f"{step.tokens_per_second:,.0f} tokens/s  step {step.step:,}/{step.steps:,}  lr {step.lr:.3g}"
        )
        line = bar.append(words, style="default")
        line.no_wrap, line.overflow = True, "ellipsis"
        return line


def steps_between_lines(steps_per_epoch: int) -> int:
    """Return the updates between two reports of a run: ten lines per epoch, one if it is short.

    >>> [steps_between_lines(steps) for steps in (7, 250, 700, 100_000)]
    [7, 50, 70, 100]
    """
    every = min(MOST_STEPS_BETWEEN_LINES, max(LEAST_STEPS_BETWEEN_LINES, steps_per_epoch // LINES_PER_EPOCH))
    return max(1, min(every, steps_per_epoch))


def introduction(beginning: Beginning) -> list[str]:
    """Return lines about the task, the data and the network."""
    lines = [
        beginning.sentence,
        *beginning.columns,
        beginning.rows,
        *beginning.codecs,
        f"{beginning.network}, {beginning.parameters:,} parameters, on {beginning.device}",
    ]
    if beginning.baseline:
        lines.append(f"to beat: {beginning.baseline}")
    if beginning.step:
        lines.append(
            f"resuming after update {beginning.step:,}" + (f" of {beginning.folder}" if beginning.folder else "")
        )
    return [line for line in lines if line]


def step_line(step: Step) -> str:
    """Return the training position in one line."""
    parts = [f"epoch {step.epoch + 1}/{step.epochs}", f"step {step.step:,}/{step.steps:,}", f"loss {step.loss:.4f}"]
    if step.figure:
        parts.append(f"{step.figure[0]} {figure(*step.figure)}")
    parts += [
        f"gradient {step.gradient_norm:.2f}",
        f"lr {step.lr:.3g}",
        f"{step.tokens_per_second:,.0f} tokens/s",
        f"{duration(step.seconds_left)} left",
    ]
    return "  ".join(parts)


def evaluation_line(evaluation: Evaluation) -> str:
    """Return the metrics on the held-out rows with the baseline, in one line."""
    name, figures = evaluation.name, evaluation.figures
    names = [name, *(key for key in figures if key not in (name, "loss"))]
    metrics = ", ".join(f"{key} {figure(key, figures[key])}" for key in names if key in figures)
    comparison = f" ({evaluation.baseline})" if evaluation.baseline else ""
    best = "  * best so far" if evaluation.best else ""
    return f"held out after step {evaluation.step:,}: {metrics}{comparison}{best}"


def sample_lines(samples: Sequence[Sample]) -> list[str]:
    """Show samples, each as input, truth and guess, aligned."""
    lines = []
    for sample in samples:
        if sample.input:
            lines.append(f"    input  {sample.input}")
        if sample.truth:
            lines.append(f"    truth  {sample.truth}")
        lines.append(f"    guess  {sample.guess}")
    # the lines of a text are aligned beside its name
    return [line.replace("\n", "\n           ") for line in lines]


def ending(reason: str, metrics: dict[str, Any], folder: Path | None) -> str:
    """Return lines about why training ended, the metrics, and the folder of the run."""
    name = metrics["figure"]
    parts = [f"finished: {reason}"]
    if name in metrics["held_out"]:
        parts.append(f"best held-out {name} {figure(name, metrics['held_out'][name])}")
    if metrics["test"] and name in metrics["test"]:
        parts.append(f"test {name} {figure(name, metrics['test'][name])}")
    return "; ".join(parts) + (f"; the run is in {folder}" if folder else "")
