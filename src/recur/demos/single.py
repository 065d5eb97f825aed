"""The common parts of demonstrations with one network.

A demonstration defines its rows, the configuration of the network, and how an answer is drawn. The rest is here:
repeating the command resumes training, or only evaluates again; the metric is that of the test rows, which were used
neither for training nor for any choice.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.atomic import new_folders, refuse_linked_folder, remove_folder, unfinished, write_text
from recur.bounded import MIB, parse_json, read_text
from recur.config import Config
from recur.figures import duration, figure
from recur.nn.summary import parameter_count
from recur.training.display import automatic
from recur.training.progress import Beginning, Evaluation, Progress, Step
from recur.views.terminal import bold

if TYPE_CHECKING:
    from recur.model import Model

Row = dict[str, Any]
PARTS = ("train", "dev", "test")
RUNS = Path("runs")


@dataclass(frozen=True)
class Verdict:
    """Metric of a network on the test rows, and examples to draw.

    Attributes
    ----------
    figure : str
        Name of the metric, as in `recur.figures`.
    value : float
    rows : int
        How many things were judged.
    meaning : str
        What is counted, in words: "sentences right to the last word".
    beside : mapping
        Baselines: name -> value of the same metric.
    examples : sequence of dict
        Examples that are drawn; plain values, so that they can be written as JSON.
    """

    figure: str
    value: float
    rows: int
    meaning: str
    beside: Mapping[str, float]
    examples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Demo:
    """A demonstration with one network.

    Attributes
    ----------
    name : str
        Its name in ``recur demo NAME``.
    mode : str
        The sequence mode.
    does : str
        What the network does, in a sentence.
    legend : str
        Meaning of x and y in the diagram of the mode.
    rows : callable
        Part ("train", "dev", "test") -> its rows, always the same.
    settings : callable
        Returns the configuration without its files of rows.
    judge : callable
        The trained model and the test rows -> `Verdict`.
    draw : callable
        An example of the verdict and the width in columns -> lines.
    held_out : str
        What is in the test rows and in no others.
    more : str
        A command to try next, with ``{run}`` and ``{data}``.
    samples : bool
        Whether the rows are readable, so that samples are shown during training.
    """

    name: str
    mode: str
    does: str
    legend: str
    rows: Callable[[str], Sequence[Row]]
    settings: Callable[[], Config]
    judge: Callable[[Model, Sequence[Row]], Verdict]
    draw: Callable[[Mapping[str, Any], int], Iterable[str]]
    held_out: str
    more: str = "recur evaluate {run} {data}/test.jsonl"
    samples: bool = True

    def main(self, out: Path | None = None) -> dict[str, Any]:
        """Train the network, or resume its training, and evaluate it on the test rows.

        Parameters
        ----------
        out : Path, optional
            Folder for the rows and the run folder; without it ``runs/demo-NAME``.

        Returns
        -------
        dict
            Mode, run folder, figure, examples.

        Raises
        ------
        Paused
            On Ctrl-C, after saving a checkpoint.
        """
        from recur.model import load
        from recur.training import learn

        folder = RUNS / f"demo-{self.name}" if out is None else Path(out)
        write_rows(folder / "data", self.rows)
        command = f"recur demo {self.name}" + (f" --out {folder}" if out is not None else "")
        learn(self.config(folder), out=folder / "run", progress=DemoProgress(self), command=command)
        model = load(folder / "run")
        verdict = self.judge(model, read_rows(folder / "data", "test"))
        return {
            "mode": self.mode,
            "run": str(folder / "run"),
            "data": str(folder / "data"),
            "figure": verdict.figure,
            "value": verdict.value,
            "rows": verdict.rows,
            "meaning": verdict.meaning,
            "beside": dict(verdict.beside),
            "examples": [dict(example) for example in verdict.examples],
            "seconds": float(model.metrics["seconds"]),
            "parameters": parameter_count(model.mode),
        }

    def config(self, folder: Path) -> Config:
        """Return the configuration with the files of rows in a folder."""
        config = self.settings()
        files = {
            "source" if part == "train" else part: str(folder / "data" / f"{part}.jsonl") for part in ("train", "dev")
        }
        return config.replaced(**files)

    def report(self, result: dict[str, Any], width: int) -> Iterable[str]:
        """Lay out what `main` returned in ``width`` columns."""
        yield bold(f"{self.mode}: {self.does}")
        yield from picture(self.mode)
        yield f"    {self.legend}"
        yield ""
        for example in result["examples"]:
            yield from self.draw(example, width)
            yield ""
        name, value = result["figure"], result["value"]
        yield bold(f"{figure(name, value)} of {result['rows']:,} {result['meaning']}")
        for guess, reached in result["beside"].items():
            yield f"    {figure(name, reached)}  {guess}"
        yield f"Held out: {self.held_out}."
        yield f"{result['parameters']:,} weights, learned in {duration(result['seconds'])}; the run: {result['run']}"
        yield "Ask more:  " + self.more.format(run=result["run"], data=result["data"])


class DemoProgress:
    """Progress as in `recur train`, without samples that are only numbers.

    Parameters
    ----------
    demo : Demo
        The demonstration that is trained.
    """

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._inner: Progress = automatic()

    def begin(self, beginning: Beginning) -> None:
        """Show the start of the training, or its resumption."""
        self._inner.begin(beginning)

    def step(self, step: Step) -> None:
        """Show the progress of the updates."""
        self._inner.step(step)

    def evaluated(self, evaluation: Evaluation) -> None:
        """Show an evaluation on the dev rows."""
        self._inner.evaluated(evaluation if self._demo.samples else replace(evaluation, samples=()))

    def say(self, text: str) -> None:
        """Show another message."""
        self._inner.say(text)

    def end(self) -> None:
        """Stop showing progress."""
        self._inner.end()


def write_rows(folder: Path, write: Callable[[str], Sequence[Row]]) -> None:
    """Write ``train.jsonl``, ``dev.jsonl`` and ``test.jsonl``, unless they exist: a run resumes with its own rows."""
    if folder.is_dir():
        return
    refuse_linked_folder(folder)
    with new_folders(folder.parent):
        _write_beside(folder, write)


def _write_beside(folder: Path, write: Callable[[str], Sequence[Row]]) -> None:
    # beside it under a random name, so that no file of the user is touched
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for part in PARTS:
            lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in write(part))
            write_text(temporary / f"{part}.jsonl", "".join(f"{line}\n" for line in lines))
        temporary.chmod(stat.S_IMODE(folder.parent.stat().st_mode))
        # in one step, so that existing rows are always complete
        os.replace(temporary, folder)
    except BaseException:
        remove_folder(
            temporary, lambda name: name in {f"{part}.jsonl" for part in PARTS} or unfinished(name) is not None
        )
        raise


def read_rows(folder: Path, part: str) -> list[Row]:
    """Read the rows of a part."""
    path = folder / f"{part}.jsonl"
    return [parse_json(line, str(path)) for line in read_text(path, 64 * MIB).splitlines()]


def picture(mode: str) -> list[str]:
    """Return the diagram of a sequence mode, from the docstring of its module."""
    module = importlib.import_module(f"recur.modes.{mode.replace('-', '_')}")
    paragraphs = (inspect.getdoc(module) or "").split("\n\n")
    return next((text.splitlines() for text in paragraphs if "+---+" in text), [])
