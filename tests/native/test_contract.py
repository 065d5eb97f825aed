"""Every stock cell on ARM, compiled as it is installed there, beside the libraries installed for this processor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from recur.compiler.cplusplus import source
from recur.compiler.generate import stock_graphs
from recur.compiler.program import program
from recur.compiler.toolchain import HEADERS, compile_library, instruction_set
from recur.engine.native import installed_libraries
from recur.equations.graph import Graph
from tests import tolerances
from tests.native.programs import AARCH64, FLAGS, HERE, HERE_ITSELF, Machine, size_table

SIZES = {"X": 3, "H": 72, "P": 20}  # enough work for a second thread, and a last vector that is not full
DTYPES = {"double": torch.float64, "float": torch.float32, "bfloat16": torch.bfloat16}
DTYPES["int8"] = torch.bfloat16  # a factor that lies within rounding of a half may be another whole number


@pytest.mark.slow
def test_stock_cells_give_the_numbers_of_this_processor_on_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for machine in (HERE_ITSELF, AARCH64):
        machine.require()
    graphs = dict(cells())
    texts = {name: source(program(graph), "cell") for name, graph in graphs.items()}
    tables = [",".join(size_table(text, SIZES)) for text in texts.values()]

    here = instruction_set()
    installed = {name: installed_libraries.cell(graph, here)[0] for name, graph in graphs.items()}
    libraries = [one[0] for one in installed.values() if one is not None]
    assert len(libraries) == len(graphs)
    core, _ = installed_libraries.core(here)
    expected = dict(run(HERE_ITSELF, tmp_path, core, libraries, tables))

    monkeypatch.setenv("CXX", AARCH64.compiler)
    compile_library(HEADERS / "core.cpp", tmp_path / "core.so", "plain", ("-fopenmp",))
    for number, text in enumerate(texts.values()):
        written = tmp_path / f"{number}.cpp"
        written.write_text(text, encoding="utf-8")
        compile_library(written, tmp_path / f"{number}.so", "plain")
    libraries = [tmp_path / f"{number}.so" for number in range(len(texts))]
    found = dict(run(AARCH64, tmp_path, tmp_path / "core.so", libraries, tables))

    assert list(found) == list(expected)
    assert len({label.split()[0] for label in found}) == len(graphs)
    for label, numbers in found.items():
        cell, kind, *what = label.split()
        tolerances.near(numbers, expected[label], f"{list(graphs)[int(cell)]} {kind} {what}", like=DTYPES[kind])


def cells() -> Iterator[tuple[str, Graph]]:
    """Every stock cell as it is written, and with all its noises."""
    listed = list(stock_graphs())
    for (name, graph), (following, _) in pairwise([*listed, ("", listed[0][1])]):
        if not graph.noises:
            yield name, graph
        elif following != name:
            yield f"{name} with noise", graph


def run(
    machine: Machine, folder: Path, core: Path, cells: list[Path], tables: list[str]
) -> Iterator[tuple[str, torch.Tensor]]:
    """The arrays of all cells, by a label that is unique."""
    driver, output = folder / f"contract-{machine.name}", folder / f"numbers-{machine.name}"
    machine.compile([HERE / "contract.cpp"], driver, (*FLAGS, "-ldl"))
    arguments = [word for pair in zip(cells, tables, strict=True) for word in pair]
    lines = machine.start(driver, [output, core, *arguments])
    numbers = torch.from_numpy(np.fromfile(output, dtype=np.float64))
    at = 0
    for number, line in enumerate(lines):
        label, count = line.rsplit(" ", 1)
        yield f"{label} {number}", numbers[at : at + int(count)]
        at += int(count)
    assert at == len(numbers)
