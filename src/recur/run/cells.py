"""The equation of a run's cell, where that is not one of the library: kept as data in cell.json, never as code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.config import Config
from recur.equations import Equation
from recur.equations.cell_files import read_file
from recur.equations.document import document_of, same_equation
from recur.errors import EquationError, RunError
from recur.run.layout import CELL

if TYPE_CHECKING:
    from recur.modes import Mode


def stored_cell(equation: Equation, mode: Mode | None) -> bytes:
    """The content of cell.json for the layers of a network."""
    from recur.nn.summary import sizes_of

    sizes = [] if mode is None else sizes_of(mode, equation)
    return (json.dumps(document_of(equation, sizes), indent=1, ensure_ascii=True) + "\n").encode("ascii")


def with_stored_cell(folder: Path, config: Config, *, listed: bool) -> Config:
    """Return the configuration of a run with the equation of its folder.

    Parameters
    ----------
    folder : Path
    config : Config
    listed : bool
        Whether run.json names cell.json.

    Raises
    ------
    RunError
        If cell.json is not one that recur wrote, or has another cell than the configuration.
    """
    if not listed:
        return config
    equation = _read(folder)
    if equation.name != config.model.cell:
        raise RunError(
            f"{folder} cannot be opened: {CELL} has the cell {equation.name}, and its configuration names "
            f"{config.model.cell[:100]}",
            hint="copy the folder again, whole",
        )
    return config.with_cell(equation.name, equation)


def is_same_cell(folder: Path, info: Mapping[str, Any], equation: Equation | None) -> bool:
    """Whether the equation of a run computes the same as that with which it is resumed.

    Raises
    ------
    RunError
        If cell.json was damaged.
    """
    listed = CELL in info.get("files", {})
    if not listed or equation is None:
        return listed == (equation is not None)
    stored = _read(folder).stored
    if stored is None:
        return False
    try:
        return same_equation(stored.document, document_of(equation, stored.document["sizes"]))
    except EquationError:
        # the fixed parameters have no values for these sizes
        return False


def _read(folder: Path) -> Equation:
    try:
        return read_file(folder / CELL)
    except EquationError as error:
        raise RunError(f"{folder} cannot be opened: {error.message}", hint=error.hint) from error
