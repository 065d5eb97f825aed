"""Which columns of the input feed the further inputs of a cell, such as the time since the last step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recur import equations
from recur.equations import Equation
from recur.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


def cell_of(config: ModelConfig) -> Equation:
    """The equation of the cell that a configuration names."""
    found: Equation = config.equation if config.equation is not None else equations.get(config.cell)
    return found


def column_order(config: ModelConfig, codec: Codec) -> list[int] | None:
    """The columns of a codec in the order in which the cell reads them: those of x, then those of each further input.

    None where the cell has one input, or the configuration names no columns for the others.

    Raises
    ------
    ConfigError
        When the cell has no such input, or another number of columns than it reads.
    """
    named = config.columns_of_inputs
    if not named:
        if config.cell_inputs_in_x:
            raise ConfigError(
                "cell_inputs_in_x has no effect without cell_inputs", hint="--cell-inputs NAME=COLUMN, or leave it out"
            )
        return None
    cell, columns = cell_of(config), codec.column_names()
    _check_names(cell, list(named))
    missing = next((one for listed in named.values() for one in listed if one not in codec.from_zero), None)
    if missing is not None:
        raise ConfigError(
            f'the column "{missing}" is not read as a time of the cell', hint="train again with these --cell-inputs"
        )
    fed = {one for listed in named.values() for one in listed}
    own = [place for place, name in enumerate(columns) if config.cell_inputs_in_x or name not in fed]
    if not own:
        raise ConfigError(
            f"every column feeds a further input of {cell.name}, and none is left for {cell.inputs[0]}",
            hint="--input for more columns, or --cell-inputs-in-x",
        )
    for name in cell.inputs[1:]:
        _check_count(cell, name, named[name], len(own))
    return own + [columns.index(one) for name in cell.inputs[1:] for one in named[name]]


def _check_names(cell: Equation, named: list[str]) -> None:
    further = cell.inputs[1:]
    if not further:
        raise ConfigError(
            f'the cell "{cell.name}" has one input, {cell.inputs[0]}, and no {named[0]}',
            hint="leave out --cell-inputs; recur cells shows the inputs of each, such as dt of time_lstm",
        )
    unknown = next((name for name in named if name not in further), None)
    if unknown is not None:
        raise ConfigError(
            f'the cell "{cell.name}" has no further input {unknown}.{did_you_mean(unknown, further)}',
            hint=f"it reads {', '.join(further)}",
        )
    absent = [name for name in further if name not in named]
    if absent:
        raise ConfigError(
            f'the cell "{cell.name}" also reads {", ".join(absent)} at every step, and no column feeds it',
            hint=" ".join(f"--cell-inputs {name}=COLUMN" for name in absent),
        )


def _check_count(cell: Equation, name: str, listed: list[str], columns: int) -> None:
    size = cell.shapes[name][0]
    if set(size.symbols) <= {"X"} and size.value({"X": columns}) != len(listed):
        expected = size.value({"X": columns})
        raise ConfigError(
            f'{name} of the cell "{cell.name}" has {expected} columns ({size}, with X = {columns}), and {len(listed)} '
            f"feed it: {', '.join(listed[:8])}",
            hint=f"name them in the order of the other columns: --cell-inputs {name}=FIRST --cell-inputs {name}=SECOND",
        )
