"""Packed groups of the loop and the large products over all steps in the C++ core, against sums written out."""

from __future__ import annotations

from pathlib import Path

from tests.native.programs import HERE, Machine, checks, run


def test_groups_and_sweeps_give_the_sums_and_shares_cover_everything(machine: Machine, tmp_path: Path) -> None:
    made = checks(run(machine, tmp_path, [HERE / "products.cpp"]))
    assert made.pop("packing in parts") == 1
    direct = {name: made.pop(f"direct {name}") for name in ("tiles", "groups")}
    if machine.best == "plain":
        assert set(direct.values()) == {0}
    else:
        assert direct["tiles"] > 1000
        assert direct["groups"] > 5
    assert len(made) == 5
    assert min(made.values()) > 100
