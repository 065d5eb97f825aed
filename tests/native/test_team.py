"""The C++ core's thread team, its barrier, and the memory that threads share."""

from __future__ import annotations

from pathlib import Path

from tests.native.programs import HERE, Machine, checks, run


def test_threads_are_numbered_meet_and_share_memory(machine: Machine, tmp_path: Path) -> None:
    made = checks(run(machine, tmp_path, [HERE / "team.cpp"]))
    team, waking, memory = (
        ("numbers", "nested", "barrier", "ordered", "forked", "moved", "unmoved"),
        ("awake", "asleep", "burst", "recovery", "pauses"),
        ("pool",),
    )
    assert set(made) == {*team, *waking, *memory, "too much", "shared pool"}
    assert min(made.values()) > 0
