"""``recur cells``: the recurrences, each with its equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recur import equations
from recur.atomic import write_text
from recur.cli.output import emit, emit_json
from recur.equations import diagram
from recur.equations.cell_files import equation_of, equations_in, is_reference
from recur.equations.naming import naming
from recur.errors import ConfigError
from recur.views.terminal import bold, dim


def cells(name: str | None = None, /, *, json: bool = False, svg: Path | None = None) -> None:
    """List the recurrent cells and their equations.

    Parameters
    ----------
    name
        Show only this cell, with the sizes of its variables and its source; or the equations of a Python file, FILE.py
        or FILE.py:NAME, which is executed.
    json
        Write one JSON document to stdout.
    svg
        Draw the operations of one cell into this file.
    """
    listing = _chosen(name)
    if svg is not None:
        _draw(listing, svg)
    if json:
        emit_json(_as_data(listing[0]) if _is_one(name) else [_as_data(cell) for cell in listing])
        return
    for place, cell in enumerate(listing):
        if place:
            emit()
        emit(f"{bold(cell.name)}: {cell.summary}", styled=True)
        for line in cell.text.splitlines():
            emit(f"    {line}".rstrip())
        if name is not None:
            emit("\n".join(_where(cell)), styled=True)


def _chosen(name: str | None) -> list[equations.Equation]:
    """The cells of a name, of a file, or all of the library."""
    if name is None:
        return [equations.get(each) for each in equations.names()]
    if name.endswith(".py"):
        return list(equations_in(Path(name)).values())
    return [equation_of(name) if is_reference(name) else equations.get(name)]


def _is_one(name: str | None) -> bool:
    """Whether a name is that of one cell, and not of a list."""
    return name is not None and not name.endswith(".py")


def _draw(listing: Sequence[equations.Equation], path: Path) -> None:
    """Write the diagram of the only cell of a list."""
    if len(listing) != 1:
        raise ConfigError(
            f"--svg draws one cell, and these are {len(listing)}", hint=f"recur cells {listing[0].name} --svg {path}"
        )
    write_text(path, diagram.svg(listing[0].graph, naming(listing[0]).names) + "\n")


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
    size = " x ".join(str(size) for size in cell.shapes[argument])
    if argument in cell.convolutions:
        one = cell.convolutions[argument]
        kernel = (
            f"convolution of {one.kernel} x {one.kernel}" if len(cell.shapes[argument]) == 2 else "one for each map"
        )
        return f"{size}, {kernel} over {' x '.join(one.grid)}"
    return f"{size}, {cell.blocks[argument]} blocks on its diagonal" if argument in cell.blocks else size


def _as_data(cell: equations.Equation) -> dict[str, Any]:
    return {
        "name": cell.name,
        "summary": cell.summary,
        "equation": cell.text,
        "input": cell.input,
        "states": list(cell.states),
        "sizes": {name: [str(size) for size in shape] for name, shape in cell.shapes.items()},
        "convolutions": {
            name: {"kernel": one.kernel, "grid": list(one.grid)} for name, one in cell.convolutions.items()
        },
        "blocks": {name: str(blocks) for name, blocks in cell.blocks.items()},
        "reference": cell.reference,
    }
