"""The plan of a study: what every process that works on it must agree on, kept in study.json."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from recur import config_file
from recur.bounded import MIB, read_json
from recur.config import Config, shown
from recur.equations.cell_files import read_file
from recur.errors import RunError
from recur.run.folder import as_json
from recur.run.layout import CELL
from recur.tuning.space import Parameter

__all__ = ["Plan", "Pruner", "read_plan"]

FILE = "study.json"
FORMAT = 1
Pruner = Literal["median", "hyperband", "none"]
# these may differ between the sessions and the machines of one study
_LOCAL = {"data.source", "data.dev", "data.test", "training.threads", "training.device", "training.save_every"}


@dataclass(frozen=True)
class Plan:
    """A study.

    Attributes
    ----------
    name : str
        Its name in the storage.
    config : Config
        The settings of every trial, without the options that are searched.
    space : tuple of Parameter
    trials : int
        How many trials are made in all.
    pruner : str
        median, hyperband or none.
    repeats : int
        Seeds with which the first and the best settings are repeated.
    metric : str
        The metric of the held-out rows; higher_is_better its direction.
    rounds : int
        Evaluations of a whole trial.
    rows : dict
        The number of rows of each part, and a hash of a sample of them.
    """

    name: str
    config: Config
    space: tuple[Parameter, ...]
    trials: int
    pruner: Pruner
    repeats: int
    metric: str
    higher_is_better: bool
    rounds: int
    rows: dict[str, Any]

    @property
    def seed(self) -> int:
        """The seed of the weights and batches of every trial."""
        return self.config.training.seed

    @property
    def start(self) -> dict[str, Any] | None:
        """The values of the configuration, where all of them are in the search space."""
        values = {one.name: one.start for one in self.space}
        return None if None in values.values() else values

    @property
    def facts(self) -> dict[str, Any]:
        """What a table of the trials is drawn with."""
        return {
            "name": self.name, "metric": self.metric, "higher_is_better": self.higher_is_better,
            "trials": self.trials, "options": [one.name for one in self.space],
        }  # fmt: skip

    def round_of(self, step: int, epoch: int) -> int:
        """Return the number of an evaluation, from 1: trials are compared after as much training."""
        every = self.config.training.evaluate_every
        return math.ceil(step / every) if every else epoch

    def is_better(self, value: float, than: float) -> bool:
        """Whether one metric is better than another."""
        return value > than if self.higher_is_better else value < than

    def record(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "format": FORMAT, "name": self.name, "trials": self.trials, "pruner": self.pruner,
            "repeats": self.repeats, "metric": self.metric, "higher_is_better": self.higher_is_better,
            "rounds": self.rounds, "rows": self.rows, "space": [one.record() for one in self.space],
            "config": self.config.model_dump(mode="json"),
        }  # fmt: skip

    def write(self, out: Path) -> None:
        """Write study.json, and cell.json for a cell that is not of the library."""
        from recur.atomic import write_bytes
        from recur.run.cells import stored_cell

        if self.config.model.equation is not None:
            write_bytes(out / CELL, stored_cell(self.config.model.equation, None))
        write_bytes(out / FILE, as_json(self.record()))

    def differences(self, record: dict[str, Any]) -> list[str]:
        """Return in words what a recorded study has otherwise, apart from what may change."""
        old = of_record(record)
        parts = {
            "the data": (old.rows, self.rows), "--search": (_ranges(old), _ranges(self)),
            "--pruner": (old.pruner, self.pruner), "the metric": (old.metric, self.metric),
        }  # fmt: skip
        found = [
            f"{name} {'has other rows' if name == 'the data' else f'was {before!r}, now {now!r}'}"
            for name, (before, now) in parts.items()
            if before != now
        ]
        return found + [
            f"{key} was {shown(before)!r}, now {shown(now)!r}"
            for key, (before, now) in config_file.changes(old.config, self.config).items()
            if key not in _LOCAL
        ]


def read_plan(out: Path) -> Plan | None:
    """Return the plan in the folder of a study; None where it has none.

    Raises
    ------
    RunError
        When study.json is not one that recur wrote.
    """
    path = out / FILE
    if not path.exists():
        return None
    plan = of_record(read_json(path, 64 * MIB, error=RunError), str(path))
    if not (out / CELL).exists():
        return plan
    equation = read_file(out / CELL)
    return replace(plan, config=plan.config.with_cell(equation.name, equation))


def of_record(record: Any, name: str = "the study of the storage") -> Plan:
    """Return the plan of a record.

    Raises
    ------
    RunError
    """
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise RunError(f"{name} is not the plan of a study of this version", hint="give another --out")
    try:
        return Plan(
            record["name"], config_file.from_mapping(record["config"], name=name),
            tuple(Parameter.of(one) for one in record["space"]), record["trials"], record["pruner"],
            record["repeats"], record["metric"], record["higher_is_better"], record["rounds"], record["rows"],
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise RunError(f"{name} is damaged: {error}", hint="give another --out") from error


def _ranges(plan: Plan) -> str:
    return "; ".join(f"{one.name}: {one.search}" for one in plan.space)
