"""No exception leaves the core's C functions, memory may run out anywhere, and sizes beyond any memory are refused."""

from __future__ import annotations

from pathlib import Path

from recur import equations
from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.compiler.variants import lifted
from tests.native.programs import HERE, Machine, checks, run, size_table

SIZES = {"X": 3, "H": 72}  # enough work for a second thread


def test_memory_may_run_out_at_any_allocation_and_sizes_beyond_memory_are_refused(
    machine: Machine, tmp_path: Path
) -> None:
    # a cell with two states, totals and several stages
    text = source(program(lifted(equations.get("lstm_layernorm").graph)[0]), "lstm_layernorm")
    cell = tmp_path / "cell.cpp"
    cell.write_text(text, encoding="utf-8")
    made = checks(run(machine, tmp_path, [HERE / "boundary.cpp", cell], size_table(text, SIZES)))
    assert {name for name, count in made.items() if count > 3} == {
        "forward", "backward", "stream", "stack", "readout", "acquire", "sizes", "missing", "exceptions",
    }  # fmt: skip
