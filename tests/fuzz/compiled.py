"""Many cells compiled as one file, in float64 and with few optimisations: a tenth of the time that each alone takes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path

from recur.compiler import toolchain
from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.engine.native import library
from recur.equations.graph import Graph


def compile_together(graphs: Sequence[Graph], folder: Path) -> None:
    """Compile graphs, with nothing in them that depends on parameters alone, and let the engine find their cells."""
    texts = []
    for number, graph in enumerate(graphs):
        text = source(program(graph), f"cell {number}")
        text = text.replace("namespace {", f"namespace cell_{number} {{")
        text = text.replace(
            "recur_cell(void) { return &cell; }", f"recur_cell_{number}(void) {{ return &cell_{number}::cell; }}"
        )
        texts.append(re.sub(r"\{\w+<float>, ", "{nullptr, ", text))
    written, made = folder / "cells.cpp", folder / "cells.so"
    written.write_text("\n".join(texts), encoding="utf-8")
    instructions = toolchain.instruction_set()
    toolchain.compile_library(written, made, toolchain.CELL_SET.get(instructions, instructions), ["-O1"])
    loaded = ctypes.CDLL(str(made))
    for number, graph in enumerate(graphs):
        cell = library.CellLibrary(loaded, f"recur_cell_{number}")
        library._cells[graph.digest, instructions] = cell
