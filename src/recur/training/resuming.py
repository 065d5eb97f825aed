"""Resume checks: whether a run can continue with the given settings, and if not, what differs.

A setting that states what was inferred before is no change: ``--input text`` where the column ``text`` was inferred,
``--season 12`` where a season of 12 steps was detected. Inferred values of the data are compared by their result: the
roles of the columns in run.json, and the rows themselves.
"""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

from recur import codecs, config_file
from recur.config import Config, shown
from recur.data import Roles, batch_size
from recur.errors import RunError
from recur.run import RunFolder
from recur.run.cells import is_same_cell
from recur.run.layout import TARGET_CODEC

CONTINUABLE = {
    "training.epochs", "training.max_steps", "training.max_minutes", "training.patience", "training.save_every",
    "training.threads", "training.process_timeout", "training.device", "training.prompts", "training.record_gradients",
}  # fmt: skip
"""Settings that may change when a run is resumed."""

# how a file is read; the rows are compared themselves
_READING = {"data.format", "data.table.header", "data.text.documents", "data.table.decimal", "data.table.thousands"}
_ROLES = {
    "model.mode": "mode", "data.input": "input", "data.target": "target", "data.table.group": "group",
    "data.input_codec": "input_codec", "data.target_codec": "target_codec",
}  # fmt: skip
_FILES = ("data.source", "data.dev", "data.test")
_COMPARED = ("mode", "input", "target", "input_codec", "target_codec", "group", "stream", "forecast")


def check_same_settings(run: RunFolder, config: Config, command: str | None) -> None:
    """Load run.json, and refuse to resume with settings that would give another run.

    Parameters
    ----------
    run : RunFolder
    config : Config
    command : str, optional
        The command that was typed.

    Raises
    ------
    RunError
        Naming every key that changed, and what to type.
    """
    info = run.load()
    if "config" not in info:
        return
    old = config_file.from_mapping(info["config"], name="run.json")
    differences = {
        key: pair
        for key, pair in config_file.changes(old, config).items()
        if key not in CONTINUABLE and not _same_file(key, *pair) and not _is_inferred_value(key, *pair, run, old)
    }
    changed = [f"{key} was {shown(before)!r}, now {shown(now)!r}" for key, (before, now) in differences.items()]
    if "model.cell" not in differences and not is_same_cell(run.path, info, config.model.equation):
        changed.append(f"the equation of the cell {config.model.cell} was another")
    if changed:
        text = "; ".join(changed)
        raise RunError(f"{run.path} holds a run with other settings: {text}", hint=resume_hint(run, command))
    run.configure(config)


def check_same_roles(run: RunFolder, roles: Roles, command: str | None) -> None:
    """Refuse to resume if the columns are read in another way than at the start of the run.

    Raises
    ------
    RunError
    """
    before, now = run.info.get("roles", {}), dataclasses.asdict(roles)
    differences = [name for name in _COMPARED if name in before and before[name] != now[name]]
    if differences:
        text = "; ".join(f"{name} was {before[name]!r}, now {now[name]!r}" for name in differences)
        raise RunError(f"{run.path} holds a run that reads its data in another way: {text}", resume_hint(run, command))


def resume_hint(run: RunFolder, command: str | None, resume: str | None = None) -> str:
    """Return what to type to resume the existing run, and what to type for a new one.

    Parameters
    ----------
    run : RunFolder
    command : str, optional
        The command that was typed; None in Python.
    resume : str, optional
        How to resume; default: the command that started the run.
    """
    before, free = run.info.get("command"), _free(run.path)
    if resume is None:
        resume = before if isinstance(before, str) else "leave the settings as they were"
    new, replace = (f'out="{free}"', "fresh=True") if command is None else (_to(command, free), "--fresh")
    return f"to resume: {resume}; for a new run: {new}; {replace} removes the run that is there"


def _free(folder: Path) -> Path:
    """A folder of a similar name that does not exist yet."""
    return next(
        path for number in range(2, 10_000) if not (path := folder.with_name(f"{folder.name}-{number}")).exists()
    )


def _to(command: str, folder: Path) -> str:
    """The command with another run folder.

    >>> _to("recur train a.csv --out runs/a --lr 0.1", Path("runs/a-2"))
    'recur train a.csv --lr 0.1 --out runs/a-2'
    """
    words, others = iter(shlex.split(command)), []
    for word in words:
        if word == "--out":
            next(words, None)
        elif not word.startswith("--out="):
            others.append(word)
    return shlex.join([*others, "--out", str(folder)])


def _same_file(key: str, old: Any, new: Any) -> bool:
    """Whether a setting names the same file by another path; its rows are compared later."""
    return key in _FILES and bool(old and new) and Path(old).resolve() == Path(new).resolve()


def _is_inferred_value(key: str, old: Any, new: Any, run: RunFolder, config: Config) -> bool:
    """Whether one of two settings was left out, and the other is the value that was inferred for it."""
    if old is not None and new is not None:
        return False
    value = old if new is None else new
    if key in _READING:
        return True
    if key in _ROLES:
        return bool(run.info.get("roles", {}).get(_ROLES[key]) == value)
    return bool(value == _inferred(key, config, run))


def _inferred(key: str, config: Config, run: RunFolder) -> Any:
    """Return what a setting becomes where it is left out and another setting, or the data, says it; else None."""
    data, model, training, info = config.data, config.model, config.training, run.info
    subwords = any(codecs.class_of(kind).splits_into("subword") for kind in (data.input_codec, data.target_codec))
    rows = info.get("rows", {}).get("train", {}).get("rows")
    if key == "training.batch_size" and isinstance(rows, int) and not info.get("roles", {}).get("stream"):
        return batch_size(None, rows)
    if key == "forecast.season":
        return codecs.load(run.path, TARGET_CODEC).season
    return {
        "forecast.window": training.bptt.steps,
        "model.embedding.size": model.hidden_size[0] if len(model.hidden_size) == 1 else None,
        "training.bptt.stride": training.bptt.steps,
        "data.text.max_vocab": 8000 if subwords else None,
    }.get(key)
