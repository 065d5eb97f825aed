"""The core under the thread sanitizer: its team and memory, and the stock cells called from several threads."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from recur.compiler.cplusplus import source
from recur.compiler.program import program
from recur.compiler.toolchain import HEADERS, compile_library, instruction_set
from recur.compiler.variants import lifted
from recur.equations import get
from tests.native.programs import FLAGS, HERE, HERE_ITSELF, size_table

SANITIZER = ("-fsanitize=thread", "-g1", "-O1")
FOUND = 66  # the exit status of a program in which the sanitizer saw a race
SIZES = {"X": 3, "H": 72, "P": 20}  # enough work for a second thread
# each division of the work, products and scans: the sanitizer slows everything by ten
CELLS = ("elman", "gru", "lstm", "lstm_layernorm", "lstm_projected", "min_gru")


@pytest.fixture(autouse=True)
def asked_for() -> None:
    HERE_ITSELF.require()
    if not os.environ.get("RECUR_RACES"):
        pytest.skip("compiling the core for the thread sanitizer takes minutes: make sanitize")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that was compiled for the sanitizer, with teams of several threads."""
    options = f"exitcode={FOUND} allocator_may_return_null=1"
    environment = {**os.environ, "TSAN_OPTIONS": options, "OMP_NUM_THREADS": "2"}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)


def test_the_team_and_its_memory_have_no_race(tmp_path: Path) -> None:
    HERE_ITSELF.compile([HERE / "team.cpp"], tmp_path / "team", (*FLAGS, *SANITIZER))
    ran = run(tmp_path / "team")
    assert ran.returncode == 0, ran.stderr


def test_a_barrier_that_does_not_order_memory_is_reported(tmp_path: Path) -> None:
    written = Path(HEADERS, "team.h").read_text(encoding="utf-8")
    (tmp_path / "team.h").write_text(written.replace("memory_order_acquire", "memory_order_relaxed"), encoding="utf-8")
    flags = (*FLAGS, *SANITIZER, "-iquote", str(tmp_path))
    HERE_ITSELF.compile([HERE / "team.cpp"], tmp_path / "team", flags)
    ran = run(tmp_path / "team")
    assert ran.returncode == FOUND
    assert "data race" in ran.stderr


def test_cells_called_from_several_threads_have_no_race(tmp_path: Path) -> None:
    compile_library(HEADERS / "core.cpp", tmp_path / "core.so", instruction_set(), ("-fopenmp", *SANITIZER))
    words: list[str | Path] = []
    for name in CELLS:
        text, library = source(program(lifted(get(name).graph)[0]), "cell"), tmp_path / f"{name}.so"
        library.with_suffix(".cpp").write_text(text, encoding="utf-8")
        compile_library(library.with_suffix(".cpp"), library, instruction_set(), SANITIZER)
        words += [library, ",".join(size_table(text, SIZES))]
    HERE_ITSELF.compile([HERE / "races.cpp"], tmp_path / "races", (*FLAGS, *SANITIZER, "-DRECUR_ABI=1", "-ldl"))
    ran = run(tmp_path / "races", tmp_path / "core.so", *words)
    assert ran.returncode == 0, ran.stderr
    used = [[int(count) for count in line.split()[1:]] for line in ran.stdout.splitlines()]
    assert used == [[6, 6, 6, 6]] * len(CELLS)
