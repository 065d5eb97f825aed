"""A run in trackers: each point is sent once, also over several sessions, and a tracker that fails is left out."""

from __future__ import annotations

import importlib
import json
import math
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from recur.atomic import write_text
from recur.bounded import MIB, read_json
from recur.errors import ConfigError, RecurError, did_you_mean, require
from recur.figures import finite
from recur.run.layout import TRACKING

NAMES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb", "trackio": "trackio"}
"""Tracker -> the package that it needs; the extra has the name of the tracker."""
_LONGEST = 160


class Tracker(Protocol):
    """What an adapter does: one file for each tracker, with a function ``start`` that returns it."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values of a step."""
        ...

    def close(self) -> None:
        """Send what is left, and end this session of the run."""
        ...


def check_names(names: Iterable[str]) -> list[str]:
    """Return the trackers, each once.

    Raises
    ------
    ConfigError
        When there is no such tracker.
    MissingExtraError
        When its package is not installed.

    Examples
    --------
    >>> check_names([])
    []
    """
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in NAMES:
            raise ConfigError(f'no tracker "{name}".{did_you_mean(name, NAMES)}', hint="track=['tensorboard']")
        require(NAMES[name], name)
    return chosen


class Tracked:
    """The trackers of a run.

    Parameters
    ----------
    names : iterable of str
    folder : Path
        The run folder. Its ``tracking.json`` has the run's name in each tracker and the last step that was sent, so
        that a run that resumes continues there.
    settings : mapping
        The configuration.
    say : callable
        Told once, in a sentence, when a tracker fails.
    """

    def __init__(
        self, names: Iterable[str], folder: Path, settings: Mapping[str, Any], say: Callable[[str], None]
    ) -> None:
        self._file, self._say = folder / TRACKING, say
        self._known = _read(self._file)
        self._trackers: dict[str, Tracker] = {}
        flat = dict(flattened(settings))
        for name in names:
            known = self._known.setdefault(name, {"id": f"{folder.name}-{secrets.token_hex(4)}", "sent": {}})
            # the run is known before the tracker hears of it: a session killed here continues the same one
            self._write()
            adapter = importlib.import_module(f"recur.tracking.{name}_adapter")
            self._guarded(name, partial(self._start, name, adapter.start, known, folder, flat))
        self._write()

    def log(self, record: Mapping[str, Any]) -> None:
        """Send a record of log.jsonl: its numbers, under the names ``train/loss`` and ``held_out/loss``."""
        kind = {"step": "train", "evaluation": "held_out"}.get(str(record.get("event")))
        if kind is None or not self._trackers:
            return
        step = int(record["step"])
        values = {
            f"{kind}/{name}": float(value)
            for name, value in record.items()
            if name not in ("event", "step", "best") and isinstance(value, int | float) and math.isfinite(value)
        }
        due = [name for name in self._trackers if self._known[name]["sent"].get(kind, -1) < step]
        for name in due:
            self._known[name]["sent"][kind] = step
        if due:
            # written first: a session killed between the two loses a point, and sends none twice
            self._write()
        for name in due:
            self._guarded(name, partial(self._trackers[name].log, step, values))

    def close(self) -> None:
        """End this session in all trackers."""
        for name in list(self._trackers):
            self._guarded(name, self._trackers[name].close)
        self._trackers.clear()

    def _start(self, name: str, start: Callable[..., Tracker], *facts: Any) -> None:
        self._trackers[name] = start(*facts)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Do something with a tracker; if it fails, say so and continue without it."""
        try:
            work()
        except Exception as error:
            self._trackers.pop(name, None)
            reason = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
            self._say(f"{name} failed and is left out, training continues: {reason}")

    def _write(self) -> None:
        write_text(self._file, json.dumps(finite(self._known), indent=2) + "\n")


def flattened(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yield settings that differ from nothing, by their dotted names.

    >>> dict(flattened({"model": {"cell": "lstm", "mode": None}}))
    {'model.cell': 'lstm'}
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{name}.")
        elif value is not None and value != []:
            yield f"{prefix}{name}", value if isinstance(value, str | int | float | bool) else str(value)


def _read(file: Path) -> dict[str, Any]:
    """The content of tracking.json; of a damaged one nothing, so that new runs begin in the trackers."""
    try:
        known = read_json(file, MIB) if file.is_file() else {}
    except RecurError:
        return {}
    right = isinstance(known, dict) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("sent"), dict)
        for one in known.values()
    )
    return known if right else {}
