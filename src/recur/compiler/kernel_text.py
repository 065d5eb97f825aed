"""C++ of an element-wise kernel: what is computed once, for every row, for every vector of units, and for both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from recur.compiler.lowering import Operation, Spread
from recur.compiler.stages import Location, Schedule, Stage, Target
from recur.equations.sizes import ONE, Size

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
"""Operations that C and C++ have an operator for."""

_BLOCK = 64  # rows whose numbers are computed at once; whole vectors of every width


def panel_vectors(stage: Stage) -> int:
    """Vectors of units per panel of a stage: two where it has a single product, since a tile is two vectors wide."""
    return 2 if any(len(group.products) == 1 for group in stage.groups) else 1


def _written(op: str, operands: Sequence[str]) -> str:
    if op in INFIX:
        return f"{operands[0]} {INFIX[op]} {operands[1]}"
    return f"-{operands[0]}" if op == "neg" else f"v_{op}({', '.join(operands)})"


class Kernel:
    """The element-wise part of a stage: for every vector of units, for every row.

    Parameters
    ----------
    stage, planned : Stage, Schedule
        The stage, and the program that it belongs to.
    size : callable
        The place of a size in the table of the cell's sizes.
    scanned : bool
        Whether one call runs many steps.
    """

    def __init__(self, stage: Stage, planned: Schedule, size: Callable[[Size], int], scanned: bool) -> None:
        self.stage = stage
        self.planned = planned
        self.size = size
        self.scanned = scanned
        self.before: list[str] = []  # once
        self.start: list[str] = []  # before the vectors of units, for each block of rows
        self.outer: list[str] = []  # for every vector of units
        self.inner: list[str] = []  # for every row of it
        self.by_row: list[str] = []  # once for every row: its numbers, and what depends on them alone
        self.after: list[str] = []  # after the rows of a vector of units
        self.end: list[str] = []  # after the units of a row
        # The rows of a product are in the cache, and its units are few. Without products each row is read and written
        # from its first unit to its last, as caches fetch memory ahead, and its totals are in registers
        self.row_after_row = not stage.slots and not scanned
        self.names: dict[int, str] = {}
        self.of_rows: dict[int, str] = {}  # names of what is a number of the row
        self.constants: set[int] = set()
        self.handed: dict[str, tuple[str, str]] = {}  # by its name for the units: array and value of several rows

    def write(self, name: str) -> str:
        """The C++ of the kernel."""
        stage = self.stage
        slots = {id(product): g.slot + n for g in stage.groups for n, product in enumerate(g.products)}
        for operation, location in stage.loads.items():
            self.load(operation, location)
        for operation in stage.order:
            if operation.op in {"constant", "count"}:
                value = (
                    repr(float(operation.attribute))
                    if operation.op == "constant"
                    else f"f->sizes[{self.size(operation.attribute)}]"
                )
                self.constants.add(id(operation))
                self.before.append(f"const V {self.new(operation)} = splat<T>(static_cast<T>({value}));")
            elif operation.op == "product":
                self.inner.append(
                    f"const V {self.new(operation)} = load<T>(product + (i - first_row) * f->product_stride"
                    f" + {slots[id(operation)]} * panel + (u - first_unit));"
                )
            elif operation.op == "spread":
                self.spread(operation)
            elif operation.args and all(id(a) in self.constants for a in operation.args):
                value = self.expression(operation)
                self.before.append(f"const V {self.new(operation)} = {value};")
                self.constants.add(id(operation))
            elif self.same_for_all_units(operation):
                self.row_value(operation)
            else:
                value = self.expression(operation)
                self.inner.append(f"const V {self.new(operation)} = {value};")
        if stage.slots:
            self.before.append("const T* const product = static_cast<const T*>(f->product);")
            self.before.append(f"constexpr int64_t panel = {panel_vectors(stage)} * Lane<T>::count;")
        for target in stage.targets:
            self.keep(target)
        for number, operation in stage.partials:
            self.partial(number, operation)
        handed = self.used()
        first, last = ("from", "to") if self.by_row else ("first_row", "last_row")
        rows = f"for (int64_t i = {first}; i < {last}; ++i) {{"
        columns = "for (int64_t u = first_unit; u < last_unit; u += Lane<T>::count) {"
        numbers = [f"const V {name} = splat<T>({array}[i - from]);" for name, (array, _) in handed.items()]
        if self.row_after_row:
            outer, inner = rows, columns
            around = numbers + self.start, self.end
            within = self.outer + self.inner + self.after
        else:
            outer, inner = columns, rows
            around = self.outer, self.after
            within = numbers + self.inner
        units = [
            *([] if self.row_after_row else self.start),
            outer,
            *(f"  {line}" for line in around[0]),
            f"  {inner}",
            *(f"    {line}" for line in within),
            "  }",
            *(f"  {line}" for line in around[1]),
            "}",
        ]
        return "\n".join([
            "template <class T>",
            f"void {name}(const RecurFrame* f, int64_t first_row, int64_t last_row, "
            "int64_t first_unit, int64_t last_unit) {",
            "  using V = Vec<T>;",
            *(f"  {line}" for line in dict.fromkeys(self.before)),
            *(f"  {line}" for line in (self.in_blocks(units, list(handed.values())) if self.by_row else units)),
            "}",
            "",
        ])  # fmt: skip

    def used(self) -> dict[str, tuple[str, str]]:
        """What of the rows' values the units read; the others serve only these values."""
        read = set(re.findall(r"\w+", "\n".join(self.inner)))
        return {name: value for name, value in self.handed.items() if name in read}

    def in_blocks(self, units: list[str], handed: list[tuple[str, str]]) -> list[str]:
        """The loop over units for a block of rows, after the values of these rows, several rows to a vector."""
        return [
            f"for (int64_t from = first_row; from < last_row; from += {_BLOCK}) {{",
            f"  const int64_t to = from + {_BLOCK} < last_row ? from + {_BLOCK} : last_row;",
            *(f"  T {array}[{_BLOCK}];" for array, _ in handed),
            "  for (int64_t i = from; i < to; i += Lane<T>::count) {",
            *(f"    {line}" for line in self.by_row),
            *(f"    store<T>({array} + (i - from), {value});" for array, value in handed),
            "  }",
            *(f"  {line}" for line in units),
            "}",
        ]

    def same_for_all_units(self, operation: Operation) -> bool:
        """Whether an operation depends on numbers of the row alone, and constants."""
        operands = {id(a) for a in operation.args}
        return operands <= self.of_rows.keys() | self.constants and not operands.isdisjoint(self.of_rows)

    def row_load(self, operation: Operation, element: str) -> None:
        """Read the numbers of several rows into a vector; ``element`` is that of row i + j."""
        row = self.of_rows[id(operation)] = "r" + self.names[id(operation)][1:]
        self.by_row.append(f"V {row} = splat<T>(1);")
        self.by_row.append(f"for (int64_t j = 0; j < Lane<T>::count && i + j < to; ++j) {row}[j] = {element};")
        self.handed[self.names[id(operation)]] = f"row_{row}", row

    def row_value(self, operation: Operation) -> None:
        """Compute a value once for every row."""
        operands = [self.of_rows.get(id(a)) or self.names[id(a)] for a in operation.args]
        name = self.new(operation)
        row = self.of_rows[id(operation)] = "r" + name[1:]
        self.by_row.append(f"const V {row} = {_written(operation.op, operands)};")
        self.handed[name] = f"row_{row}", row

    def new(self, operation: Operation) -> str:
        self.names[id(operation)] = f"v{len(self.names)}"
        return self.names[id(operation)]

    def expression(self, operation: Operation) -> str:
        operands = [self.names[id(a)] for a in operation.args]
        divisor = operation.args[1] if operation.op == "div" else None
        if divisor is not None and divisor.op == "sqrt" and id(divisor) in self.of_rows:
            # the reciprocal of a root neither overflows nor loses bits, so one for the row serves all units
            return _written("mul", [operands[0], self.inverse(divisor)])
        return _written(operation.op, operands)

    def inverse(self, divisor: Operation) -> str:
        """The reciprocal of a number of the row."""
        row = self.of_rows[id(divisor)]
        self.handed[f"inverse_{row}"] = f"row_inverse_{row}", f"T(1) / {row}"
        return f"inverse_{row}"

    def address(self, location: Location) -> str:
        """The element u = 0 of row i of a column."""
        kind, k = location.kind, location.index
        if kind in {"tape", "scratch", "derivative", "input"}:
            self.before.append(f"T* const {kind} = static_cast<T*>(f->{kind});")
            self.before.append(f"const int64_t {kind}_stride = f->{kind}_stride;")
            self.before.append(f"const int64_t {kind}_{k} = f->{kind}_columns[{k}];")
            return f"{kind} + i * {kind}_stride + {kind}_{k}"
        if kind in {"state", "fresh", "carry", "handed"}:
            stride = "state_stride" if kind in {"state", "fresh"} else "carry_stride"
            self.before.append(f"T* const {kind}_{k} = static_cast<T*>(f->{kind}[{k}]);")
            self.before.append(f"const int64_t {stride} = f->{stride};")
            return f"{kind}_{k} + i * {stride}"
        self.before.append(f"const T* const noise_{k} = static_cast<const T*>(f->noise[{k}]);")
        self.before.append(f"const int64_t noise_stride_{k} = f->noise_stride[{k}];")
        return f"noise_{k} + i * noise_stride_{k}"

    def load(self, operation: Operation, location: Location) -> None:
        k = location.index
        name = self.new(operation)
        if location.kind == "parameter":
            self.before.append(f"const T* const parameter_{k} = static_cast<const T*>(f->parameter[{k}]);")
            if operation.size == ONE:
                self.before.append(f"const V {name} = splat<T>(*parameter_{k});")
                self.constants.add(id(operation))
            else:
                self.outer.append(f"const V {name} = load<T>(parameter_{k} + u);")
        elif location.kind == "total":
            self.row_load(operation, f"static_cast<const T*>(f->total)[(i + j) * f->totals + {k}]")
        elif operation.size == ONE and not self.scanned:
            self.row_load(operation, f"*({self.address(location).replace('+ i *', '+ (i + j) *')})")
        else:
            address = self.address(location)
            read = f"splat<T>(*({address}))" if operation.size == ONE else f"load<T>({address} + u)"
            self.inner.append(f"const V {name} = {read};")

    def spread(self, operation: Operation) -> None:
        """Read a vector's element of the row, or of the column, of each element of a matrix."""
        spread: Spread = operation.attribute
        location, size = self.stage.spreads[operation]
        k = self.size(spread.columns)
        if location.kind == "parameter":
            self.before.append(
                f"const T* const parameter_{location.index} = static_cast<const T*>(f->parameter[{location.index}]);"
            )
            address = f"parameter_{location.index}"
        else:
            address = self.address(location)
        walk = f"const int64_t columns_{k} = f->sizes[{k}];"
        if walk not in self.before:
            self.before.append(walk)
            self.start.append(f"int64_t row_{k} = first_unit / columns_{k}, column_{k} = first_unit % columns_{k};")
            self.after.append(
                f"for (column_{k} += Lane<T>::count; column_{k} >= columns_{k}; column_{k} -= columns_{k}) ++row_{k};"
            )
        what = "of_rows" if spread.along_rows else "of_columns"
        rows = f", f->sizes[{self.size(size)}]" if spread.along_rows else ""
        place = f"row_{k}{rows}, column_{k}" if spread.along_rows else f"column_{k}"
        if spread.heads is not None:
            what, every = "of_parts", spread.rows.times(spread.heads)
            place = f"row_{k}, f->sizes[{self.size(spread.rows)}], f->sizes[{self.size(every)}], column_{k}"
        self.inner.append(f"const V {self.new(operation)} = spread_{what}<T>({address}, {place}, columns_{k});")

    def keep(self, target: Target) -> None:
        name, location = self.names[id(target.operation)], target.location
        if location.kind == "accumulated":
            k = location.index
            self.before.append(f"T* const accumulated_{k} = static_cast<T*>(f->accumulated[{k}]);")
            if self.row_after_row:
                self.inner.append(f"store<T>(accumulated_{k} + u, load<T>(accumulated_{k} + u) + {name});")
                return
            self.outer.append(f"V sum_{k} = load<T>(accumulated_{k} + u);")
            self.inner.append(f"sum_{k} += {name};")
            self.after.append(f"store<T>(accumulated_{k} + u, sum_{k});")
        elif location.kind == "handed" and self.scanned:
            # it holds the derivative of what the layer returned at that step
            address = f"{self.address(location)} + u"
            self.inner.append(f"store<T>({address}, load<T>({address}) + {name});")
        else:
            self.inner.append(f"store<T>({self.address(location)} + u, {name});")

    def partial(self, number: int, operation: Operation) -> None:
        self.before.append("T* const partial = static_cast<T*>(f->partial);")
        self.before.append(f"const int64_t units = f->sizes[{self.size(self.stage.size)}];")
        at = f"partial + (i * totals + {number}) * Lane<T>::count"
        self.before.append("const int64_t totals = f->totals;")
        name, largest = self.names[id(operation)], self.planned.totals[number].attribute == "largest"
        rest = ", -std::numeric_limits<T>::infinity()" if largest else ""
        value = f"(u + Lane<T>::count > units ? first<T>({name}, units - u{rest}) : {name})"
        before = f"total_{number}" if self.row_after_row else f"load<T>({at})"
        both = f"v_maximum({before}, {value})" if largest else f"{before} + {value}"
        if self.row_after_row:
            self.start.append(f"V total_{number} = load<T>({at});")
            self.inner.append(f"total_{number} = {both};")
            self.end.append(f"store<T>({at}, total_{number});")
        else:
            self.inner.append(f"store<T>({at}, {both});")
