"""Reuse of tape columns: a stored value takes the column of a product with the input that is no longer read."""

from __future__ import annotations

from dataclasses import replace

from recur.compiler.stages import Location, Schedule, Target
from recur.equations.sizes import Size


def reuse(
    training: Schedule, sizes: list[Size], hoisted: int, read_later: set[Location]
) -> tuple[dict[Location, Location], list[Size]]:
    """Assign stored values to the columns of products with the input that are no longer read.

    A column is free from the last stage that loads it, since a kernel loads a unit before it stores it. A column is
    never free if the backward pass reads it (``read_later``), if a product reads it (all its units at once), or if
    stages of another size load it (they may still run when it is overwritten).
    """
    operands = {location for stage in training.stages for location, _ in stage.read_across}
    last: dict[int, int] = {}
    for column in range(hoisted):
        location = Location("tape", column)
        uses = [i for i, stage in enumerate(training.stages) if location in stage.loads.values()]
        apart = any(training.stages[i].size != sizes[column] for i in uses)
        if location not in read_later | operands and not apart:
            last[column] = max(uses, default=0)
    physical: dict[Location, Location] = {}
    columns = sizes[:hoisted]
    for i, stage in enumerate(training.stages):
        for target in stage.targets:
            location = target.location
            if location.kind != "tape" or location in physical:
                continue
            free = next((c for c in last if last[c] <= i and sizes[c] == sizes[location.index]), None)
            if free is None:
                columns.append(sizes[location.index])
                physical[location] = Location("tape", len(columns) - 1)
            else:
                del last[free]
                physical[location] = Location("tape", free)
    return physical, columns


def locations_read(planned: Schedule) -> set[Location]:
    """Every location that a schedule loads or multiplies."""
    loaded = {location for stage in planned.stages for location in stage.loads.values()}
    return loaded | {location for stage in planned.stages for location, _ in stage.read_across}


def rename(planned: Schedule, physical: dict[Location, Location]) -> None:
    """Replace the locations of stored values by those that `reuse` assigned."""
    for stage in planned.stages:
        stage.targets = [Target(t.operation, t.size, physical.get(t.location, t.location)) for t in stage.targets]
        stage.loads = {operation: physical.get(location, location) for operation, location in stage.loads.items()}
        for group in stage.groups:
            group.operands = tuple((physical.get(location, location), size) for location, size in group.operands)
        stage.contractions = [
            replace(one, operands=tuple((physical.get(place, place), size) for place, size in one.operands))
            for one in stage.contractions
        ]
        stage.spreads = {one: (physical.get(place, place), size) for one, (place, size) in stage.spreads.items()}
