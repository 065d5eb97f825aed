"""Placement of thread barriers between the stages of a time step, where threads share the units of a row.

A thread that reads only its own units needs no barrier. From other threads it reads the operands of products, totals,
and numbers that units of another size need. Such a read and a write of the same memory must be separated by a barrier,
in either order. The memory of a step is used again two steps later, so three consecutive steps show every conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recur.compiler.stages import Location, Stage
from recur.equations.sizes import ONE

_STEPS = 4
_CONSTANT = frozenset({"parameter", "noise", "input"})  # not written inside the loop

Cell = tuple[str, int, int]  # a column of one of the two steps that memory holds


@dataclass(frozen=True)
class _Access:
    """A write of a stage's own units, or a read of units of all threads."""

    moment: int  # counts stages, over all steps
    writes: bool


def place_barriers(stages: Sequence[Stage]) -> bool:
    """Mark the stages with a barrier after them (``Stage.waits``); return False if no barrier resolves a conflict."""
    count = len(stages)
    accesses: dict[Cell, list[_Access]] = {}
    for step in range(_STEPS):
        for number, stage in enumerate(stages):
            moment = step * count + number
            for cell in _reads(stage, stages, number, step):
                accesses.setdefault(cell, []).append(_Access(moment, writes=False))
            for cell in _writes(stage, step):
                accesses.setdefault(cell, []).append(_Access(moment, writes=True))
    pairs = sorted(
        {
            (min(a.moment, b.moment), max(a.moment, b.moment))
            for same_cell in accesses.values() for a in same_cell for b in same_cell if a.writes and not b.writes
        },
        key=lambda pair: pair[1] - pair[0],
    )  # fmt: skip
    for first, last in pairs:
        if first == last:
            return False
        if not any(stages[moment % count].waits for moment in range(first, last)):
            stages[first % count].waits = True
    return True


def _cell(location: Location, step: int) -> Cell:
    after = location.kind in {"fresh", "handed"}
    kind = {"fresh": "state", "handed": "carry"}.get(location.kind, location.kind)
    return kind, location.index, (step + after) % 2


def _reads(stage: Stage, stages: Sequence[Stage], number: int, step: int) -> set[Cell]:
    """The columns that a stage reads from other threads."""
    reads = {_cell(location, step) for location, _ in stage.read_across if location.kind not in _CONSTANT}
    for operation, location in stage.loads.items():
        if location.kind == "total":
            # each thread sums a total once, where it is first read
            if not any(location in before.loads.values() for before in stages[:number]):
                reads.add(_cell(location, step))
        elif location.kind not in _CONSTANT and operation.size == ONE and stage.size != ONE:
            reads.add(_cell(location, step))
    return reads


def _writes(stage: Stage, step: int) -> set[Cell]:
    own = [target.location for target in stage.targets] + [one.location for one in stage.contractions]
    return {_cell(location, step) for location in own} | {("total", number, step % 2) for number, _ in stage.partials}
