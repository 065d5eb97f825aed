"""Small studies for the tests: rows, a plan, and a storage in a folder."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from recur.config import Config
from recur.config.search import among, between
from recur.tuning.plan import Plan
from recur.tuning.space import Parameter
from recur.tuning.storage import JOURNAL, Storage, open_storage

ROWS = [{"text": f"a {word} film", "label": label} for word, label in (("fine", "good"), ("dull", "bad"))] * 8
TINY = {"hidden_size": 4, "epochs": 2, "batch_size": 8, "device": "cpu", "threads": 1}


def written(folder: Path) -> Path:
    """A file of the rows."""
    path = folder / "films.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def plan(*, higher: bool = True, **changes: Any) -> Plan:
    """A plan with a learning rate and a cell."""
    config: Config = changes.pop("config", None) or Config.of(**TINY, source="films.csv")
    space = (
        Parameter("lr", "", between(1e-3, 1e-1, log=True), 2e-3),
        Parameter("cell", "", among("lstm", "gru"), "lstm"),
    )
    values: dict[str, Any] = {
        "name": "films", "config": config, "space": space, "trials": 3, "pruner": "median", "repeats": 2,
        "metric": "accuracy", "higher_is_better": higher, "rounds": 2, "rows": {},
    }  # fmt: skip
    return Plan(**{**values, **changes})


def stored(folder: Path, made: Plan | None = None) -> Storage:
    """A study in a folder."""
    return Storage(open_storage(str(folder / JOURNAL)), made or plan())
