"""Functions of the task that the tests make: they stand for what a real task has in `benchmarks/tasks/`."""

from __future__ import annotations

import random
from pathlib import Path


def prepare(data_folder: Path, out: Path) -> None:
    """Write reviews of two words; there is one kind of good and one of bad."""
    del data_folder
    draw = random.Random(0)
    for part, rows in (("train", 120), ("dev", 30), ("test", 40)):
        lines = ["text,label"]
        for _ in range(rows):
            good = draw.random() < 0.5
            words = [draw.choice(["fine", "warm"] if good else ["dull", "cold"]), draw.choice(["film", "song", "meal"])]
            lines.append(f"{' '.join(words)},{'good' if good else 'bad'}")
        (out / f"{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def report(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[str]]:
    """Look at the run and at the rows."""
    del data_folder
    assert (run / "model.safetensors").is_file()
    rows = (out / "test.csv").read_text(encoding="utf-8").splitlines()
    return {"share_of_good": sum(row.endswith("good") for row in rows) / 40, "first_rows": rows[1:3]}


def refuses(data_folder: Path, out: Path) -> None:
    """Fail as a task whose files are not there."""
    from recur.errors import DataError

    raise DataError(f"{data_folder.name} and {out.name} have no file for this", hint="fetch it")
