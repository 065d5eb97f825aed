"""The live display of several trainings: a progress bar and the current answers of each."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from recur.demos.side_by_side import Event
from recur.figures import duration, figure
from recur.printable import TEXT, printable
from recur.training.progress import Beginning, Evaluation, Step

if TYPE_CHECKING:
    from rich.live import Live

_BAR = 10


class Display:
    """Display of the events of `together`: a live block on a terminal, plain lines elsewhere, both on standard error.

    Parameters
    ----------
    names : mapping
        Job name -> name that is shown.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._longest = max(map(len, names.values()))
        self._steps: dict[str, Step] = {}
        self._state: dict[str, str] = dict.fromkeys(names, "starting")
        self._live: Live | None = None

    def __enter__(self) -> Display:
        """Start drawing."""
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True, highlight=False), refresh_per_second=8)
            self._live.start()
            self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing; the last state stays on the screen."""
        if self._live:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        name = self._names[event.job]
        if event.kind == "begin":
            self._begin(event.job, name, event.content)
        elif event.kind == "step":
            self._stepped(event.job, name, event.content)
        elif event.kind == "evaluated":
            self._evaluated(name, event.content)
        elif event.kind == "done":
            self._state[event.job] = f"done in {duration(event.content.seconds)}"
        self._draw()

    def _begin(self, job: str, name: str, beginning: Beginning) -> None:
        self._say(f"{name}: {beginning.network}, {beginning.parameters:,} parameters")
        if job == next(iter(self._names)):
            self._say(f"same rows for both: {beginning.rows}")
            for line in beginning.codecs:
                self._say(f"{line}")
            if beginning.baseline:
                self._say(f"baseline: perplexity of {beginning.baseline}")

    def _stepped(self, job: str, name: str, step: Step) -> None:
        self._steps[job] = step
        metric = f"{step.figure[0]} {figure(*step.figure)}  " if step.figure else ""
        self._state[job] = (
            f"{metric}{duration(step.seconds_left)} left  epoch {step.epoch + 1}/{step.epochs}  loss {step.loss:.3f}  "
            f"gradient {step.gradient_norm:.2f}  {step.tokens_per_second:,.0f} words/s"
        )
        if not self._live:
            self._say(f"{name:<{self._longest}}  {self._state[job]}")

    def _evaluated(self, name: str, evaluation: Evaluation) -> None:
        value = figure(evaluation.name, evaluation.figures[evaluation.name])
        self._say(f"{name:<{self._longest}}  after epoch {evaluation.epoch}: held-out {evaluation.name} {value}")
        for sample in evaluation.samples:
            first = (sample.guess.split() or ["(nothing)"])[0]
            self._say(f"{'':<{self._longest}}      {sample.input} ( {first} )")

    def _say(self, text: str) -> None:
        if self._live:
            from rich.text import Text

            self._live.console.print(Text(printable(text, TEXT)))
        else:
            print(printable(text, TEXT), file=sys.stderr, flush=True)

    def _draw(self) -> None:
        if self._live:
            self._live.update(self._block())

    def _block(self) -> Any:
        from rich.text import Text

        lines = []
        for job, name in self._names.items():
            step = self._steps.get(job)
            done = round(_BAR * step.share) if step else 0
            line = Text(f"{name:<{self._longest}}  ").append("━" * done, style="green")
            line.append("━" * (_BAR - done), style="bright_black")
            share = f"{100 * step.share:3.0f} %  " if step else ""
            lines.append(line.append(f"  {share}{self._state[job]}", style="default"))
        block = Text("\n").join(lines)
        # lines are cut at the width of a narrow terminal
        block.no_wrap, block.overflow = True, "ellipsis"
        return block
