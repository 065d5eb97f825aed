"""Texts to search in: the inputs of a file, with their labels where it has them; of one long text, pieces of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur import data as data_room
from recur.config import Config
from recur.data import Roles
from recur.errors import DataError
from recur.modes import Mode

LONG = 2000  # characters of a piece of a long text


def passages(file: Path | str, mode: Mode, roles: Roles, config: Config) -> tuple[list[Any], list[Any] | None]:
    """Return the inputs of a file, and their labels.

    Parameters
    ----------
    file : path
        One input per line of a text, or the columns of a table.
    mode : Mode
        Whose inputs these are.
    roles : Roles
    config : Config

    Returns
    -------
    inputs : list
        Lines of a text that is one long stream are joined to pieces of about 2000 characters.
    labels : list or None
        For each input its answer as text, or a list with the answer of every step; None where the network predicts
        what it reads, and where the file has no answers.

    Raises
    ------
    DataError
        When the file cannot be read, or lacks a column of the input.
    """
    if not roles.target or roles.forecast:
        inputs = data_room.inputs(file, roles, config)
        return (_pieces(inputs) if roles.stream and all(isinstance(one, str) for one in inputs) else inputs), None
    try:
        examples = data_room.examples(data_room.read_like(file, roles, config), roles, config)
        rows = [examples[index] for index in range(len(examples))]
    except DataError:
        # the answers may not be there
        return data_room.inputs(file, roles, config), None
    return [one.input for one in rows], [_label(mode, one.target) for one in rows]


def _pieces(lines: list[str]) -> list[str]:
    pieces: list[str] = []
    for line in lines:
        if pieces and len(pieces[-1]) < LONG:
            pieces[-1] += f"\n{line}"
        else:
            pieces.append(line)
    return pieces


def _label(mode: Mode, target: Any) -> Any:
    """An answer as text, or the answer of every step."""
    if mode.abilities.each_step and mode.target_codec.labelled:
        steps = mode.target_codec.tokens(target) if isinstance(target, str) else target
        return ["" if one is None else str(one) for one in steps or ()]
    return mode.target_codec.show(target, 40)
