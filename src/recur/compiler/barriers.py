"""Placement of thread barriers between the stages of a time step, where threads share the units of a row.

A thread that reads only units of its own waits for none. What it reads of others is a product's operand, a total, and a
number that units of another size need. Such a read and a write of the same memory must lie on two sides of a barrier,
whichever comes first. Memory of one step is used again two steps later, so three steps in a row show every conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recur.compiler.stages import Location, Stage
from recur.equations.sizes import ONE

_STEPS = 4
_CONSTANT = frozenset({"parameter", "noise", "input"})  # not written while the loop runs

Cell = tuple[str, int, int]  # a column of one of the two steps that memory is kept for


@dataclass(frozen=True)
class _Access:
    """A write of a stage's own units, or a read of everybody's."""

    moment: int  # counts stages, over all steps
    writes: bool


def place_barriers(stages: Sequence[Stage]) -> bool:
    """Mark the stages that all threads must wait behind (``Stage.waits``); False if no barrier can help."""
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
            for found in accesses.values() for a in found for b in found if a.writes and not b.writes
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
    """What a stage reads of other threads."""
    found = {_cell(location, step) for group in stage.groups for location, _ in group.operands}
    for operation, location in stage.loads.items():
        if location.kind == "total":
            # each thread adds a total up once, where it is first read
            if not any(location in before.loads.values() for before in stages[:number]):
                found.add(_cell(location, step))
        elif location.kind not in _CONSTANT and operation.size == ONE and stage.size != ONE:
            found.add(_cell(location, step))
    return found


def _writes(stage: Stage, step: int) -> set[Cell]:
    return {_cell(target.location, step) for target in stage.targets} | {
        ("total", number, step % 2) for number, _ in stage.partials
    }
