"""C++ programs that test a header each: compiled for a processor, run once, and read line by line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from recur.compiler import toolchain
from recur.equations.sizes import Size

HERE = Path(__file__).parent
# checked for speed of compilation: what optimisation changes is tested through the installed libraries
FLAGS = ("-O0", "-std=c++17", "-fno-math-errno", "-ffp-contract=fast", "-fopenmp", "-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Machine:
    """A processor that programs are compiled for, and how they are started here.

    Attributes
    ----------
    name : str
        The processor.
    compiler : str
        The compiler that writes its programs.
    emulator : tuple of str
        The start of a command line that runs them; none where they run here as they are.
    packages : str
        What to install where one of them is missing.
    """

    name: str
    compiler: str
    emulator: tuple[str, ...] = ()
    packages: str = "g++"

    def require(self) -> None:
        """Skip the test where programs cannot be compiled or run, and where they take long and were not asked for."""
        if self.emulator and not os.environ.get("RECUR_ARM"):
            pytest.skip("compiling for ARM and emulating it takes minutes: make arm")
        for program in (self.compiler, *self.emulator[:1]):
            if shutil.which(program) is None:
                pytest.skip(f"there is no {program} here: apt install {self.packages}")

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of its instruction set."""
        return toolchain.SETS[self.best]

    @property
    def best(self) -> str:
        """Its best instruction set."""
        return "plain" if self.emulator else toolchain.instruction_set()

    def compile(self, sources: Sequence[Path], program: Path, flags: Sequence[str]) -> None:
        """Compile a program; a warning fails the test."""
        command = [self.compiler, *flags, "-iquote", toolchain.HEADERS, "-iquote", HERE, *sources, "-o", program]
        compiled = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert compiled.returncode == 0, compiled.stderr

    def start(self, program: Path, arguments: Sequence[str | Path] = ()) -> list[str]:
        """Run a program and return the lines that it prints; a check that fails fails the test."""
        ran = subprocess.run([*self.emulator, program, *arguments], capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.splitlines()


HERE_ITSELF = Machine("this processor", "g++")
AARCH64 = Machine(
    "aarch64",
    "aarch64-linux-gnu-g++",
    ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"),
    "g++-aarch64-linux-gnu qemu-user",
)


def run(machine: Machine, folder: Path, sources: Sequence[Path], arguments: Sequence[str] = ()) -> list[str]:
    """Compile files, run the program, and return the lines that it prints."""
    program = folder / "program"
    machine.compile(sources, program, (*FLAGS, *machine.flags, "-DRECUR_ABI=1"))
    return machine.start(program, arguments)


def checks(lines: Sequence[str]) -> dict[str, int]:
    """The name of each test in a program, and how many checks it made."""
    return {name: int(count) for name, count in (line.rsplit(" ", 1) for line in lines)}


def size_table(source: str, sizes: dict[str, int]) -> list[str]:
    """The numbers that the size texts of a cell's source stand for."""
    line = next(line for line in source.splitlines() if "size_texts" in line and "{" in line)
    return [str(Size.parse(word, products=True).value(sizes)) for word in line.split('"')[1::2]]
