"""Folders and tables of pictures that tests make."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from recur.config import Config
from tests.pictures import square, write_picture


def config(source: Path, mode: str | None = None, **data: Any) -> Config:
    return Config.of(source=str(source), **data, mode=mode)


def classes(folder: Path, count: int = 6) -> Path:
    """Pictures of squares, a folder for each of two corners."""
    for place in range(2 * count):
        write_picture(folder / f"corner{place % 2}" / f"{place}.png", square(place % 2 + 4 * place))
    return folder


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def captions(folder: Path, count: int = 12) -> Path:
    """A table with two captions of each picture."""
    rows = []
    for place in range(count):
        write_picture(folder / "shown" / f"{place}.png", square(place))
        side = "left" if place % 2 == 0 else "right"
        rows += [
            {"image": f"shown/{place}.png", "caption": f"a square is {words} {side} ."} for words in ("on the", "at")
        ]
    return table(folder / "captions.csv", rows)
