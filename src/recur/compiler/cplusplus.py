"""C++ code generation: the text of a cell, and tables that tell the core what to do between its kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from recur.compiler.kernel_text import Kernel, panel_vectors
from recur.compiler.lowering import Block, RowBlock
from recur.compiler.program import Program, VectorPart
from recur.compiler.stages import Contraction, Location, Schedule
from recur.equations.graph import text as show
from recur.equations.sizes import Size

_PLACES = {
    "tape": "RECUR_TAPE", "scratch": "RECUR_SCRATCH", "derivative": "RECUR_DERIVATIVE", "state": "RECUR_STATE",
    "fresh": "RECUR_FRESH", "input": "RECUR_INPUT",
}  # fmt: skip


def source(program: Program, name: str) -> str:
    """The C++ of a program.

    Parameters
    ----------
    program : Program
        The program.
    name : str
        The cell's name, for messages.
    """
    return _Text(program, name).write()


def size_texts(program: Program) -> list[str]:
    """The sizes whose numbers a caller passes, in the order of the text."""
    text = _Text(program, "")
    text.write()
    return [str(size) for size in text.sizes]


@dataclass
class _Text:
    program: Program
    name: str
    sizes: dict[Size, int] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    kernels: list[str] = field(default_factory=list)
    count: int = 0

    def size(self, size: Size) -> int:
        return self.sizes.setdefault(size, len(self.sizes))

    def table(self, kind: str, rows: Sequence[str]) -> str:
        """Write a constant array and return its name; null for an empty one."""
        if not rows:
            return "nullptr"
        self.count += 1
        name = f"t{self.count}"
        self.tables.append(f"static const {kind} {name}[] = {{{', '.join(rows)}}};")
        return name

    def numbers(self, values: Iterable[int]) -> str:
        return self.table("int32_t", [str(value) for value in values])

    def write(self) -> str:
        p = self.program
        graph = p.graph
        programs = [
            self.schedule("forward", p.forward, p.forward_scratch),
            self.schedule("training", p.training, p.training_scratch),
            self.schedule("backward", p.backward, p.backward_scratch),
        ]
        hoisted = [
            f"{{{h.column}, {self.size(h.size)}, {len(h.blocks)}, "
            + self.table(
                "RecurOperand",
                [f"{{RECUR_INPUT, 0, {self.size(b.columns)}, {self.size(start)}}}" for b, start in h.blocks],
            )
            + ", " + self.table("RecurBlock", [self.block(b) for b, _ in h.blocks]) + "}"
            for h in p.hoisted
        ]  # fmt: skip
        shares = [
            f"{{{self.block(s.block)}, {s.derivative}, {{{_PLACES[s.operand.kind]}, {s.operand.index}, "
            f"{self.size(s.block.columns)}, {self.size(s.start)}}}}}"
            for s in p.shares
        ]
        inputs = [
            f"{{{self.size(i.start)}, {self.size(i.size)}, {len(i.blocks)}, "
            + self.table("RecurBlock", [self.block(b) for b, _ in i.blocks])
            + f", {self.numbers(d for _, d in i.blocks)}, {-1 if i.rest is None else i.rest}}}"
            for i in p.inputs
        ]
        matrices = [graph.parameters[name].shape for name in p.matrices]
        reads = any(
            location.kind == "input"
            for planned in (p.forward, p.training, p.backward) for stage in planned.stages
            for location in (*stage.loads.values(), *(spread for spread, _ in stage.spreads.values()))
        )  # fmt: skip
        members = [
            "RECUR_ABI", "RECUR_VECTOR_BYTES", int(p.is_scanned), f'"{self.name}"', "{size_count}", "size_texts",
            len(p.matrices), len(p.vectors), len(p.states), len(p.noises),
            self.numbers(self.size(shape[0]) for shape in matrices),
            self.numbers(self.size(shape[1]) for shape in matrices),
            self.numbers(self.size(graph.states[name].size) for name in p.states),
            self.numbers(self.size(graph.parameters[name].size) for name in p.vectors),
            self.numbers(self.size(graph.noises[name].size) for name in p.noises),
            self.numbers(int(name not in _whole(p)) for name in p.matrices),
            self.size(graph.input.size),
            len(p.state_parts), len(p.vector_parts), len(p.noise_parts), len(p.input_parts), len(p.sum_parts),
            self.parts(p.state_parts), self.parts(p.vector_parts), self.parts(p.noise_parts),
            self.parts(p.input_parts), self.parts(p.sum_parts),
            int(reads), int(_reads_hoisted(p)), len(hoisted), self.table("RecurHoisted", hoisted), *programs,
            len(p.forward_tape), len(p.tape), len(p.derivatives),
            self.numbers(map(self.size, p.forward_tape)), self.numbers(map(self.size, p.tape)),
            self.numbers(map(self.size, p.derivatives)),
            len(shares), self.table("RecurShare", shares), len(inputs), self.table("RecurInputPart", inputs),
        ]  # fmt: skip
        described = ",\n    ".join(str(member) for member in members).replace("{size_count}", str(len(self.sizes)))
        names = ", ".join(f'"{size}"' for size in self.sizes)
        equations = "\n".join(f"//     {state} = {show(node, 6)}" for state, node in graph.outputs.items())
        return "\n".join([
            f"// {self.name}: one time step, forward and backward. Written by the compiler; edit the equation instead.",
            "//", equations, "",
            '#include "cell.h"', '#include "elementwise.h"', '#include "spread.h"', '#include "vec.h"', "",
            "namespace {", "", "using namespace recur;", "",
            *self.kernels, *self.tables, f"static const char* const size_texts[] = {{{names}}};", "",
            f"static const RecurCell cell = {{\n    {described}}};", "",
            "}  // namespace", "",
            'extern "C" __attribute__((visibility("default"))) const RecurCell* recur_cell(void) { return &cell; }', "",
        ])  # fmt: skip

    def parts(self, parts: Sequence[VectorPart]) -> str:
        return self.table("RecurPart", [f"{{{p.owner}, {self.size(p.start)}, {self.size(p.size)}}}" for p in parts])

    def block(self, b: Block) -> str:
        matrix = self.program.matrices.index(b.matrix)
        numbers = [self.size(size) for size in (b.row, b.rows, b.column, b.columns)]
        return f"{{{matrix}, {int(b.transposed)}, {', '.join(map(str, numbers))}}}"

    def operand(self, location: Location, columns: Size) -> str:
        return f"{{{_PLACES[location.kind]}, {location.index}, {self.size(columns)}, 0}}"

    def contraction(self, one: Contraction) -> str:
        block: RowBlock = one.operation.attribute
        matrix, vector = (self.operand(location, size) for location, size in one.operands)
        numbers = [self.size(size) for size in (block.row, block.column, block.matrix_columns)]
        numbers.append(-1 if block.heads is None else self.size(block.heads))
        return f"{{{matrix}, {vector}, {int(block.transposed)}, {', '.join(map(str, numbers))}, {one.location.index}}}"

    def schedule(self, name: str, planned: Schedule, scratch: Sequence[Size]) -> str:
        read = {location for stage in planned.stages for group in stage.groups for location, _ in group.operands}
        shared = {Location("fresh", p.index) if p.kind == "state" else p for p in read}
        summed: set[int] = set()
        stages = []
        for number, stage in enumerate(planned.stages):
            groups = [
                f"{{{len(g.products)}, {len(g.operands)}, {g.slot}, "
                + self.table("RecurOperand", [self.operand(location, size) for location, size in g.operands]) + ", "
                + self.table("RecurBlock", [self.block(b) for product in g.products for b in g.blocks(product)]) + "}"
                for g in stage.groups
            ]  # fmt: skip
            totals = sorted({p.index for p in stage.loads.values() if p.kind == "total"} - summed)
            summed |= set(totals)
            contractions = [self.contraction(one) for one in stage.contractions]
            fresh = [t.location.index for t in stage.targets if t.location.kind == "fresh"]
            written = list(
                dict.fromkeys(self.operand(t.location, t.size) for t in stage.targets if t.location in shared)
            )
            kernel = f"{name}_{number}"
            self.kernels.append(Kernel(stage, planned, self.size, self.program.is_scanned).write(kernel))
            partials = [number for number, _ in stage.partials]
            stages.append(
                f"{{{self.size(stage.size)}, {stage.slots}, {panel_vectors(stage)}, {len(groups)}, "
                f"{self.table('RecurGroup', groups)}, {int(stage.waits)}, {int(stage.passes_carry_only)}, "
                f"{len(partials)}, {self.numbers(partials)}, {len(totals)}, {self.numbers(totals)}, "
                f"{len(fresh)}, {self.numbers(fresh)}, {len(written)}, {self.table('RecurOperand', written)}, "
                f"{len(contractions)}, {self.table('RecurContraction', contractions)}, "
                f"{{{kernel}<float>, {kernel}<double>}}}}"
            )
        scratched = self.numbers(map(self.size, scratch))
        largest = self.numbers(int(total.attribute == "largest") for total in planned.totals)
        return (
            f"{{{len(stages)}, {self.table('RecurStage', stages)}, {len(planned.totals)}, {largest}, "
            f"{len(scratch)}, {scratched}}}"
        )


def _reads_hoisted(program: Program) -> bool:
    """Whether a product inside the loop reads a product with the input."""
    columns = {Location("tape", h.column) for h in program.hoisted}
    stages = [stage for planned in (program.forward, program.training) for stage in planned.stages]
    return any(location in columns for stage in stages for location, _ in stage.read_across)


def _whole(program: Program) -> set[str]:
    """The matrices of whose gradient each element is set by exactly one share, so that it needs no zeroing."""
    elements = set()
    for name in program.matrices:
        blocks = [share.block for share in program.shares if share.block.matrix == name]
        rows, columns = program.graph.parameters[name].shape
        # with a prime for each symbol, areas identify sizes: blocks that cover a matrix once are distinct and sum to it
        symbols = sorted(
            {s for b in blocks for size in (b.rows, b.columns) for s in size.symbols}
            | set(rows.symbols)
            | set(columns.symbols)
        )
        primes = dict(zip(symbols, (10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079), strict=False))
        if len(primes) < len(symbols):
            continue
        area = sum(b.rows.value(primes) * b.columns.value(primes) for b in blocks)
        locations = {(b.row, b.column) for b in blocks}
        if len(locations) == len(blocks) and area == rows.value(primes) * columns.value(primes):
            elements.add(name)
    return elements
