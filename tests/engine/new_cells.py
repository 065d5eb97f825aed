"""Cells that nobody has compiled, and what their first use says."""

from __future__ import annotations

import warnings

from recur.compiler import toolchain
from recur.engine import run
from recur.engine.native import cache_cleanup, installed_libraries, library
from recur.equations import Equation, equation, tanh
from tests.engine.helpers import make


def new_cell(seed: float) -> Equation:
    """An equation that nobody has compiled: a number in it makes it another."""

    @equation(x="X", h="H", W_xh="H X", W_hh="H H")
    def leaky(x, h, W_xh, W_hh):
        return seed * h + tanh(W_xh @ x + W_hh @ h)

    return leaky


def forget() -> None:
    """As in a new process: nothing has been loaded or read."""
    library._cells.clear()
    for one in (toolchain._compiler, installed_libraries._manifest):
        one.cache_clear()
    cache_cleanup._done.clear()


def first_use(cell: Equation, backend: str = "native") -> list[str]:
    """Run a cell and return what it said."""
    case = make(cell, 3, 2, 2, 4)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert run(cell, case.x, None, case.parameters, backend=backend).report.ran == "native"
    return [str(one.message) for one in said if one.category is library.CompiledNotice]


def refused(number: float) -> str:
    """Why a cell is not compiled; it runs as an equation."""
    cell = new_cell(number)
    case = make(cell, 3, 2, 2, 4)
    report = run(cell, case.x, None, case.parameters).report
    assert report.ran == "eager"
    return str(report.reasons["native"])
