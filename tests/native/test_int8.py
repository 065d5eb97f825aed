"""Products of 8 bits in the C++ core, in every instruction set that the processor has, against sums written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.compiler import toolchain
from tests.native.programs import FLAGS, HERE, Machine, checks


def sets_of(machine: Machine) -> list[str]:
    """The instruction sets that its programs can be compiled for and run."""
    sets = list(toolchain.SETS)
    return sets[sets.index(machine.best) :]


@pytest.mark.parametrize("instructions", ["avx512", "avx2", "plain"])
def test_every_kernel_sums_products_of_8_bits_exactly(machine: Machine, instructions: str, tmp_path: Path) -> None:
    if instructions not in sets_of(machine):
        pytest.skip(f"{machine.name} does not have {instructions}")
    program = tmp_path / "program"
    machine.compile([HERE / "int8.cpp"], program, (*FLAGS, *toolchain.SETS[instructions], "-DRECUR_ABI=1"))
    made = checks(machine.start(program))
    portable = {"plain": "C++", "avx2": "AVX2"}.get(instructions, "AVX-512BW")
    assert portable in made
    assert made["products"] > 1000 * (1 + any("VNNI" in name for name in made))
    assert made["deepest"] >= 4
    assert made["rounding"] > 300
