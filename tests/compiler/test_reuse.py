"""Reuse of the tape: which columns are free, and when."""

from __future__ import annotations

from recur import equations
from recur.compiler.atoms import Atom
from recur.compiler.program import Program, program
from recur.compiler.reuse import places_read, rename, reuse
from recur.compiler.stages import Group, Place, Schedule, Stage, Target
from recur.equations.sizes import ONE, ZERO, Size


def of(name: str) -> Program:
    return program(equations.get(name).graph)


def test_what_is_stored_takes_the_place_of_products_that_nobody_reads_any_more():
    lstm = of("lstm")
    stored = [t.place for stage in lstm.training.stages for t in stage.targets if t.place.kind == "tape"]
    assert sorted(place.index for place in stored) == [0, 1, 2, 3]
    read = {place for stage in lstm.training.stages for place in stage.loads.values() if place.kind == "tape"}
    assert read == set(stored)


H, P = Size.parse("H"), Size.parse("P")


def atom(name: str, size: Size = H) -> Atom:
    return Atom("leaf", (), size, ("state", name, ZERO))


def stage(level: int, *, loads: dict[str, int] | None = None, keeps: tuple[int, ...] = (), size: Size = H) -> Stage:
    """A stage that loads columns of the tape and keeps others."""
    return Stage(
        size, level, targets=[Target(atom(f"kept {k}", size), size, Place("tape", k)) for k in keeps],
        loads={atom(name, size): Place("tape", column) for name, column in (loads or {}).items()},
    )  # fmt: skip


def given(*stages: Stage, sizes: list[Size], hoisted: int, later: set[int] | None = None) -> tuple[dict[int, int], int]:
    """Column -> column that takes its place, and how many there are."""
    read = {Place("tape", column) for column in later or ()}
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
    reading.groups = [Group(((Place("tape", 0), H),), [], 0)]
    assert given(reading, sizes=[H, H], hoisted=1) == ({1: 1}, 2)


def test_what_is_loaded_and_what_is_multiplied_is_read() -> None:
    reading = stage(0, loads={"a": 3})
    reading.groups = [Group(((Place("state", 1), H),), [], 0)]
    assert places_read(Schedule([reading], [])) == {Place("tape", 3), Place("state", 1)}


def test_columns_are_renamed_wherever_they_are() -> None:
    one = stage(0, loads={"a": 2, "b": 0}, keeps=(2,))
    one.groups = [Group(((Place("tape", 2), H), (Place("state", 2), H)), [], 0)]
    rename(Schedule([one], []), {Place("tape", 2): Place("tape", 1)})
    assert [target.place for target in one.targets] == [Place("tape", 1)]
    assert [place.index for place in one.loads.values()] == [1, 0]
    assert one.groups[0].operands == ((Place("tape", 1), H), (Place("state", 2), H))
