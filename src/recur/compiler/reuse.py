"""Reuse of the tape's columns: a stored value takes that of a product with the input that nothing reads any more."""

from __future__ import annotations

from recur.compiler.stages import Place, Schedule, Target
from recur.equations.sizes import Size


def reuse(
    training: Schedule, sizes: list[Size], hoisted: int, read_later: set[Place]
) -> tuple[dict[Place, Place], list[Size]]:
    """Let what is stored take the columns of products with the input that nothing reads any more.

    A column is free from the last stage that loads it: a kernel loads what it needs of a unit before it stores. Not
    free is what the backward pass reads (``read_later``), what a product reads, for that takes all units of it, and a
    number that stages of another size load, for these may still be at work when it is overwritten.
    """
    operands = {place for stage in training.stages for group in stage.groups for place, _ in group.operands}
    last: dict[int, int] = {}
    for column in range(hoisted):
        place = Place("tape", column)
        uses = [i for i, stage in enumerate(training.stages) if place in stage.loads.values()]
        apart = any(training.stages[i].size != sizes[column] for i in uses)
        if place not in read_later | operands and not apart:
            last[column] = max(uses, default=0)
    physical: dict[Place, Place] = {}
    columns = sizes[:hoisted]
    for i, stage in enumerate(training.stages):
        for target in stage.targets:
            place = target.place
            if place.kind != "tape" or place in physical:
                continue
            free = next((c for c in last if last[c] <= i and sizes[c] == sizes[place.index]), None)
            if free is None:
                columns.append(sizes[place.index])
                physical[place] = Place("tape", len(columns) - 1)
            else:
                del last[free]
                physical[place] = Place("tape", free)
    return physical, columns


def places_read(planned: Schedule) -> set[Place]:
    """Every place that a schedule loads or multiplies."""
    loaded = {place for stage in planned.stages for place in stage.loads.values()}
    return loaded | {place for stage in planned.stages for group in stage.groups for place, _ in group.operands}


def rename(planned: Schedule, physical: dict[Place, Place]) -> None:
    """Put what is stored into the columns that `reuse` gave it."""
    for stage in planned.stages:
        stage.targets = [Target(t.atom, t.size, physical.get(t.place, t.place)) for t in stage.targets]
        stage.loads = {atom: physical.get(place, place) for atom, place in stage.loads.items()}
        for group in stage.groups:
            group.operands = tuple((physical.get(place, place), size) for place, size in group.operands)
