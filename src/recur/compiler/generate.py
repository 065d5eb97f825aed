"""Generation of the C++ sources of every stock cell, in all its variants, for the build.

python -m recur.compiler.generate FOLDER [PROCESSOR]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from recur import equations
from recur.compiler import manifest
from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.compiler.toolchain import CELL_SET, SETS, flags, library_name
from recur.compiler.variants import lifted, recurrent_states, variant
from recur.equations.graph import Graph


def stock_graphs() -> Iterator[tuple[str, Graph]]:
    """Name and graph of every cell that comes with the library: plain, with recurrent dropout, zoneout, and both."""
    for name in equations.stock():
        equation = equations.get(name)
        yield name, lifted(equation.graph)[0]
        masked, states = recurrent_states(equation), tuple(sorted(equation.states))
        for recurrent, zoneout in ((masked, ()), ((), states), (masked, states)):
            if recurrent or zoneout:
                yield name, lifted(variant(equation, tuple(sorted(recurrent)), zoneout))[0]


def main(folder: str, processor: str = "x86_64") -> int:
    """Write the cells, ``build.cmake`` with what is compiled and how, and the listing for the manifest."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    cells = []
    listed = {}
    for name, graph in stock_graphs():
        path = target / library_name(graph.digest).replace(".so", ".cpp")
        cells.append(path.stem)
        text = source(program(graph), name)
        listed[graph.digest] = {"name": name, "recipe": manifest.recipe(text)}
        _write(path, text)
    manifest.write_listing(target, listed)
    sets = list(SETS) if processor.lower() in {"x86_64", "amd64"} else ["plain"]
    lists = {
        "RECUR_FLAGS": [flag for flag in flags() if flag != "-shared"],
        "RECUR_CORE_SETS": sets,
        "RECUR_CELL_SETS": list(dict.fromkeys(CELL_SET.get(name, name) for name in sets)),
        "RECUR_CELLS": list(dict.fromkeys(cells)),
        **{f"RECUR_FLAGS_{name}": SETS[name] for name in sets},
    }
    _write(target / "build.cmake", "".join(f"set({name} {' '.join(words)})\n" for name, words in lists.items()))
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file unless it is up to date, so that a build need not repeat what depends on it."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
