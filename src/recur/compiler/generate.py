"""Write the C++ of every stock cell, in all its variants, into a folder: what the build compiles.

    python -m recur.compiler.generate FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from recur import equations
from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.compiler.toolchain import library_name
from recur.compiler.variants import lifted, recurrent_states, variant
from recur.equations.graph import Graph


def stock_graphs() -> Iterator[tuple[str, Graph]]:
    """Name and graph of every cell that comes with the library: plain, with recurrent dropout, zoneout, and both."""
    for name in equations.names():
        equation = equations.get(name)
        yield name, lifted(equation.graph)[0]
        masked, states = recurrent_states(equation), tuple(sorted(equation.states))
        for recurrent, zoneout in ((masked, ()), ((), states), (masked, states)):
            if recurrent or zoneout:
                yield name, lifted(variant(equation, tuple(sorted(recurrent)), zoneout))[0]


def main(folder: str) -> int:
    """Write the files; one that is up to date is left alone, so that a build need not repeat it."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, graph in stock_graphs():
        path = target / library_name(graph.digest).replace(".so", ".cpp")
        text = source(program(graph), name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
