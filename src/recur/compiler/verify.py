"""The verifier of a program: before compilation, checks that every read sees the value it is meant to see.

Columns are handed out, shared and given away in several places of the compiler, and a mistake in any of them gives
plausible numbers. So the stages are run once over symbols: each memory holds the atom that was written last, and a
kernel's load, a product's operand or a share that finds another atom there, or another size, is refused. The layer then
runs eagerly and its report says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recur.compiler.atoms import Atom
from recur.compiler.barriers import place_barriers
from recur.compiler.cuts import NotCompiledError
from recur.compiler.stages import Place, Schedule
from recur.equations.sizes import ONE, Size

Memory = dict[Place, tuple[Atom, Size]]  # what each place holds, and how wide it is


def held(places: Mapping[Atom, Place]) -> Memory:
    """A memory that holds these atoms."""
    return {place: (atom, atom.size) for atom, place in places.items()}


def expect(memory: Memory, place: Place, atom: Atom, size: Size | None = None) -> None:
    """Refuse a place that does not hold this atom, or not in this size; without one a number may be stretched."""
    found = memory.get(place)
    fits = found is not None and found[0] is atom and (found[1] == size if size else atom.size in (ONE, found[1]))
    if not fits:
        what = "nothing" if found is None else f"a {found[0].op} of {found[1]}"
        raise NotCompiledError(
            f"the compiler made a plan that reads a {atom.op} of {size or atom.size} from {place.kind} {place.index}, "
            f"which holds {what}",
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
        for atom, place in stage.loads.items():
            expect(memory, place, atom)
        for group in stage.groups:
            for product in group.products:
                for (place, columns), operand in zip(group.operands, product.args, strict=True):
                    expect(memory, place, operand, columns)
        known = {id(atom) for atom in (*stage.loads, *stage.order)}
        for target in stage.targets:
            if id(target.atom) not in known:
                raise NotCompiledError("the compiler made a plan that keeps what it does not compute")
            memory[target.place] = target.atom, target.size
        for number, _ in stage.partials:
            memory[Place("total", number)] = planned.totals[number], ONE
    waits = [stage.waits for stage in planned.stages]
    if not place_barriers(planned.stages) or waits != [stage.waits for stage in planned.stages]:
        raise NotCompiledError("the compiler made a plan in which threads read what others are writing")
    return memory


def kept(memory: Memory, kinds: Iterable[str]) -> Memory:
    """The part of a memory that is kept."""
    wanted = set(kinds)
    return {place: value for place, value in memory.items() if place.kind in wanted}
