"""C++ programs that test a header each: compiled for this processor, run once, and read line by line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from recur.compiler import toolchain

HERE = Path(__file__).parent
COMPILER = shutil.which("g++")
# checked for speed of compilation: what optimisation changes is tested through the installed libraries
FLAGS = ("-O0", "-std=c++17", "-fno-math-errno", "-ffp-contract=fast", "-fopenmp", "-Wall", "-Wextra", "-Werror")


def run(folder: Path, sources: Sequence[Path], arguments: Sequence[str] = (), flags: Sequence[str] = ()) -> list[str]:
    """Compile files, run the program, and return the lines that it prints; a check that fails fails the test."""
    if COMPILER is None:
        pytest.skip("there is no g++ here")
    instructions = toolchain.SETS[toolchain.instruction_set()]
    program = folder / "program"
    command = [COMPILER, *FLAGS, *instructions, *flags, "-DRECUR_ABI=1", "-iquote", toolchain.HEADERS, "-iquote", HERE]
    compiled = subprocess.run([*command, *sources, "-o", program], capture_output=True, text=True, timeout=120)
    assert compiled.returncode == 0, compiled.stderr
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()


def checks(lines: Sequence[str]) -> dict[str, int]:
    """The name of each test in a program, and how many checks it made."""
    return {name: int(count) for name, count in (line.rsplit(" ", 1) for line in lines)}
