"""Reuse of the tape: which columns are free, and when."""

from __future__ import annotations

from recur import equations
from recur.compiler.buffer_reuse import locations_read, rename, reuse
from recur.compiler.lowering import Operation
from recur.compiler.program import Program, program
from recur.compiler.stages import Group, Location, Schedule, Stage, Target
from recur.equations.sizes import ONE, ZERO, Size


def of(name: str) -> Program:
    return program(equations.get(name).graph)


def test_what_is_stored_takes_the_place_of_products_that_nobody_reads_any_more():
    lstm = of("lstm")
    stored = [t.location for stage in lstm.training.stages for t in stage.targets if t.location.kind == "tape"]
    assert sorted(location.index for location in stored) == [0, 1, 2, 3]
    read = {location for stage in lstm.training.stages for location in stage.loads.values() if location.kind == "tape"}
    assert read == set(stored)


H, P = Size.parse("H"), Size.parse("P")


def operation(name: str, size: Size = H) -> Operation:
    return Operation("leaf", (), size, ("state", name, ZERO))


def stage(level: int, *, loads: dict[str, int] | None = None, keeps: tuple[int, ...] = (), size: Size = H) -> Stage:
    """A stage that loads columns of the tape and keeps others."""
    return Stage(
        size, level, targets=[Target(operation(f"kept {k}", size), size, Location("tape", k)) for k in keeps],
        loads={operation(name, size): Location("tape", column) for name, column in (loads or {}).items()},
    )  # fmt: skip


def given(*stages: Stage, sizes: list[Size], hoisted: int, later: set[int] | None = None) -> tuple[dict[int, int], int]:
    """Column -> column that takes its place, and how many there are."""
    read = {Location("tape", column) for column in later or ()}
    physical, columns = reuse(Schedule(list(stages), []), sizes, hoisted, read)
    return {old.index: new.index for old, new in physical.items()}, len(columns)


def test_a_value_takes_the_column_of_a_product_in_the_stage_that_loads_it_last() -> None:
    assert given(stage(0, loads={"a": 0}, keeps=(1,)), sizes=[H, H], hoisted=1) == ({1: 0}, 1)


def test_a_column_that_a_later_stage_loads_is_not_free() -> None:
    first, second = stage(0, keeps=(1,)), stage(1, loads={"a": 0}, keeps=(2,))
    assert given(first, second, sizes=[H, H, H], hoisted=1) == ({1: 1, 2: 0}, 2)


def test_a_column_that_the_backward_pass_reads_is_not_free() -> None:
    assert given(stage(0, loads={"a": 0}, keeps=(1,)), sizes=[H, H], hoisted=1, later={0}) == ({1: 1}, 2)


def test_a_column_of_another_size_is_not_free() -> None:
    assert given(stage(0, keeps=(1,)), sizes=[P, H], hoisted=1) == ({1: 1}, 2)


def test_a_column_is_taken_once() -> None:
    assert given(stage(0, loads={"a": 0}, keeps=(1, 2)), sizes=[H, H, H], hoisted=1) == ({1: 0, 2: 1}, 2)


def test_a_number_that_units_of_another_size_load_is_not_free() -> None:
    assert given(stage(0, loads={"a": 0}, keeps=(1,)), sizes=[ONE, ONE], hoisted=1) == ({1: 1}, 2)


def test_a_column_that_a_product_reads_is_not_free() -> None:
    reading = stage(0, loads={"a": 0}, keeps=(1,))
    reading.groups = [Group(((Location("tape", 0), H),), [], 0)]
    assert given(reading, sizes=[H, H], hoisted=1) == ({1: 1}, 2)


def test_what_is_loaded_and_what_is_multiplied_is_read() -> None:
    reading = stage(0, loads={"a": 3})
    reading.groups = [Group(((Location("state", 1), H),), [], 0)]
    assert locations_read(Schedule([reading], [])) == {Location("tape", 3), Location("state", 1)}


def test_columns_are_renamed_wherever_they_are() -> None:
    one = stage(0, loads={"a": 2, "b": 0}, keeps=(2,))
    one.groups = [Group(((Location("tape", 2), H), (Location("state", 2), H)), [], 0)]
    rename(Schedule([one], []), {Location("tape", 2): Location("tape", 1)})
    assert [target.location for target in one.targets] == [Location("tape", 1)]
    assert [location.index for location in one.loads.values()] == [1, 0]
    assert one.groups[0].operands == ((Location("tape", 1), H), (Location("state", 2), H))
