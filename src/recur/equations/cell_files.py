"""Equations of a user's Python file: ``cell.py:leaky``.

The file is executed, as ``python cell.py`` would execute it, and only where the user names it in a command or a call:
nothing that is read from a folder or a configuration file leads here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import traceback
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType

from recur import equations
from recur.bounded import MIB, read_bytes, read_json
from recur.config import Config
from recur.equations.document import document_of, read_equation
from recur.equations.traced import Equation
from recur.errors import ConfigError, EquationError, RecurError, did_you_mean

LARGEST_FILE = MIB
LARGEST_DOCUMENT = 128 * MIB
"""Bytes of a stored equation; one without fixed parameters has some thousands."""


def with_cell(config: Config, cell: Equation | str | None) -> Config:
    """Return a configuration with the cell that a command or a call names.

    Parameters
    ----------
    config : Config
    cell : Equation or str or None
        The name of a cell of the library, a reference to an equation, or an equation; None where none was named.

    Raises
    ------
    ConfigError
        If the configuration itself names a file: files are executed only where the user names them.
    EquationError
        If there is no such equation, or it cannot be stored.
    """
    if isinstance(cell, Equation):
        return config.with_cell(cell.name, None if _is_of_library(cell) else own(cell))
    if cell is not None and is_reference(cell):
        equation = own(equation_of(cell))
        return config.with_cell(equation.name, equation)
    if cell is None and is_reference(config.model.cell):
        raise ConfigError(
            f"the configuration names the file {config.model.cell} as its cell, which would be executed",
            hint=f"name it in the command: --cell {config.model.cell}; or in the call: cell={config.model.cell!r}",
        )
    return config if cell is None else config.with_cell(cell, None)


def is_reference(text: str) -> bool:
    """Whether a text names a file with equations, not a cell of the library.

    >>> [is_reference(one) for one in ("lstm", "cell.py", "cells/mine.py:leaky", "runs/a/cell.json")]
    [False, True, True, True]
    """
    return bool(_parts(text)[0])


def equation_of(reference: str) -> Equation:
    """Return the equation that ``FILE.py:NAME``, ``FILE.py`` with one equation, or ``RUN/cell.json`` names.

    Raises
    ------
    EquationError
        If the file cannot be read or executed, with its line; or if it has no such equation.
    """
    file, name = _parts(reference)
    if file.endswith(".json"):
        return read_file(Path(file))
    found = equations_in(Path(file))
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        what = f"has no equation {name}.{did_you_mean(name, found)}" if name else f"has {len(found)} equations"
        raise EquationError(f"{file} {what}", hint=f"one of {', '.join(f'{file}:{one}' for one in found)}")
    return found[name]


def read_file(path: Path) -> Equation:
    """Read the document of an equation; nothing of it is executed.

    Raises
    ------
    EquationError
        If it is not one that recur wrote.
    """
    document = read_json(path, LARGEST_DOCUMENT, error=EquationError)
    try:
        return read_equation(document)
    except EquationError as error:
        raise EquationError(f"{path}: {error.message}", error.hint) from None


def equations_in(path: Path) -> dict[str, Equation]:
    """Execute a Python file; return its equations by the names that the file gives them.

    Raises
    ------
    EquationError
        If the file cannot be executed, or has no equation.
    """
    module = _executed(path)
    found = {
        name: value if value.name == name else dataclasses.replace(value, name=name)
        for name, value in vars(module).items()
        if isinstance(value, Equation) and not name.startswith("_") and not _is_of_library(value)
    }
    if not found:
        raise EquationError(
            f"{path} has no equation", hint='@recur.equation(x="X", h="H", ...) above the function of one time step'
        )
    return found


def own(equation: Equation) -> Equation:
    """Return an equation that can be trained under its own name and stored, or refuse it.

    Raises
    ------
    EquationError
        If a cell of the library has its name, or it cannot be written as a document.
    """
    if equation.name in equations.names():
        raise EquationError(
            f"an equation of your own has the name of a cell of the library: {equation.name}",
            hint=f"call the function by another name, such as my_{equation.name}",
        )
    document_of(equation)
    return equation


def _is_of_library(equation: Equation) -> bool:
    return equation.name in equations.names() and equations.get(equation.name) is equation


def _parts(reference: str) -> tuple[str, str]:
    """The file and the name in a reference; no file for the name of a cell of the library."""
    file, colon, name = reference.rpartition(":")
    if colon and file.endswith(".py"):
        return file, name
    return (reference, "") if reference.endswith((".py", ".json")) else ("", "")


def _executed(path: Path) -> ModuleType:
    """The module of a Python file. What it prints goes to stderr; nothing is written beside it."""
    content = read_bytes(path, LARGEST_FILE, kind="Python file", error=EquationError)
    module = ModuleType(f"recur_cell_file_{path.stem}")
    module.__file__ = str(path)
    try:
        code = compile(decode_source(content), str(path), "exec")
    except SyntaxError as error:
        place = f"{path}, line {error.lineno}" if error.lineno else str(path)
        raise EquationError(f"{place}: {error.msg}", hint="correct the file; it has to be valid Python") from None
    except ValueError as error:
        raise EquationError(f"{path} is not a Python file: {error}", hint="name a file of Python") from None
    sys.path.insert(0, str(path.resolve().parent))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, vars(module))
    except (Exception, SystemExit) as error:
        raise _from_file(path, error) from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(path.resolve().parent))
    return module


def _from_file(path: Path, error: BaseException) -> EquationError:
    """An error of the file in words, with the line of the file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    place = f"{path}, line {lines[-1]}" if lines else str(path)
    if isinstance(error, RecurError):
        return EquationError(f"{place}: {error.message}", error.hint)
    if isinstance(error, SystemExit):
        return EquationError(
            f"{place}: the file ends the program", hint="put it below if __name__ == '__main__': in the file"
        )
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".rstrip(": ")
    return EquationError(f"{place}: {said}", hint="correct the file; it is executed from its first line to its last")
