"""The C++ core's hashes of frozen weights."""

from __future__ import annotations

from pathlib import Path

from tests.native.programs import HERE, Machine, checks, run


def test_no_change_of_a_weight_is_missed_by_a_hash(machine: Machine, tmp_path: Path) -> None:
    made = checks(run(machine, tmp_path, [HERE / "hash.cpp"]))
    assert set(made) == {"bits", "places", "lengths"}
    assert min(made.values()) > 0
