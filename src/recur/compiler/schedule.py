"""Scheduling of a time step: which stage computes each piece, and in which order.

A product needs its whole operand and a total the whole vector, so both end a stage: a thread that computes some of the
units has to wait for the threads of the others. Within a stage everything is element-wise, in one pass over the units.
Matrices that each row of the batch has of its own are pieces like all others: their products are computed just before
a stage, and what an element (i, j) reads of vectors, element i of one and j of another, is in memory before.

    level 0     what depends on states, stored values and products with these only
    level n     what depends on a product with, or a total over, what level n-1 has computed

A value that two stages need is computed in the first and kept for the second, unless it is cheap to recompute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from recur.compiler.barriers import place_barriers
from recur.compiler.lowering import Operation, is_hoisted, read_across, topological_order
from recur.compiler.partition import NotCompiledError
from recur.compiler.stages import Contraction, Group, Location, Schedule, Stage, Target
from recur.equations.sizes import ONE, Size

_TRANSCENDENTAL = frozenset(
    {"tanh", "sigmoid", "exp", "log", "sqrt", "sin", "cos", "softplus", "erf", "atan", "pow", "div"}
)
_MEMORY = frozenset({"tape", "scratch", "derivative"})  # written in a step, and readable later in the same step
# what can be read across units where it is, per operation; operands of others are copied to a column
_READABLE = {
    "product": _MEMORY | {"state"},
    "contract": _MEMORY | {"state", "fresh"},
    "spread": _MEMORY | {"state", "fresh", "parameter", "input", "noise"},
}


def cost(operation: Operation, is_available: Callable[[Operation], bool], enough: float = float("inf")) -> float:
    """The transcendental operations that compute a value from those available; infinite if it needs a product.

    Counting ends above ``enough``, so that a long step is not walked again for every operation. What is a number of the
    row counts nothing: it is computed once for all units.
    """
    price = 0.0
    stack, seen = [operation], set[int]()
    while stack:
        one = stack.pop()
        if id(one) in seen or is_available(one):
            continue
        seen.add(id(one))
        if one.op in {"product", "contract", "total"} or (one.op == "leaf" and one.kind not in {"parameter", "seed"}):
            return float("inf")
        price += one.op in _TRANSCENDENTAL and one.size != ONE
        if price > enough:
            return price
        stack.extend(one.args)
    return price


def is_quotient_by_root(operation: Operation) -> bool:
    """Whether it is divided by the square root of a number of the row: a multiplication, once the number is known."""
    return operation.op == "div" and operation.args[1].op == "sqrt" and operation.args[1].size == ONE


def schedule(
    targets: Iterable[Target],
    available: Mapping[Operation, Location],
    new_column: Callable[[Operation, Size], Location],
    operand_column: Callable[[Operation, Size], Location],
) -> Schedule:
    """Arrange the computation of a step in stages.

    Parameters
    ----------
    targets : iterable of Target
        The values that must be kept.
    available : mapping of Operation to Location
        Values in memory before the step: states, parameters, stored values, products with the input.
    new_column, operand_column : callable
        ``(operation, size)``: a location for a value that a later stage reads; for an operand of a product.
    """
    return _Scheduler(available, new_column, operand_column).run(list(targets))


class _Scheduler:
    def __init__(
        self,
        available: Mapping[Operation, Location],
        new_column: Callable[[Operation, Size], Location],
        operand_column: Callable[[Operation, Size], Location],
    ) -> None:
        self.available = dict(available)
        self.new_column = new_column
        self.operand_column = operand_column
        self.levels: dict[int, int] = {}
        # by what reads it, operand and size: a number is broadcast to each size that a product reads
        self.operands: dict[tuple[str, int, Size], Location] = {}
        self.contractions: dict[int, Contraction] = {}
        self.totals: list[Operation] = []

    def run(self, targets: list[Target]) -> Schedule:
        needed = topological_order((t.operation for t in targets), stop=self.available)
        all_targets = list(targets)
        # products first: their operands have columns that the gradients of matrices read too
        for operation in sorted(needed, key=lambda one: one.op != "product"):
            if operation.op in _READABLE:
                self._store_operands(operation, all_targets)
            if operation.op == "contract":
                operands = tuple((self.operands["contract", id(a), size], size) for a, size in read_across(operation))
                location = self.new_column(operation, operation.size)
                self.contractions[id(operation)] = Contraction(operation, location, operands)
            elif operation.op == "product":
                if operation.size == ONE and not any(
                    t.operation is operation and t.location.kind in _MEMORY for t in all_targets
                ):
                    # units of another size read this number, so it has to be in memory
                    all_targets.append(Target(operation, ONE, self.new_column(operation, ONE)))
            elif operation.op == "total":
                self.totals.append(operation)
        stages: dict[tuple[int, Size], Stage] = {}

        def stage_of(operation: Operation, size: Size) -> Stage:
            level = self._level(operation) if size == operation.size else self._stretched_level(operation)
            return stages.setdefault((level, size), Stage(size, level))

        for target in dict.fromkeys(all_targets):
            stage_of(target.operation, target.size).targets.append(target)
        for contraction in self.contractions.values():
            stage_of(contraction.operation, contraction.operation.size).contractions.append(contraction)
        for number, total in enumerate(self.totals):
            (operation,) = total.args
            stage_of(operation, operation.size).partials.append((number, operation))
        ordered = sorted(stages.values(), key=lambda stage: stage.level)
        self._fill(ordered)
        if not place_barriers(ordered):
            raise NotCompiledError("a stage reads a number that it writes itself")
        return Schedule(ordered, self.totals)

    def _store_operands(self, reader: Operation, targets: list[Target]) -> None:
        """Find where every operand that is read across units is in memory, or store it."""
        readable = _READABLE[reader.op]
        for operand, size in read_across(reader):
            key = reader.op, id(operand), size
            if key in self.operands:
                continue
            location = self.available.get(operand) if operand.size == size else None
            if reader.op != "product" and (location is None or location.kind not in readable):
                kept = [t.location for t in targets if t.operation is operand and t.size == size]
                location = next((place for place in kept if place.kind in readable), None)
            if location is None or location.kind not in readable:
                column = self.operand_column if reader.op == "product" else self.new_column
                location = column(operand, size)
                targets.append(Target(operand, size, location))
            self.operands[key] = location

    def _level(self, operation: Operation) -> int:
        for one in topological_order([operation], stop=self.available):
            if id(one) in self.levels:
                continue
            if one.op in _READABLE:
                level = max(
                    0 if self.available.get(a) == self.operands[one.op, id(a), size] else self._stored_level(a, size)
                    for a, size in read_across(one)
                )
            elif one.op == "total":
                level = self._read_level(one.args[0]) + 1
            else:
                level = max((self._read_level(a) for a in one.args), default=0)
            self.levels[id(one)] = level
        return self._known_level(operation)

    def _known_level(self, operation: Operation) -> int:
        return 0 if operation in self.available else self.levels[id(operation)]

    def _read_level(self, operation: Operation) -> int:
        """The level at which another operation can read this one: a number from a product is read one stage later."""
        later = operation.op in {"product", "contract"} and operation.size == ONE and operation not in self.available
        return self._known_level(operation) + later

    def _stretched_level(self, operation: Operation) -> int:
        """The level at which units of any size can read an operation that may be a number."""
        self._level(operation)
        return self._read_level(operation)

    def _stored_level(self, operand: Operation, size: Size) -> int:
        """The level after the stage that stores an operand."""
        return (self._level(operand) if size == operand.size else self._stretched_level(operand)) + 1

    def _fill(self, stages: list[Stage]) -> None:
        """Determine for every stage what it loads, computes and multiplies."""
        computed: dict[int, Stage] = {}
        spilled: dict[int, Location] = {}
        for stage in stages:
            placed = {id(t.operation): t.location for s in stages if s.level < stage.level for t in s.targets}

            def location_of(
                operation: Operation, placed: dict[int, Location] = placed, stage: Stage = stage
            ) -> Location | None:
                if operation in self.available:
                    return self.available[operation]
                if operation.op == "total":
                    return Location("total", self.totals.index(operation))
                if id(operation) in self.contractions:
                    return self.contractions[id(operation)].location
                if id(operation) in spilled:
                    return spilled[id(operation)]
                before = computed.get(id(operation))
                if before is None or before is stage or before.level == stage.level:
                    return None
                stored = placed.get(id(operation))
                if stored is not None and stored.kind in _MEMORY:
                    return stored
                if operation.size == ONE or self._is_cheap(operation, placed.keys() | spilled.keys()):
                    return None
                location = spilled[id(operation)] = self.new_column(operation, operation.size)
                before.targets.append(Target(operation, operation.size, location))
                return location

            self._walk(stage, location_of)
            for operation in stage.order:
                computed.setdefault(id(operation), stage)

    def _is_cheap(self, operation: Operation, stored: Set[int]) -> bool:
        """Whether computing it again takes less than storing and loading it; ``stored`` are in memory besides."""
        if operation.op == "sub" and operation.args[1].size == ONE:
            # its own store is saved, and a load is a load: the difference from a mean
            return operation.args[0] in self.available or id(operation.args[0]) in stored
        if is_quotient_by_root(operation):
            dividend = operation.args[0]
            return dividend in self.available or cost(dividend, lambda a: a in self.available, 0) == 0
        return cost(operation, lambda a: a in self.available, 0) == 0

    def _across(self, spread: Operation) -> tuple[Location, Size]:
        """The vector that a spread reads."""
        ((operand, size),) = read_across(spread)
        return self.operands["spread", id(operand), size], size

    def _walk(self, stage: Stage, location_of: Callable[[Operation], Location | None]) -> None:
        products: list[Operation] = []
        seen: set[int] = set()

        def visit(operation: Operation) -> None:
            stack: list[tuple[Operation, bool]] = [(operation, False)]
            while stack:
                one, done = stack.pop()
                if done:
                    stage.order.append(one)
                    continue
                if id(one) in seen:
                    continue
                seen.add(id(one))
                location = location_of(one)
                if location is not None:
                    stage.loads[one] = location
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
                elif one.op == "spread":
                    if one.size != stage.size:
                        raise NotCompiledError(f"a matrix of {one.size} elements is read by {stage.size} units")
                    stage.spreads[one] = self._across(one)
                else:
                    stack.extend((a, False) for a in reversed(one.args))

        for target in stage.targets:
            visit(target.operation)
        for _, operation in stage.partials:
            visit(operation)
        groups: dict[tuple[tuple[int, Size], ...], Group] = {}
        for product in products:
            key = tuple((id(a), size) for a, size in read_across(product))
            if key not in groups:
                groups[key] = Group(
                    tuple((self.operands["product", id(a), size], size) for a, size in read_across(product)), [], 0
                )
            groups[key].products.append(product)
        stage.groups = list(groups.values())
        slot = 0
        for group in stage.groups:
            group.slot = slot
            slot += len(group.products)
