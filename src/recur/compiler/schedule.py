"""The schedule of a time step: which stage computes each piece, and in which order.

A product needs its whole operand and a total the whole vector, so both end a stage: a thread that computes a part of
the units has to wait for those who compute the others. Within a stage everything is element-wise, and one pass over the
units does it all.

    level 0     what depends on states, stored values and products with these only
    level n     what depends on a product with, or a total over, what level n-1 has computed

What two stages need is computed in the first and kept for the second (unless it costs next to nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from recur.compiler.atoms import Atom, in_order, is_hoisted
from recur.compiler.barriers import place_barriers
from recur.compiler.cuts import NotCompiledError
from recur.compiler.stages import Group, Place, Schedule, Stage, Target
from recur.equations.sizes import ONE, Size

_TRANSCENDENTAL = frozenset({"tanh", "sigmoid", "exp", "log", "sqrt", "sin", "cos", "softplus", "div"})
_MEMORY = frozenset({"tape", "scratch", "derivative"})  # what is written in a step and can be read later in it


def cost(atom: Atom, known: Callable[[Atom], bool]) -> float:
    """Transcendental operations that an atom takes, given what is known; infinite if it takes a product."""
    price = 0.0
    for one in in_order([atom], stop=[a for a in in_order([atom]) if known(a)]):
        if one.op in {"product", "total"} or (one.op == "leaf" and one.kind not in {"parameter", "seed"}):
            return float("inf")
        price += one.op in _TRANSCENDENTAL
    return price


def schedule(
    targets: Iterable[Target],
    available: Mapping[Atom, Place],
    new_column: Callable[[Atom, Size], Place],
    operand_column: Callable[[Atom, Size], Place],
) -> Schedule:
    """Put what a step must compute into stages.

    Parameters
    ----------
    targets : iterable of Target
        What must be kept.
    available : mapping of Atom to Place
        What is in memory before the step begins: states, parameters, stored values, products with the input.
    new_column, operand_column : callable
        ``(atom, size)``: a place for what a later stage reads; for what a product reads.
    """
    return _Scheduler(available, new_column, operand_column).run(list(targets))


class _Scheduler:
    def __init__(
        self,
        available: Mapping[Atom, Place],
        new_column: Callable[[Atom, Size], Place],
        operand_column: Callable[[Atom, Size], Place],
    ) -> None:
        self.available = dict(available)
        self.new_column = new_column
        self.operand_column = operand_column
        self.levels: dict[int, int] = {}
        self.operands: dict[tuple[int, Size], Place] = {}  # a number is stretched to each size that a product reads
        self.totals: list[Atom] = []

    def run(self, targets: list[Target]) -> Schedule:
        needed = in_order((t.atom for t in targets), stop=self.available)
        kept = list(targets)
        for atom in needed:
            if atom.op == "product":
                kept += self._store_operands(atom)
                if atom.size == ONE and not any(t.atom is atom and t.place.kind in _MEMORY for t in kept):
                    # a number that units of another size will read: it has to be in memory
                    kept.append(Target(atom, ONE, self.new_column(atom, ONE)))
            elif atom.op == "total":
                self.totals.append(atom)
        stages: dict[tuple[int, Size], Stage] = {}

        def stage_of(atom: Atom, size: Size) -> Stage:
            level = self._level(atom) if size == atom.size else self._stretched_level(atom)
            return stages.setdefault((level, size), Stage(size, level))

        for target in dict.fromkeys(kept):
            stage_of(target.atom, target.size).targets.append(target)
        for number, total in enumerate(self.totals):
            (atom,) = total.args
            stage_of(atom, atom.size).partials.append((number, atom))
        ordered = sorted(stages.values(), key=lambda stage: stage.level)
        self._fill(ordered)
        if not place_barriers(ordered):
            raise NotCompiledError("a stage reads a number that it writes itself")
        return Schedule(ordered, self.totals)

    def _store_operands(self, product: Atom) -> list[Target]:
        """See to it that every operand of a product stands in memory."""
        stored = []
        for block, operand in zip(product.attribute, product.args, strict=True):
            key = id(operand), block.columns
            if key in self.operands:
                continue
            place = self.available.get(operand)
            if place is None or place.kind not in {"state", *_MEMORY} or operand.size != block.columns:
                place = self.operand_column(operand, block.columns)
                stored.append(Target(operand, block.columns, place))
            self.operands[key] = place
        return stored

    def _level(self, atom: Atom) -> int:
        for one in in_order([atom], stop=self.available):
            if id(one) in self.levels:
                continue
            if one.op == "product":
                level = max(
                    0 if self.available.get(a) == self.operands[id(a), b.columns] else self._stored_level(a, b.columns)
                    for a, b in zip(one.args, one.attribute, strict=True)
                )
            elif one.op == "total":
                level = self._read_level(one.args[0]) + 1
            else:
                level = max((self._read_level(a) for a in one.args), default=0)
            self.levels[id(one)] = level
        return self._known_level(atom)

    def _known_level(self, atom: Atom) -> int:
        return 0 if atom in self.available else self.levels[id(atom)]

    def _read_level(self, atom: Atom) -> int:
        """The level at which another atom can read this one: a number from a product is read a stage later."""
        later = atom.op == "product" and atom.size == ONE and atom not in self.available
        return self._known_level(atom) + later

    def _stretched_level(self, atom: Atom) -> int:
        """The level at which units of any size can read an atom that may be a number."""
        self._level(atom)
        return self._read_level(atom)

    def _stored_level(self, operand: Atom, size: Size) -> int:
        """The level behind the stage that stores an operand."""
        return (self._level(operand) if size == operand.size else self._stretched_level(operand)) + 1

    def _fill(self, stages: list[Stage]) -> None:
        """Say for every stage what it loads, computes and multiplies."""
        computed: dict[int, Stage] = {}
        spilled: dict[int, Place] = {}
        for stage in stages:
            placed = {id(t.atom): t.place for s in stages if s.level < stage.level for t in s.targets}

            def place_of(atom: Atom, placed: dict[int, Place] = placed, stage: Stage = stage) -> Place | None:
                if atom in self.available:
                    return self.available[atom]
                if atom.op == "total":
                    return Place("total", self.totals.index(atom))
                if id(atom) in spilled:
                    return spilled[id(atom)]
                before = computed.get(id(atom))
                if before is None or before is stage or before.level == stage.level:
                    return None
                found = placed.get(id(atom))
                if found is not None and found.kind in _MEMORY:
                    return found
                if atom.size == ONE or cost(atom, lambda a: a in self.available) == 0:
                    return None
                place = spilled[id(atom)] = self.new_column(atom, atom.size)
                before.targets.append(Target(atom, atom.size, place))
                return place

            self._walk(stage, place_of)
            for atom in stage.order:
                computed.setdefault(id(atom), stage)

    def _walk(self, stage: Stage, place_of: Callable[[Atom], Place | None]) -> None:
        products: list[Atom] = []
        seen: set[int] = set()

        def visit(atom: Atom) -> None:
            stack: list[tuple[Atom, bool]] = [(atom, False)]
            while stack:
                one, done = stack.pop()
                if done:
                    stage.order.append(one)
                    continue
                if id(one) in seen:
                    continue
                seen.add(id(one))
                place = place_of(one)
                if place is not None:
                    stage.loads[one] = place
                    continue
                stack.append((one, True))
                if one.op == "product":
                    if is_hoisted(one):
                        raise NotCompiledError(
                            f"a part of {one.attribute[0].matrix} @ x is computed and never used",
                            hint="leave its rows out of the matrix",
                        )
                    if one.size != stage.size:
                        raise NotCompiledError(
                            f"a product of {one.size} units is used by an operation on {stage.size} units",
                            hint="give it a size symbol of its own",
                        )
                    products.append(one)
                else:
                    stack.extend((a, False) for a in reversed(one.args))

        for target in stage.targets:
            visit(target.atom)
        for _, atom in stage.partials:
            visit(atom)
        groups: dict[tuple[tuple[int, Size], ...], Group] = {}
        for product in products:
            key = tuple((id(a), block.columns) for a, block in zip(product.args, product.attribute, strict=True))
            if key not in groups:
                operands = tuple(
                    (self.operands[id(a), block.columns], block.columns)
                    for a, block in zip(product.args, product.attribute, strict=True)
                )
                groups[key] = Group(operands, [], 0)
            groups[key].products.append(product)
        stage.groups = list(groups.values())
        slot = 0
        for group in stage.groups:
            group.slot = slot
            slot += len(group.products)
