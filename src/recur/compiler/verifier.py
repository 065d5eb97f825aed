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

Memory = dict[Location, tuple[Operation, Size]]  # the content of each location, and its size


def memory_with(locations: Mapping[Operation, Location]) -> Memory:
    """A memory with these contents."""
    return {location: (operation, operation.size) for operation, location in locations.items()}


def expect(memory: Memory, location: Location, operation: Operation, size: Size | None = None) -> None:
    """Refuse a location that does not hold this operation in this size; without a size, a number may be broadcast."""
    content = memory.get(location)
    fits = (
        content is not None
        and content[0] is operation
        and (content[1] == size if size else operation.size in (ONE, content[1]))
    )
    if not fits:
        what = "nothing" if content is None else f"a {content[0].op} of {content[1]}"
        raise NotCompiledError(
            f"the compiler made a plan that reads a {operation.op} of {size or operation.size} from "
            f"{location.kind} {location.index}, which holds {what}",
            hint="this is a bug in recur: please report the equation",
        )


def follow(planned: Schedule, before: Memory) -> Memory:
    """Run a schedule over a memory and return the memory after it.

    Raises
    ------
    NotCompiledError
        If a read does not find its value, or another thread may write it at the same time.
    """
    memory = dict(before)
    for stage in planned.stages:
        for one in stage.contractions:
            for (location, size), operand in zip(one.operands, one.operation.args, strict=True):
                expect(memory, location, operand, size)
            memory[one.location] = one.operation, one.operation.size
        for spread, (location, size) in stage.spreads.items():
            expect(memory, location, spread.args[0], size)
        for operation, location in stage.loads.items():
            expect(memory, location, operation)
        for group in stage.groups:
            for product in group.products:
                for (location, columns), operand in zip(group.operands, product.args, strict=True):
                    expect(memory, location, operand, columns)
        available = {id(operation) for operation in (*stage.loads, *stage.order)}
        for target in stage.targets:
            if id(target.operation) not in available:
                raise NotCompiledError("the compiler made a plan that stores a value it does not compute")
            memory[target.location] = target.operation, target.size
        for number, _ in stage.partials:
            memory[Location("total", number)] = planned.totals[number], ONE
    waits = [stage.waits for stage in planned.stages]
    if not place_barriers(planned.stages) or waits != [stage.waits for stage in planned.stages]:
        raise NotCompiledError("the compiler made a plan in which threads read values that others are writing")
    return memory


def of_kinds(memory: Memory, kinds: Iterable[str]) -> Memory:
    """The part of a memory in locations of these kinds."""
    kept_kinds = set(kinds)
    return {location: value for location, value in memory.items() if location.kind in kept_kinds}
