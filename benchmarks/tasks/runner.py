"""A complete run of a task: rows are written, a network is trained and measured once, the result is stored.

::

    OUT/NAME/
      task.json     the configuration of all of these files
      data/         what ``prepare`` wrote, and what ``report`` draws
      run/          the run folder, which resumes where it was stopped
      result.json   the figures; a task that has them is finished
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import recur
from benchmarks import machine
from benchmarks.tasks import results
from benchmarks.tasks.task import Task, require_data
from recur.atomic import write_text
from recur.config import Config
from recur.errors import ConfigError
from recur.training import learn
from recur.training.progress import Progress

Say = Callable[[str], None]


@dataclass(frozen=True)
class Places:
    """Paths of the files of a task.

    Attributes
    ----------
    folder : Path
        OUT/NAME.
    data_sets : Path
        The folder of real data sets; nothing is in it for a task that makes its own rows.
    """

    folder: Path
    data_sets: Path

    @property
    def data(self) -> Path:
        """The folder of the prepared rows."""
        return self.folder / "data"

    @property
    def part(self) -> Path:
        """The folder in which rows are being prepared."""
        return self.folder / "data.part"

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    @property
    def result(self) -> Path:
        """The file of the metrics."""
        return self.folder / "result.json"

    @property
    def begun(self) -> Path:
        """The configuration at the start."""
        return self.folder / "task.json"

    def begin(self, task: Task) -> None:
        """Store the configuration of the files here."""
        write_text(self.begun, json.dumps(task.settings, indent=2) + "\n")

    def changed(self, task: Task) -> bool:
        """Whether the files here have another configuration."""
        return self.begun.is_file() and json.loads(self.begun.read_text(encoding="utf-8")) != task.settings

    def relative(self, value: Any) -> Any:
        """The same value with paths of this machine made those of any: below NAME, or below {data}."""
        if isinstance(value, str):
            return value.replace(str(self.folder.resolve()), self.folder.name).replace(str(self.data_sets), "{data}")
        if isinstance(value, dict):
            return {key: self.relative(item) for key, item in value.items()}
        return [self.relative(item) for item in value] if isinstance(value, list | tuple) else value

    def clear(self) -> None:
        """Remove the files of an earlier call."""
        for path in (self.result, self.begun):
            path.unlink(missing_ok=True)
        for path in (self.data, self.part, self.run):
            shutil.rmtree(path, ignore_errors=True)


def measure(
    task: Task,
    out: Path,
    data_sets: Path | None,
    *,
    again: bool = False,
    only_measure: bool = False,
    say: Say = print,
    progress: Progress | bool | None = None,
) -> dict[str, Any]:
    """Prepare, train, evaluate and report a task; steps that an earlier call finished are skipped.

    Parameters
    ----------
    task : Task
    out : Path
        Folder for prepared rows and runs of all tasks.
    data_sets : Path or None
        The folder of real data sets.
    again : bool
        Forget what is there, and do it all again.
    only_measure : bool
        Keep the run, but measure and report it again.
    say : callable
        Told what happens.
    progress : Progress or bool, optional
        Told how training goes.

    Returns
    -------
    dict
        The result, as it is stored.

    Raises
    ------
    RecurError
        When rows are missing, or training failed.
    Paused
        On Ctrl-C; the same call resumes.
    """
    folder = require_data(data_sets) if task.needs_data else data_sets or out
    places = Places(out / task.name, folder.resolve())
    changed = places.changed(task)
    if changed:
        say(f"{task.name}: its configuration has changed since it began, so it starts again")
    if again or changed:
        places.clear()
    stored = results.load(places.result)
    if stored and not only_measure:
        say(f"{task.name}: finished before; --again does it again")
        return stored
    places.begin(task)
    prepare(task, places, say)
    config = task.config(places.data_sets, places.data.resolve())
    command = f"python -m benchmarks.tasks {task.name}"
    say(f"{task.name}: training, about {task.about.minutes:g} minutes on two cores; Ctrl-C pauses")
    learn(config, out=places.run, progress=progress, command=command)
    say(f"{task.name}: measuring")
    result = _result(task, config, places, command)
    results.store(places.result, result)
    return result


def prepare(task: Task, places: Places, say: Say) -> None:
    """Write the task's rows, atomically."""
    if places.data.is_dir():
        return
    if places.part.exists():
        shutil.rmtree(places.part)
    places.part.mkdir(parents=True)
    function = task.function("prepare")
    if function is not None:
        say(f"{task.name}: preparing its rows")
        function(places.data_sets, places.part)
    os.replace(places.part, places.data)


def _result(task: Task, config: Config, places: Places, command: str) -> dict[str, Any]:
    """Measure a trained network."""
    model = recur.load(places.run)
    dev = model.evaluate(config.data.dev) if config.data.dev else dict(model.metrics["held_out"])
    test = model.evaluate(config.data.test) if config.data.test else None
    function = task.function("report")
    report = dict(function(places.run, places.data_sets, places.data.resolve())) if function else {}
    report = places.relative(report)
    value, part = _figure(task, {"report": report, "test": test or {}, "dev": dev})
    about = task.about
    return {
        "task": task.name,
        "figure": about.figure,
        "value": value,
        "part": part,
        "target": about.target,
        "met": value >= about.target if about.better == "higher" else value <= about.target,
        "dev": dev,
        "test": test,
        "report": report,
        "mode": model.roles.mode,
        "cell": config.model.cell,
        "hidden_size": sizes[0] if len(sizes := config.model.hidden_size) == 1 else sizes,
        "num_layers": config.model.num_layers,
        "parameters": sum(parameter.numel() for parameter in model.mode.parameters()),
        "seconds": model.metrics["seconds"],
        "steps": model.metrics["steps"],
        "finished": datetime.now(UTC).date().isoformat(),
        "machine": str(machine.describe()),
        "recur": recur.__version__,
        "torch": torch.__version__,
        "command": command,
        "config": task.settings,
    }


def _figure(task: Task, figures: dict[str, dict[str, Any]]) -> tuple[float, str]:
    """The task's figure, and the part of the rows that it is from.

    Raises
    ------
    ConfigError
        When nothing measured has that name.
    """
    name = task.about.figure
    for part, values in figures.items():
        if name in values:
            return float(values[name]), part
    known = ", ".join(sorted({key for values in figures.values() for key in values}))
    raise ConfigError(f'{task.name}.toml: there is no figure "{name}"; measured were {known}')
