"""C99 code generation: the forward step of one cell with its sizes as numbers, for programs without this library.

Each stage is one or more panels, then one loop over the units:

    panel       z = b + W v for all products of the stage with the same operands, which are joined to one matrix
    loop        what is element-wise, in an order that a compiler turns into vector instructions

A sum of products and biases that nothing else reads is one row of a panel: W_xh x + W_hh h + b is one product with
[x, h], whose sum starts at b. So products with x are not hoisted out of the loop over time, as they are natively.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recur.compiler.c99_panels import Operand, Panel, Row, element, padded, product_calls, product_lines
from recur.compiler.c99_sums import Joined
from recur.compiler.kernel_text import INFIX
from recur.compiler.lowering import Block, Operation, RowBlock
from recur.compiler.program import Program
from recur.compiler.stages import Location, Stage
from recur.equations.sizes import ONE, ZERO, Size

LIBRARY = {"log": "logf", "sqrt": "sqrtf", "sin": "sinf", "cos": "cosf", "erf": "erff", "floor": "floorf",
           "atan": "atanf", "pow": "powf"}  # fmt: skip
"""Operations that are the C library's, and their names in it; ``softplus`` needs it too."""


@dataclass
class Step:
    """The text of one step.

    Attributes
    ----------
    code : str
        The body of a C function that reads ``x`` and changes ``s``.
    panels : list of Panel
        Its matrices.
    vectors : dict of str to (str, int, int)
        Constant arrays of pieces of vectors: name in C to name of the vector, first element and size.
    scratch : int
        Numbers of scratch memory, which begins at the expression that was given.
    calls : set of str
        The operations that it calls as functions.
    """

    code: str = ""
    panels: list[Panel] = field(default_factory=list)
    vectors: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    scratch: int = 0
    calls: set[str] = field(default_factory=set)


def step(
    program: Program, sizes: Mapping[str, int], *, name: str, states: Mapping[str, str], scratch: str,
    noises: Mapping[str, float], int8: bool = False,
) -> Step:  # fmt: skip
    """Write the forward step of a program in C99.

    Parameters
    ----------
    program : Program
        The program.
    sizes : mapping of str to int
        A number for each size symbol.
    name : str
        The start of every name that it defines.
    states : mapping of str to str
        The expression of each state.
    scratch : str
        The expression of its scratch memory.
    noises : mapping of str to float
        The expectation of each noise.
    int8 : bool
        Whether factors of products are whole numbers of 8 bits, with a scale for each product: the text then needs
        ``float most``, and ``s->q`` with room for the longest operand.
    """
    return _Writer(program, sizes, name, states, scratch, noises, int8).write()


class _Writer:
    def __init__(
        self, program: Program, sizes: Mapping[str, int], name: str, states: Mapping[str, str], scratch: str,
        noises: Mapping[str, float], int8: bool,
    ) -> None:  # fmt: skip
        self.int8 = int8
        self.program, self.sizes, self.name = program, sizes, name
        self.states, self.scratch, self.noises = states, scratch, noises
        self.result = Step()
        self.lines: list[str] = []
        self.stages = program.forward.stages
        self.columns = [self._memory(size) for size in program.forward_scratch]
        self.places: dict[int, str] = {}  # what a panel computed, by operation
        self.joined = Joined(self.stages)
        self.totals = [self._memory(ONE) for _ in program.forward.totals]

    def write(self) -> Step:
        copies: list[str] = []
        self._standalone()
        for number, stage in enumerate(self.stages):
            self._panels(stage)
            self._contractions(stage)
            self._loop(number, stage, copies)
        self.lines += copies
        self.result.code = "\n".join(f"  {line}" for line in self.lines)
        return self.result

    def number(self, size: Size) -> int:
        return size.value(self.sizes)

    def _memory(self, size: Size) -> str:
        """The expression of new scratch memory."""
        offset = self.result.scratch
        self.result.scratch += self.number(size)
        return f"{self.scratch} + {offset}" if offset else self.scratch

    def _inputs(self, location: Location) -> list[_Factor]:
        """The blocks of a product with x."""
        blocks = next(h.blocks for h in self.program.hoisted if h.column == location.index)
        return [("input", block, start) for block, start in blocks]

    def _standalone(self) -> None:
        """The products with x that are not part of a sum: one panel for each size."""
        rest: dict[Size, list[tuple[Operation, Location]]] = {}
        for stage in self.stages:
            for operation, location in (*stage.loads.items(), *_read_across(stage)):
                if location.kind == "tape" and id(operation) not in self.joined.inner:
                    known = {id(one) for one, _ in rest.get(operation.size, [])}
                    if id(operation) not in known:
                        rest.setdefault(operation.size, []).append((operation, location))
        for products in rest.values():
            terms: list[_Term] = [(one, [self._inputs(at)], []) for one, at in products]
            self._panel(terms, products[0][0].size)

    def _panels(self, stage: Stage) -> None:
        """The products of a stage, those with the same operands together."""
        groups: dict[tuple[object, ...], list[_Term]] = {}
        for root in self.joined.roots(stage):
            factors, biases = self._factors(stage, root)
            key = tuple((kind, block.columns, start) for product in factors for kind, block, start in product)
            groups.setdefault(key, []).append((root, factors, biases))
        for terms in groups.values():
            self._panel(terms, stage.size)

    def _factors(self, stage: Stage, root: Operation) -> tuple[list[list[_Factor]], list[Operation]]:
        """The blocks of each product of a sum, each with its operand, and its biases."""
        factors: list[list[_Factor]] = []
        biases: list[Operation] = []
        for term in self.joined.terms(root):
            location = stage.loads.get(term)
            if location is not None and location.kind == "tape":
                factors.append(self._inputs(location))
            elif location is not None:
                biases.append(term)
            else:
                group = next(g for g in stage.groups if any(one is term for one in g.products))
                operands = zip(group.operands, term.args, group.blocks(term), strict=True)
                factors.append([(self.operand(one, place), block, ZERO) for (place, _), one, block in operands])
        return factors, biases

    def _panel(self, terms: list[_Term], size: Size) -> None:
        """Write one panel, and remember where each of its products is."""
        units = self.number(size)
        target = self._memory(Size((), padded(units * len(terms))))
        operands: list[Operand] = []
        places: dict[tuple[object, ...], int] = {}
        groups: list[int] = []
        rows = []
        for root, products, biases in terms:
            blocks = []
            met: Counter[object] = Counter()
            for factors in products:
                # in 8 bits the operands of a product have one scale; a second product with the same ones has its own
                group: tuple[object, ...] = tuple((text, block.columns, start) for text, block, start in factors)
                met[group] += 1
                mark = (group, met[group]) if self.int8 else ()
                before = len(operands)
                for expression, block, start in factors:
                    first, count = self.number(start), self.number(block.columns)
                    key = mark, expression, first, count
                    if key not in places:
                        places[key] = sum(one.size for one in operands)
                        base = "x" if expression == "input" else expression
                        operands.append(Operand(f"{base} + {first}" if first else base, count))
                    blocks.append((block, places[key]))
                if self.int8 and len(operands) > before:
                    groups.append(len(operands) - before)
            named = tuple(self._vector_part(bias) for bias in biases)
            rows.append(Row(units, tuple(blocks), named))
            self.places[id(root)] = f"{target} + {units * (len(rows) - 1)}" if len(rows) > 1 else target
        panel = Panel(f"{self.name}_{len(self.result.panels)}", tuple(operands), tuple(rows), target, tuple(groups))
        self.result.panels.append(panel)
        self.lines += product_lines(panel)
        self.result.calls |= product_calls(panel)

    def _contractions(self, stage: Stage) -> None:
        """The products with matrices that are states."""
        for one in stage.contractions:
            block: RowBlock = one.operation.attribute
            matrix, vector = (
                self.operand(operand, place)
                for operand, (place, _) in zip(one.operation.args, one.operands, strict=True)
            )
            row, column = self.number(block.row), self.number(block.column)
            stride, depth = self.number(block.matrix_columns), self.number(block.columns)
            units, to = self.number(one.operation.size), self.columns[one.location.index]
            if block.heads is not None:
                heads = self.number(block.heads)
                own, depth = units // heads, depth // heads
                for head in range(heads):
                    at, v, to_own = (f"{place} + {head * step}" if head else place for place, step in (
                        (matrix, own * depth), (vector, depth), (to, own)))  # fmt: skip
                    self._contraction(block.transposed, at, stride, v, depth, to_own, own)
                continue
            first = column * stride + row if block.transposed else row * stride + column
            self._contraction(block.transposed, f"{matrix} + {first}", stride, vector, depth, to, units)

    def _contraction(
        self, transposed: bool, matrix: str, stride: int, vector: str, depth: int, to: str, units: int
    ) -> None:
        if transposed:
            self.result.calls.add("columns")
            self.lines.append(f"NAME_columns({matrix}, {stride}, {vector}, {depth}, {to}, {units});")
        else:
            self.result.calls.add("dot")
            row = f"{matrix} + u * {stride}"
            self.lines.append(f"for (u = 0; u < {units}; ++u) {element(to, 'u')} = NAME_dot({row}, {vector}, {depth});")

    def operand(self, operation: Operation, location: Location) -> str:
        """The expression of an operand that is read across units."""
        return self.places[id(operation)] if location.kind == "tape" else self.address(location)

    def vector(self, location: Location) -> str:
        """The name of the constant array of a piece of a vector."""
        part = self.program.vector_parts[location.index]
        name = f"{self.name}_v{location.index}"
        self.result.vectors[name] = (
            self.program.vectors[part.owner], self.number(part.start), self.number(part.size)
        )  # fmt: skip
        return f"NAME_{name}"

    def _vector_part(self, bias: Operation) -> tuple[str, int]:
        _, name, start = bias.attribute
        return name, self.number(start)

    def address(self, location: Location) -> str:
        """The expression of the first number at a location."""
        if location.kind in {"state", "fresh"}:
            part = self.program.state_parts[location.index]
            start = self.number(part.start)
            whole = self.states[self.program.states[part.owner]]
            return f"{whole} + {start}" if start else whole
        if location.kind == "input":
            start = self.number(self.program.input_parts[location.index].start)
            return f"x + {start}" if start else "x"
        return self.columns[location.index]

    def _loop(self, number: int, stage: Stage, copies: list[str]) -> None:
        """The element-wise part of a stage."""
        body = _Body(self, stage)
        for operation in stage.order:
            body.compute(operation)
        stores = []
        for target in stage.targets:
            address = self.address(target.location)
            if target.location.kind == "fresh" and _read_later(self.stages[number + 1 :], target.location.index):
                kept = self._memory(target.size)
                self.result.calls.add("copy")
                copies.append(f"NAME_copy({kept}, {address}, {self.number(target.size)});")
                address = kept
            stores.append(f"{element(address, 'u')} = {body.value(target.operation)};")
        sums = []
        for total, operation in stage.partials:
            kept = self._memory(stage.size)
            stores.append(f"{element(kept, 'u')} = {body.value(operation)};")
            how = self.program.forward.totals[total].attribute
            self.result.calls.add(how)
            sums.append(f"{element(self.totals[total], '0')} = NAME_{how}({kept}, {self.number(stage.size)});")
        units = self.number(stage.size)
        self.lines += body.before
        self.lines.append(f"for (u = 0; u < {units}; ++u) {{")
        self.lines += [f"  {line}" for line in (*body.lines, *stores)]
        self.lines += ["}", *sums]


_Factor = tuple[str, Block, Size]  # the expression of an operand ("input" for x), the block, the first element of x
_Term = tuple[Operation, list[list[_Factor]], list[Operation]]  # a sum, its products and its biases


class _Body:
    """The statements of one loop over units."""

    def __init__(self, writer: _Writer, stage: Stage) -> None:
        self.writer, self.stage = writer, stage
        self.names: dict[int, str] = {}
        self.lines: list[str] = []
        self.before: list[str] = []

    def compute(self, operation: Operation) -> None:
        """Write one operation, unless a panel has computed it or it is read where it is used."""
        writer = self.writer
        if id(operation) in writer.joined.inner:
            return
        op = operation.op
        if id(operation) in writer.places or op in {"constant", "count", "spread"}:
            return
        operands = [self.value(a) for a in operation.args]
        if op == "pow" and operation.args[1].attribute == 0.5:
            op, operands = "sqrt", operands[:1]  # as in torch, at -0 and at minus infinity too
        if op in INFIX:
            text = f"{operands[0]} {INFIX[op]} {operands[1]}"
        elif op == "neg":
            text = f"-{operands[0]}"
        else:
            writer.result.calls.add(op)
            function = LIBRARY.get(op, f"NAME_{op}")
            text = f"{function}({', '.join(operands)})"
        name = f"v{len(self.names)}"
        self.lines.append(f"const float {name} = {text};")
        self.names[id(operation)] = name

    def value(self, operation: Operation) -> str:
        """The expression of a value at unit u."""
        writer = self.writer
        known = self.names.get(id(operation))
        if known is not None:
            return known
        if operation.op == "spread":
            return self._spread(operation)
        if operation.op == "constant":
            return literal(float(operation.attribute))
        if operation.op == "count":
            return literal(float(writer.number(operation.attribute)))
        at = "0" if operation.size == ONE else "u"
        if id(operation) in writer.places and self.stage.loads.get(operation, _TAPE).kind == "tape":
            return element(writer.places[id(operation)], at)
        location = self.stage.loads[operation]
        if location.kind == "total":
            return element(writer.totals[location.index], "0")
        if location.kind == "noise":
            part = writer.program.noise_parts[location.index]
            return literal(writer.noises[writer.program.noises[part.owner]])
        if location.kind == "parameter":
            return f"{writer.vector(location)}[{at}]"
        return element(writer.address(location), at)

    def _spread(self, operation: Operation) -> str:
        """The element of a vector that element u of a matrix reads."""
        writer, spread = self.writer, operation.attribute
        location, _ = self.stage.spreads[operation]
        columns = writer.number(spread.columns)
        at = f"u / {columns}" if spread.along_rows else f"u % {columns}"
        if spread.heads is not None:
            at = f"u / {columns * writer.number(spread.rows)} * {columns} + {at}"
        if location.kind == "noise":
            part = writer.program.noise_parts[location.index]
            return literal(writer.noises[writer.program.noises[part.owner]])
        if location.kind == "parameter":
            return f"{writer.vector(location)}[{at}]"
        return element(writer.operand(operation.args[0], location), at)


_TAPE = Location("tape", -1)


def _read_across(stage: Stage) -> Iterator[tuple[Operation, Location]]:
    """The operands of a stage of which a unit reads others than its own, and where they are."""
    for group in stage.groups:
        for (place, _), operand in zip(group.operands, group.products[0].args, strict=True):
            yield operand, place
    for one in stage.contractions:
        for (place, _), operand in zip(one.operands, one.operation.args, strict=True):
            yield operand, place
    for spread, (place, _) in stage.spreads.items():
        yield spread.args[0], place


def _read_later(stages: list[Stage], index: int) -> bool:
    """Whether one of these stages reads a piece of a state, which therefore must not be overwritten before."""
    at = Location("state", index)
    return any(at in stage.loads.values() or any(place == at for place, _ in stage.read_across) for stage in stages)


def literal(value: float) -> str:
    """A number as C writes it, with all digits of a float."""
    text = f"{value:.9g}"
    return f"{text}f" if any(sign in text for sign in ".en") else f"{text}.0f"
