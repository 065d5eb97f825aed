"""Program verifier: checks before compilation that every read sees the value that it is meant to see.

Several parts of the compiler allocate, share and reuse columns, and a mistake in any of them gives plausible numbers.
So the stages are run once over symbols: each memory holds the operation that was written last, and a kernel's load, a
product's operand or a share that finds another operation there, or another size, is refused. The layer then runs
eagerly and its report says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recur.compiler.barriers import place_barriers
from recur.compiler.lowering import Operation
from recur.compiler.partition import NotCompiledError
from recur.compiler.stages import Location, Schedule
from recur.equations.sizes import ONE, Size

Memory = dict[Location, tuple[Operation, Size]]  # what each place holds, and how wide it is


def held(locations: Mapping[Operation, Location]) -> Memory:
    """A memory that holds these operations."""
    return {location: (operation, operation.size) for operation, location in locations.items()}


def expect(memory: Memory, location: Location, operation: Operation, size: Size | None = None) -> None:
    """Refuse a place that does not hold this operation, or not in this size; without one a number may be stretched."""
    found = memory.get(location)
    fits = (
        found is not None
        and found[0] is operation
        and (found[1] == size if size else operation.size in (ONE, found[1]))
    )
    if not fits:
        what = "nothing" if found is None else f"a {found[0].op} of {found[1]}"
        raise NotCompiledError(
            f"the compiler made a plan that reads a {operation.op} of {size or operation.size} from "
            f"{location.kind} {location.index}, which holds {what}",
            hint="this is a fault of recur: please report the equation",
        )


def follow(planned: Schedule, before: Memory) -> Memory:
    """Run a schedule over a memory and return what it leaves.

    Raises
    ------
    NotCompiledError
        If something is read that is not there, or that another thread may be writing at the time.
    """
    memory = dict(before)
    for stage in planned.stages:
        for operation, location in stage.loads.items():
            expect(memory, location, operation)
        for group in stage.groups:
            for product in group.products:
                for (location, columns), operand in zip(group.operands, product.args, strict=True):
                    expect(memory, location, operand, columns)
        known = {id(operation) for operation in (*stage.loads, *stage.order)}
        for target in stage.targets:
            if id(target.operation) not in known:
                raise NotCompiledError("the compiler made a plan that keeps what it does not compute")
            memory[target.location] = target.operation, target.size
        for number, _ in stage.partials:
            memory[Location("total", number)] = planned.totals[number], ONE
    waits = [stage.waits for stage in planned.stages]
    if not place_barriers(planned.stages) or waits != [stage.waits for stage in planned.stages]:
        raise NotCompiledError("the compiler made a plan in which threads read what others are writing")
    return memory


def kept(memory: Memory, kinds: Iterable[str]) -> Memory:
    """The part of a memory that is kept."""
    wanted = set(kinds)
    return {location: value for location, value in memory.items() if location.kind in wanted}
