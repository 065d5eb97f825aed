"""Results as files, and the page that shows them: a table by sequence mode, and below it every figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.tasks.task import Task
from recur.atomic import write_text
from recur.config import MODES
from recur.errors import DataError
from recur.figures import any_figure, duration, figure, finite

TITLE = "Published tasks on real data"
INTRODUCTION = """\
Each row is one file of `benchmarks/tasks/` and one command; `make tasks` runs all, and resumes where it was stopped.
A network learns from the training rows, and its settings and its epoch were chosen on the dev rows; the test rows were
kept for the end. Two tasks differ: the test rows of sst2 were measured for several earlier recipes too, and
tinyshakespeare has no part of its own to choose on, so its epoch is chosen on the same last 10 % that it reports, as is
usual with this text. A missed target stays here, with what was tried on the dev rows. Times are of training alone;
below each table stand all figures of a task, the versions and the machine.

This page is written by `python -m benchmarks.tasks --page` from `benchmarks/results/`; it is not edited by hand."""
INLINE = 80  # characters of a list that stays among the figures
COLUMNS = ("task", "data", "model", "weights", "figure", "ours", "target", "published", "time", "command")


def load(file: Path) -> dict[str, Any] | None:
    """A stored result, or None.

    Raises
    ------
    DataError
        When the file is there and is not one.
    """
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{file} cannot be read as JSON: {error}", hint="remove it, and run the task again") from error
    if not isinstance(found, dict) or not {"task", "value", "config"} <= found.keys():
        raise DataError(f"{file} is no result of a task", hint="remove it, and run the task again")
    return found


def store(file: Path, result: Mapping[str, Any]) -> None:
    """Write a result."""
    write_text(file, json.dumps(finite(dict(result)), indent=2, ensure_ascii=False) + "\n")


def stored(folder: Path) -> dict[str, dict[str, Any]]:
    """The results of a folder, by task."""
    found = {file.stem: load(file) for file in sorted(folder.glob("*.json"))}
    return {name: result for name, result in found.items() if result is not None}


def page(tasks: Mapping[str, Task], found: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page in Markdown.

    Parameters
    ----------
    tasks : mapping
        Name -> task.
    found : mapping
        Name -> stored result; a task without one is listed as not measured.
    """
    lines = [f"# {TITLE}", "", INTRODUCTION]
    for mode in (*MODES, "forecast"):
        here = [task for task in tasks.values() if task.about.mode == mode]
        if here:
            lines += ["", f"## {mode}", "", _row(COLUMNS), _row(["---"] * len(COLUMNS))]
            lines += [_row(_cells(task, found.get(task.name))) for task in here]
            for task in here:
                if task.name in found:
                    lines += ["", *_details(task, found[task.name])]
    return "\n".join(lines) + "\n"


def met(task: Task, value: float) -> bool:
    """Whether a value reaches the task's target."""
    return value >= task.about.target if task.about.better == "higher" else value <= task.about.target


def summary(task: Task, result: Mapping[str, Any]) -> str:
    """A result in one line, for the terminal."""
    about = task.about
    said = "met" if met(task, result["value"]) else "missed"
    return (
        f"{task.name}: {result['part']} {about.figure} {figure(about.figure, result['value'])}, "
        f"target {_bound(task)} {said}; {result['parameters']:,} weights, {duration(result['seconds'])}"
    )


def _cells(task: Task, result: Mapping[str, Any] | None) -> list[str]:
    about, command = task.about, f"`make task NAME={task.name}`"
    target = _bound(task)
    if result is None:
        blank = [about.title, about.data, "", "", about.figure, "not measured", target, about.published, "", command]
        return blank
    part = "" if result["part"] == "report" else f"{result['part']} "
    ours = figure(about.figure, result["value"])
    return [
        about.title, about.data, model(result), f"{result['parameters']:,}", f"{part}{about.figure}",
        f"**{ours}**" if met(task, result["value"]) else f"{ours} (missed)",
        target, about.published, duration(result["seconds"]), command,
    ]  # fmt: skip


def model(result: Mapping[str, Any]) -> str:
    """Cell and sizes: ``lstm 2 x 200``."""
    size = result["hidden_size"]
    sizes = " + ".join(map(str, size)) if isinstance(size, list) else str(size)
    layers = result["num_layers"]
    return f"{result['cell']} {sizes if isinstance(size, list) or layers == 1 else f'{layers} x {sizes}'}"


def _bound(task: Task) -> str:
    about = task.about
    return f"{'≥' if about.better == 'higher' else '≤'} {figure(about.figure, about.target)}"


def _details(task: Task, result: Mapping[str, Any]) -> Iterator[str]:
    """Every figure of a task, what its report shows, and what was tried where it missed."""
    yield f"### {task.about.title}"
    yield ""
    for part in ("dev", "test"):
        if result[part]:
            yield f"* {part}: {_figures(result[part])}"
    simple = {key: value for key, value in result["report"].items() if not _is_long(value)}
    if simple:
        yield f"* {_figures(simple)}"
    yield f"* {result['steps']:,} updates; recur {result['recur']}; {result['machine']}; {result['finished']}"
    if task.about.tried and not met(task, result["value"]):
        yield f"* missed: {' '.join(task.about.tried.split())}"
    for key, value in result["report"].items():
        if _is_long(value):
            yield ""
            yield f"{_name(key).capitalize()}:"
            yield ""
            yield "```text"
            yield from (line for item in value for line in _said(key, item).splitlines() or [""])
            yield "```"


def _is_long(value: Any) -> bool:
    """Whether a value is a list that takes lines of its own."""
    return isinstance(value, list) and (
        any(isinstance(item, list | dict) for item in value)
        or len(_said("", value)) > INLINE
        or "\n" in _said("", value)
    )


def _figures(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{_name(key)} {_said(key, value)}" for key, value in values.items() if value is not None)


def _said(key: str, value: Any) -> str:
    """A figure, a text, or several of them on one line."""
    if isinstance(value, dict):
        return "  ".join(f"{_name(str(name))} {_said(str(name), item)}" for name, item in value.items())
    return "  ".join(_said(key, item) for item in value) if isinstance(value, list) else any_figure(key, value)


def _name(key: str) -> str:
    return key.replace("_", " ")


def _row(cells: Any) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"
