"""The card of a run (README.md): what the network does, its metrics next to the baseline, how to use it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from recur._version import __version__
from recur.figures import duration, figure
from recur.nn.summary import parameter_count
from recur.training.setup import Task
from recur.training.verdict import Verdict

_USES = {
    "notes": "recur generate {folder} --length 64 --out made.mid\nrecur complete {folder} OPENING.mid --out all.mid",
    "text": 'recur complete {folder} "the beginning of a text" --top 5\nrecur generate {folder} --length 200',
    "rows": "recur predict {folder} --file FILE\nrecur evaluate {folder} FILE",
}


def card(task: Task, metrics: Mapping[str, Any], folder: Path | None, command: str | None) -> str:
    """Write the card.

    Parameters
    ----------
    task : Task
    metrics : mapping
        The contents of metrics.json.
    folder : Path or None
    command : str or None
        The command that was typed; without it the card names the configuration file.
    """
    config, roles = task.config, task.roles
    place = str(folder or "RUN")
    completes = task.mode.abilities.continues and task.target_codec.discrete
    plays = task.mode.abilities.continues and task.target_codec.playable
    use = _USES["notes" if plays else "text" if completes else "rows"].format(folder=place)
    call = 'complete("the beginning of a text", top=5)' if completes else "predict([...])"
    return "\n".join(
        [
            f"# {Path(place).name}",
            "",
            f"{roles.sentence}.",
            "",
            *_figures(metrics),
            "",
            "## What it is",
            "",
            f"* data: {config.data.source or 'given from Python'}; {task.rows}",
            *(f"* {line}" for line in task.describe_columns()),
            *(f"* {line}" for line in [*task.notes, *task.describe_codecs()]),
            f"* network: {task.describe_network()}, {parameter_count(task.mode):,} parameters",
            f"* trained for {metrics['steps']:,} updates in {duration(metrics['seconds'])} "
            f"({metrics['ended']}); the weights are those after update {metrics['best_step']:,}",
            f"* seed {config.training.seed}, recur {__version__}, torch {torch.__version__}, "
            f"Python {platform.python_version()}, {task.mode.device}",
            "",
            "## Use it",
            "",
            "```sh",
            use,
            "```",
            "",
            "```python",
            "import recur",
            "",
            f"model = recur.load({place!r})",
            f"model.{'generate(length=64)' if plays else call}",
            "```",
            "",
            "## Train it again",
            "",
            "```sh",
            command or f"recur train --config {place}/config.toml --out FOLDER",
            "```",
            "",
        ]
    )


def _figures(metrics: Mapping[str, Any]) -> list[str]:
    tests = metrics.get("test")
    lines = ["| metric | held out |" + (" test |" if tests else ""), "|---|---:|" + ("---:|" if tests else "")]
    for name, value in metrics["held_out"].items():
        test = f" {figure(name, tests[name])} |" if tests and name in tests else ""
        lines.append(f"| {name} | {figure(name, value)} |{test}")
    name = metrics["figure"]
    for guess, value in metrics["baseline"].items():
        lines.append(f"| {name} of {guess}, for comparison | {figure(name, value)} |" + (" |" if tests else ""))
    result = Verdict.of(metrics.get("verdict"))
    if result:
        lines += ["", f"{result}."]
    lines += [
        "",
        "The weights, and when to stop, were chosen by the held-out metrics, so these are slightly optimistic.",
    ]
    return lines
