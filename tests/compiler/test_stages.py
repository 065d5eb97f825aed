"""The parts of a scheduled step: what a stage has, and what it only passes on."""

from __future__ import annotations

import pytest

from recur.compiler.lowering import Block, Operation
from recur.compiler.stages import Group, Location, Stage, Target
from recur.equations.sizes import ZERO, Size

H = Size.parse("H")
LEAF = Operation("leaf", (), H, ("state", "h", ZERO))


def target(kind: str) -> Target:
    return Target(LEAF, H, Location(kind, 0))


def product(*matrices: str) -> Operation:
    return Operation(
        "product", (LEAF,) * len(matrices), H, tuple(Block(one, False, ZERO, H, ZERO, H) for one in matrices)
    )


def test_slots_are_the_products_of_all_groups() -> None:
    group = Group(((Location("state", 0), H),), [product("W"), product("U")], 0)
    assert Stage(H, 0).slots == 0
    assert Stage(H, 0, groups=[group, Group(group.operands, [product("V")], 2)]).slots == 3


def test_a_group_gives_the_blocks_of_a_product() -> None:
    one = product("W", "U")
    assert [block.matrix for block in Group((), [one], 0).blocks(one)] == ["W", "U"]


@pytest.mark.parametrize(
    ("kinds", "partials", "only"),
    [
        (["handed"], [], True), (["handed", "handed"], [], True), (["handed", "derivative"], [], False),
        (["handed"], [(0, LEAF)], False), (["fresh"], [], False),
    ],
)  # fmt: skip
def test_a_stage_that_only_hands_the_error_down_writes_nothing_else(
    kinds: list[str], partials: list[tuple[int, Operation]], only: bool
) -> None:
    stage = Stage(H, 0, targets=[target(kind) for kind in kinds], partials=partials)
    assert stage.passes_carry_only is only
