"""The compiled text is real C++, and every set of instructions gives the same numbers."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from recur import equations
from recur.compiler import toolchain
from recur.compiler.cplusplus import size_texts, source
from recur.compiler.generate import main as generate
from recur.compiler.program import program
from recur.engine.native.library import Cell
from recur.errors import BackendError
from tests.engine.helpers import everything, make
from tests.tolerances import close, near

SETS = list(toolchain.SETS)
usable = SETS[SETS.index(toolchain._best_set()) :]


@pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")
def test_the_text_of_a_stock_cell_compiles_to_a_library_that_describes_it(tmp_path):
    made = program(equations.get("gru_layernorm").graph)
    text = tmp_path / "cell.cpp"
    text.write_text(source(made, "gru_layernorm"))
    toolchain.compile_library(text, tmp_path / "lib" / "cell.so", "plain", ["-Wall", "-Wextra", "-Werror"])
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["cell.so"]
    cell = Cell(tmp_path / "lib" / "cell.so")
    assert cell.sizes == size_texts(made)
    name = ctypes.cast(cell.pointer + 8, ctypes.POINTER(ctypes.c_char_p))[0]
    assert name == b"gru_layernorm"


def test_the_build_lists_every_cell_once_and_writes_only_what_has_changed(tmp_path):
    assert generate(str(tmp_path)) == 0
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    listed = (tmp_path / "build.cmake").read_text().splitlines()
    (cells,) = [line for line in listed if line.startswith("set(RECUR_CELLS ")]
    named = cells.removesuffix(")").split()[1:]
    assert sorted(f"{name}.cpp" for name in named) == sorted(set(written) - {"build.cmake"})
    assert len(set(named)) == len(named)
    assert generate(str(tmp_path)) == 0
    assert written == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


def test_other_processors_get_plain_cells_only(tmp_path):
    generate(str(tmp_path), "aarch64")
    text = (tmp_path / "build.cmake").read_text()
    assert "set(RECUR_CORE_SETS plain)" in text
    assert "avx" not in text


def test_an_instruction_set_that_does_not_exist_is_refused_with_those_that_do(monkeypatch):
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx3")
    with pytest.raises(BackendError, match=f'RECUR_INSTRUCTIONS is "avx3", expected one of {", ".join(usable)}'):
        toolchain.instruction_set()
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "plain")
    assert toolchain.instruction_set() == "plain"
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "")
    assert toolchain.instruction_set() == usable[0]


def test_a_set_that_this_processor_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(toolchain, "_best_set", lambda: "avx2")
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx512")
    with pytest.raises(BackendError, match='RECUR_INSTRUCTIONS is "avx512", expected one of avx2, plain'):
        toolchain.instruction_set()


def test_a_set_that_does_not_exist_is_a_reason_in_the_report(monkeypatch):
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx3")
    case = make("lstm", 3, 2, 2, 2)
    from recur.engine import run

    report = run(case.equation, case.x, None, case.parameters).report
    assert report.ran == "stock"
    assert 'RECUR_INSTRUCTIONS is "avx3"' in report.reasons["native"]
    assert "unset RECUR_INSTRUCTIONS" in report.reasons["native"]


ELSEWHERE = """
    import sys
    import torch
    from tests.compiler.test_toolchain import results

    torch.save(results(), sys.argv[1])
"""


def results() -> dict[str, torch.Tensor]:
    """Outputs and gradients of some cells, at both precisions and with half factors."""
    found = {}
    for name in ("lstm", "gru", "gru_reset_before", "lstm_layernorm", "indrnn"):
        for dtype, precision in ((torch.float64, "float32"), (torch.float32, "float32"), (torch.float32, "bfloat16")):
            case = make(name, 3, 9, 7, 37, ragged=True, resets=True, noise=True, dtype=dtype)
            case.parameters = {p: (value.detach() * 0.3).requires_grad_() for p, value in case.parameters.items()}
            for what, value in everything(case, "native", precision=precision).items():
                found[json.dumps([name, str(dtype), precision, what])] = value
    return found


@pytest.mark.parametrize("instructions", usable[1:])
def test_every_set_of_instructions_gives_the_numbers_of_the_best(instructions, tmp_path):
    subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(ELSEWHERE), str(tmp_path / "found")],
        check=True, cwd=Path(__file__).parents[2], timeout=120,
        env={**os.environ, "RECUR_INSTRUCTIONS": instructions, "RECUR_FILL_NAN": "1"},
    )  # fmt: skip
    found = torch.load(tmp_path / "found", weights_only=True)
    expected = results()
    assert list(found) == list(expected)
    for key, value in expected.items():
        _, dtype, precision, _ = json.loads(key)
        if dtype == "torch.float64":
            close(found[key], value, key)
        else:
            near(found[key], value, key, torch.bfloat16 if precision == "bfloat16" else torch.float32)
