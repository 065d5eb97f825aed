"""The core and cells of each kind under the sanitizers: of threads, and of addresses and undefined behaviour."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.compiler.toolchain import HEADERS, compile_library, instruction_set
from recur.compiler.variants import lifted
from recur.equations import get
from tests.native.programs import FLAGS, HERE, HERE_ITSELF, size_table

THREADS = ("-fsanitize=thread", "-g1", "-O1")
ADDRESSES = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1", "-O1")
FOUND = 66  # the exit status of a program in which the sanitizer saw a race
SIZES = {"X": 3, "H": 72, "P": 20, "heads": 4}  # enough work for a second thread
MATRIX_CELLS = ("fast_weights", "linear_attention", "mlstm", "mlstm_heads", "slstm_heads")
# each division of the work, products, scans and matrices of the rows: the sanitizer slows everything by ten
CELLS = ("elman", "gru", "lstm", "lstm_layernorm", "lstm_projected", "min_gru", *MATRIX_CELLS)


@pytest.fixture(autouse=True)
def asked_for() -> None:
    HERE_ITSELF.require()
    if not os.environ.get("RECUR_RACES"):
        pytest.skip("compiling the core for the sanitizers takes minutes: make sanitize")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that was compiled for a sanitizer, with teams of several threads."""
    options = f"exitcode={FOUND} allocator_may_return_null=1"
    environment = {**os.environ, "TSAN_OPTIONS": options, "ASAN_OPTIONS": "detect_leaks=0", "OMP_NUM_THREADS": "2"}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)


def test_the_team_and_its_memory_have_no_race(tmp_path: Path) -> None:
    HERE_ITSELF.compile([HERE / "team.cpp"], tmp_path / "team", (*FLAGS, *THREADS))
    ran = run(tmp_path / "team")
    assert ran.returncode == 0, ran.stderr


def test_a_barrier_that_does_not_order_memory_is_reported(tmp_path: Path) -> None:
    # all of them, since headers include those beside them
    for header in HEADERS.glob("*.h"):
        written = header.read_text(encoding="utf-8")
        if header.name == "team.h":
            written = written.replace("memory_order_acquire", "memory_order_relaxed")
        (tmp_path / header.name).write_text(written, encoding="utf-8")
    flags = (*FLAGS, *THREADS, "-iquote", str(tmp_path))
    HERE_ITSELF.compile([HERE / "team.cpp"], tmp_path / "team", flags)
    ran = run(tmp_path / "team")
    assert ran.returncode == FOUND
    assert "data race" in ran.stderr


def compiled(names: Sequence[str], folder: Path, sanitizer: Sequence[str]) -> list[str | Path]:
    """Compile the core and these cells: the path of the core, and of each cell its path and its sizes."""
    compile_library(HEADERS / "core.cpp", folder / "core.so", instruction_set(), ("-fopenmp", *sanitizer))
    words: list[str | Path] = [folder / "core.so"]
    for name in names:
        text, library = source(program(lifted(get(name).graph)[0]), "cell"), folder / f"{name}.so"
        library.with_suffix(".cpp").write_text(text, encoding="utf-8")
        compile_library(library.with_suffix(".cpp"), library, instruction_set(), sanitizer)
        words += [library, ",".join(size_table(text, SIZES))]
    return words


def test_cells_called_from_several_threads_have_no_race(tmp_path: Path) -> None:
    words = compiled(CELLS, tmp_path, THREADS)
    HERE_ITSELF.compile([HERE / "races.cpp"], tmp_path / "races", (*FLAGS, *THREADS, "-DRECUR_ABI=1", "-ldl"))
    ran = run(tmp_path / "races", *words)
    assert ran.returncode == 0, ran.stderr
    used = [[int(count) for count in line.split()[1:]] for line in ran.stdout.splitlines()]
    assert used == [[6, 6, 6, 6]] * len(CELLS)


def test_cells_with_matrices_of_the_rows_stay_in_their_memory(tmp_path: Path) -> None:
    words = compiled(MATRIX_CELLS, tmp_path, ADDRESSES)
    HERE_ITSELF.compile([HERE / "contract.cpp"], tmp_path / "contract", (*FLAGS, *ADDRESSES, "-ldl"))
    ran = run(tmp_path / "contract", tmp_path / "numbers", *words)
    assert ran.returncode == 0, ran.stderr
    assert {line.split()[0] for line in ran.stdout.splitlines()} == {str(n) for n in range(len(MATRIX_CELLS))}
