"""Scheduling of a time step: which stage computes each piece, and in which order.

A product needs its whole operand and a total the whole vector, so both end a stage: a thread that computes some of the
units has to wait for the threads of the others. Within a stage everything is element-wise, in one pass over the units.

    level 0     what depends on states, stored values and products with these only
    level n     what depends on a product with, or a total over, what level n-1 has computed

A value that two stages need is computed in the first and kept for the second, unless it is cheap to recompute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from recur.compiler.barriers import place_barriers
from recur.compiler.lowering import Operation, is_hoisted, topological_order
from recur.compiler.partition import NotCompiledError
from recur.compiler.stages import Group, Location, Schedule, Stage, Target
from recur.equations.sizes import ONE, Size

_TRANSCENDENTAL = frozenset(
    {"tanh", "sigmoid", "exp", "log", "sqrt", "sin", "cos", "softplus", "erf", "atan", "pow", "div"}
)
_MEMORY = frozenset({"tape", "scratch", "derivative"})  # written in a step, and readable later in the same step


def cost(operation: Operation, is_available: Callable[[Operation], bool], enough: float = float("inf")) -> float:
    """The transcendental operations that compute a value from those available; infinite if it needs a product.

    Counting ends above ``enough``, so that a long step is not walked again for every operation.
    """
    price = 0.0
    stack, seen = [operation], set[int]()
    while stack:
        one = stack.pop()
        if id(one) in seen or is_available(one):
            continue
        seen.add(id(one))
        if one.op in {"product", "total"} or (one.op == "leaf" and one.kind not in {"parameter", "seed"}):
            return float("inf")
        price += one.op in _TRANSCENDENTAL
        if price > enough:
            return price
        stack.extend(one.args)
    return price


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
        self.operands: dict[tuple[int, Size], Location] = {}  # a number is broadcast to each size that a product reads
        self.totals: list[Operation] = []

    def run(self, targets: list[Target]) -> Schedule:
        needed = topological_order((t.operation for t in targets), stop=self.available)
        all_targets = list(targets)
        for operation in needed:
            if operation.op == "product":
                all_targets += self._store_operands(operation)
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
        for number, total in enumerate(self.totals):
            (operation,) = total.args
            stage_of(operation, operation.size).partials.append((number, operation))
        ordered = sorted(stages.values(), key=lambda stage: stage.level)
        self._fill(ordered)
        if not place_barriers(ordered):
            raise NotCompiledError("a stage reads a number that it writes itself")
        return Schedule(ordered, self.totals)

    def _store_operands(self, product: Operation) -> list[Target]:
        """Store every operand of a product that is not in memory."""
        stored = []
        for block, operand in zip(product.attribute, product.args, strict=True):
            key = id(operand), block.columns
            if key in self.operands:
                continue
            location = self.available.get(operand)
            if location is None or location.kind not in {"state", *_MEMORY} or operand.size != block.columns:
                location = self.operand_column(operand, block.columns)
                stored.append(Target(operand, block.columns, location))
            self.operands[key] = location
        return stored

    def _level(self, operation: Operation) -> int:
        for one in topological_order([operation], stop=self.available):
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
        return self._known_level(operation)

    def _known_level(self, operation: Operation) -> int:
        return 0 if operation in self.available else self.levels[id(operation)]

    def _read_level(self, operation: Operation) -> int:
        """The level at which another operation can read this one: a number from a product is read one stage later."""
        later = operation.op == "product" and operation.size == ONE and operation not in self.available
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
                if id(operation) in spilled:
                    return spilled[id(operation)]
                before = computed.get(id(operation))
                if before is None or before is stage or before.level == stage.level:
                    return None
                stored = placed.get(id(operation))
                if stored is not None and stored.kind in _MEMORY:
                    return stored
                if operation.size == ONE or cost(operation, lambda a: a in self.available, 0) == 0:
                    return None
                location = spilled[id(operation)] = self.new_column(operation, operation.size)
                before.targets.append(Target(operation, operation.size, location))
                return location

            self._walk(stage, location_of)
            for operation in stage.order:
                computed.setdefault(id(operation), stage)

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
                else:
                    stack.extend((a, False) for a in reversed(one.args))

        for target in stage.targets:
            visit(target.operation)
        for _, operation in stage.partials:
            visit(operation)
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
