"""Tiles and packing of the C++ core's products, against sums written out."""

from __future__ import annotations

from pathlib import Path

from tests.native.programs import HERE, Machine, checks, run


def test_every_tile_and_packing_gives_the_sum(machine: Machine, tmp_path: Path) -> None:
    made = checks(run(machine, tmp_path, [HERE / "gemm.cpp"]))
    assert made.pop("bfloat16") > 5
    made.pop("products paired", None)  # where the processor has the instruction
    assert len(made) == 5
    assert min(made.values()) > 600
