"""``recur cells``: the recurrences, each with its equation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recur import equations
from recur.cli.output import emit, emit_json
from recur.views.terminal import bold, dim


def cells(name: str | None = None, /, *, json: bool = False) -> None:
    """List the recurrent cells and their equations.

    Parameters
    ----------
    name
        Show only this cell, with the sizes of its variables and its source.
    json
        Write one JSON document to stdout.
    """
    listing = [equations.get(name) if name is not None else equations.get(each) for each in _names(name)]
    if json:
        emit_json([_as_data(cell) for cell in listing] if name is None else _as_data(listing[0]))
        return
    for place, cell in enumerate(listing):
        if place:
            emit()
        emit(f"{bold(cell.name)}: {cell.summary}", styled=True)
        for line in cell.text.splitlines():
            emit(f"    {line}".rstrip())
        if name is not None:
            emit("\n".join(_where(cell)), styled=True)


def _names(name: str | None) -> list[str]:
    return equations.names() if name is None else [name]


def _where(cell: equations.Equation) -> Iterator[str]:
    sizes = {argument: _size(cell, argument) for argument in (cell.input, *cell.states, *cell.parameters)}
    longest = max(map(len, sizes))
    yield "where"
    for argument, size in sizes.items():
        role = "the input" if argument == cell.input else ""
        if argument in cell.states:
            role = "state, and the output" if argument == cell.states[0] else "state"
        yield f"    {argument:<{longest}}  {size:<8}{role}".rstrip()
    if cell.reference:
        yield dim(f"source: {cell.reference}")


def _size(cell: equations.Equation, argument: str) -> str:
    return " x ".join(str(size) for size in cell.shapes[argument])


def _as_data(cell: equations.Equation) -> dict[str, Any]:
    return {
        "name": cell.name,
        "summary": cell.summary,
        "equation": cell.text,
        "input": cell.input,
        "states": list(cell.states),
        "sizes": {name: [str(size) for size in shape] for name, shape in cell.shapes.items()},
        "reference": cell.reference,
    }
