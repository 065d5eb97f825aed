"""Program of an equation: the schedules of inference, training and backward pass, and the layout of the tape.

One rule determines what the tape stores for the backward pass: a forward value that the gradient reads is recomputed if
that takes at most one transcendental operation on values in memory (states, parameters, other stored values), and
stored otherwise. So an LSTM stores its four gates and its cell state, and recomputes tanh(c); a GRU stores r, z, n and
W_hn h; an Elman network stores only its output. Where only sums over the units are missing, these are stored.

Products with the input are on the tape before the loop begins. The column of a product that neither a later stage nor
the backward pass reads is reused for a stored value; the column of one that the backward pass reads is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from recur.compiler.buffer_reuse import locations_read, rename, reuse
from recur.compiler.gradient import StepGradient, gradient
from recur.compiler.lowering import Block, Lowering, Operation, is_hoisted, topological_order
from recur.compiler.partition import NotCompiledError, Partition
from recur.compiler.schedule import cost, schedule
from recur.compiler.stages import Location, Schedule, Target
from recur.compiler.verifier import Memory, expect, follow, memory_with, of_kinds
from recur.equations.graph import Graph, Node, topological
from recur.equations.sizes import ONE, ZERO, Size

_MOST_NODES = 2_500  # of a step and its gradient; planning them takes up to three seconds


@dataclass(frozen=True)
class VectorPart:
    """A piece of a caller's array: the elements from ``start`` on of the state, vector or noise ``owner``."""

    owner: int
    start: Size
    size: Size


@dataclass(frozen=True)
class Hoisted:
    """A product with the input, computed for all steps before the loop into this column of the tape.

    Each block comes with the first element of the input that it reads.
    """

    column: int
    size: Size
    blocks: tuple[tuple[Block, Size], ...]


@dataclass(frozen=True)
class Share:
    """A share of a matrix's gradient: dE/dW[block] = sum over rows and steps of derivative operand^T.

    The operand is a column, or the caller's input from element ``start`` on; ``operations`` are the values of the two.
    """

    block: Block
    derivative: int
    operand: Location
    start: Size
    operations: tuple[Operation, Operation]


@dataclass(frozen=True)
class InputPart:
    """dE/dx of one piece: the blocks' products with columns of the derivative, plus an element-wise rest.

    ``operations`` are the values of the columns, that of the rest last.
    """

    start: Size
    size: Size
    blocks: tuple[tuple[Block, int], ...]
    rest: int | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Program:
    """The compiled parts of one equation.

    Attributes
    ----------
    graph : Graph
        The step.
    matrices, vectors, states, noises : tuple of str
        Names, in the order in which a caller gives them.
    state_parts, vector_parts, noise_parts, input_parts, sum_parts : list of VectorPart
        The pieces that the index of a Location of that kind refers to; ``sum_parts`` are the vectors' gradients.
    hoisted : list of Hoisted
        Products with the input.
    forward, training, backward : Schedule
        The stages.
    forward_tape, tape, forward_scratch, training_scratch, backward_scratch, derivatives : list of Size
        The columns of each memory.
    shares : list of Share
        The matrices' gradients.
    inputs : list of InputPart
        The input's gradient.
    """

    graph: Graph
    matrices: tuple[str, ...]
    vectors: tuple[str, ...]
    states: tuple[str, ...]
    noises: tuple[str, ...]
    state_parts: list[VectorPart]
    vector_parts: list[VectorPart]
    noise_parts: list[VectorPart]
    input_parts: list[VectorPart]
    sum_parts: list[VectorPart]
    hoisted: list[Hoisted]
    forward: Schedule
    training: Schedule
    backward: Schedule
    forward_tape: list[Size]
    tape: list[Size]
    forward_scratch: list[Size]
    training_scratch: list[Size]
    backward_scratch: list[Size]
    derivatives: list[Size]
    shares: list[Share]
    inputs: list[InputPart]

    @property
    def is_scanned(self) -> bool:
        """Whether the loop over time is element-wise in both passes, so that one kernel call runs many steps."""
        kept = (self.forward_scratch, self.training_scratch, self.backward_scratch)
        return not any(kept) and all(one.is_elementwise for one in (self.forward, self.training, self.backward))


@lru_cache(maxsize=256)
def program(graph: Graph) -> Program:
    """Return the program of a step.

    Raises
    ------
    NotCompiledError
        If the step cannot be compiled; the message says why.
    """
    return _ProgramBuilder(graph).write()


def _is_product(size: Size) -> bool:
    """Whether it is the size of a matrix of a row, of which any number of rows can be cut off."""
    return any("*" in symbol for symbol, _ in size.terms)


def _missing_sums(operation: Operation, available: set[int]) -> list[Operation]:
    """The sums, numbers of the row, that are all that the computation of a vector again lacks; empty otherwise."""
    if operation.size == ONE or cost(operation, lambda a: id(a) in available or a.op == "total", 1) > 1:
        return []
    sums, stack, seen = [], [operation], set[int]()
    while stack:
        one = stack.pop()
        if id(one) in seen or id(one) in available:
            continue
        seen.add(id(one))
        if one.op == "total":
            sums.append(one)
        else:
            stack.extend(reversed(one.args))
    return sums


class _Columns:
    """An allocator of the columns of one memory."""

    def __init__(self, kind: str, sizes: Iterable[Size] = ()) -> None:
        self.kind = kind
        self.sizes = list(sizes)

    def new(self, _atom: Operation, size: Size) -> Location:
        self.sizes.append(size)
        return Location(self.kind, len(self.sizes) - 1)


class _ProgramBuilder:
    def __init__(self, graph: Graph) -> None:
        for node in graph.order:
            if node.op in {"slice", "concat"} and any(_is_product(one.size) for one in (node, *node.args)):
                raise NotCompiledError(f"{node}: the rows of a matrix that is a state are moved in torch operations")
        self.graph = graph
        self.gradient: StepGradient = gradient(graph)
        derived = self.gradient
        targets = [*graph.outputs.values(), derived.input, *derived.states.values(), *derived.vectors.values()]
        targets += [node for pairs in derived.products.values() for pair in pairs for node in pair]
        # leaves that are not read are included: values written to their locations are cut like them
        leaves = [graph.input, *graph.states.values(), *graph.parameters.values(), *graph.noises.values()]
        nodes = topological([*leaves, *targets])
        if len(nodes) > _MOST_NODES:
            raise NotCompiledError(
                f"the step and its gradient have {len(nodes):,} operations; more than {_MOST_NODES:,} take too long to "
                "compile",
                hint="write the step with fewer operations, or with longer vectors",
            )
        self.lowering = Lowering(Partition([*nodes, *self._alike()]))
        self.partition = self.lowering.partition
        # operands first, so that long chains do not recurse
        for node in nodes:
            if len(node.shape) < 2:
                self.lowering.of(node)
        self.matrices = tuple(n for n, node in graph.parameters.items() if len(node.shape) == 2)
        self.vectors = tuple(n for n, node in graph.parameters.items() if len(node.shape) == 1)
        self.states = tuple(graph.states)
        self.noises = tuple(graph.noises)

    def _alike(self) -> list[Node]:
        """Nodes that tie vectors that must be cut alike: a state before and after the step, and its derivatives."""
        make, derived = self.graph.builder, self.gradient
        tied = []
        for name, before in self.graph.states.items():
            after = self.graph.outputs[name]
            for one, other in ((before, after), (before, derived.seeds[name]), (before, derived.states[name])):
                tied.append(make.make("tied", (one, other), before.shape))
        for name, derivative in derived.vectors.items():
            node = self.graph.parameters[name]
            tied.append(make.make("tied", (node, derivative), node.shape))
        tied.append(make.make("tied", (self.graph.input, derived.input), self.graph.input.shape))
        return tied

    def write(self) -> Program:
        graph, lowering = self.graph, self.lowering
        self.state_parts, before = self._parts("state", graph.states.items())
        self.vector_parts, vectors = self._parts(
            "parameter", [(n, graph.parameters[n]) for n in self.vectors]
        )  # fmt: skip
        self.noise_parts, noises = self._parts("noise", graph.noises.items())
        self.input_parts, inputs = self._parts("input", [("", graph.input)])
        common = {**vectors, **noises, **inputs}
        new = [a for node in graph.outputs.values() for a in lowering.of(node)]
        fresh = [
            Target(a, part.size, Location("fresh", i))
            for i, (a, part) in enumerate(zip(new, self.state_parts, strict=True))
        ]
        hoisted_atoms = [a for a in topological_order(new) if is_hoisted(a)]

        def forward_program(
            extra: list[Target], tape: _Columns
        ) -> tuple[Schedule, _Columns, dict[Operation, Location]]:
            gx = {a: Location("tape", i) for i, a in enumerate(hoisted_atoms)}
            scratch = _Columns("scratch")
            operands = scratch if tape.kind != "tape" else tape
            planned = schedule([*fresh, *extra], {**common, **before, **gx}, scratch.new, operands.new)
            return planned, scratch, gx

        sizes = [a.size for a in hoisted_atoms]
        forward, forward_scratch, _ = forward_program([], _Columns("none"))
        available = {**common, **before}
        for operation, target in zip(new, fresh, strict=True):
            available.setdefault(operation, target.location)
        tape = _Columns("tape", sizes)
        stored = self._stored(available, tape)
        training, training_scratch, _ = forward_program(stored, tape)
        for target in stored:
            available[target.operation] = target.location
        operands = dict(before)
        operands |= {t.operation: t.location for s in training.stages for t in s.targets if t.location.kind == "tape"}
        operands |= {a: Location("tape", i) for i, a in enumerate(hoisted_atoms)}
        derivatives = _Columns("derivative")
        backward, backward_scratch, shares, input_grads, sums = self._backward(
            {**available, **operands}, operands, derivatives
        )  # fmt: skip
        physical, columns = reuse(
            training, tape.sizes, len(sizes), locations_read(backward) | {s.operand for s in shares}
        )
        rename(training, physical)
        rename(backward, physical)
        shares = [replace(s, operand=physical.get(s.operand, s.operand)) for s in shares]
        hoisted = {a: Location("tape", i) for i, a in enumerate(hoisted_atoms)}
        memory = memory_with({**common, **before, **hoisted})
        follow(forward, memory)
        left = of_kinds(follow(training, memory), ("tape", "fresh"))
        self._verify_backward(backward, {**memory_with({**common, **before}), **left}, shares, input_grads)
        blocks = [
            Hoisted(i, a.size, tuple((b, operand.attribute[2]) for b, operand in zip(a.attribute, a.args, strict=True)))
            for i, a in enumerate(hoisted_atoms)
        ]
        return Program(
            graph, self.matrices, self.vectors, self.states, self.noises, self.state_parts, self.vector_parts,
            self.noise_parts, self.input_parts, sums, blocks, forward, training, backward, sizes, columns,
            forward_scratch.sizes, training_scratch.sizes, backward_scratch.sizes, derivatives.sizes, shares,
            input_grads,
        )  # fmt: skip

    def _verify_backward(
        self, backward: Schedule, before: Memory, shares: list[Share], inputs: list[InputPart]
    ) -> None:
        """Check that the backward pass, and what follows it, read from the tape and the derivatives what they mean."""
        for i, part in enumerate(self.state_parts):
            seed = self.gradient.seeds[self.states[part.owner]]
            before[Location("carry", i)] = self.lowering.piece(seed, (part.start, part.start + part.size)), part.size
        memory = follow(backward, before)
        for share in shares:
            derivative, operand = share.operations
            expect(memory, Location("derivative", share.derivative), derivative, share.block.rows)
            if share.operand.kind != "input":
                expect(memory, share.operand, operand, share.block.columns)
        for one in inputs:
            for (block, column), operation in zip(one.blocks, one.operations, strict=False):
                expect(memory, Location("derivative", column), operation, block.columns)
            if one.rest is not None:
                expect(memory, Location("derivative", one.rest), one.operations[-1], one.size)

    def _parts(
        self, kind: str, nodes: Iterable[tuple[str, Node]]
    ) -> tuple[list[VectorPart], dict[Operation, Location]]:
        parts: list[VectorPart] = []
        locations: dict[Operation, Location] = {}
        for owner, (_, node) in enumerate(nodes):
            for start, stop in self.partition.pieces(node):
                locations[self.lowering.piece(node, (start, stop))] = Location(kind, len(parts))
                parts.append(VectorPart(owner, start, stop - start))
        return parts, locations

    def _wanted(self) -> list[Operation]:
        """The values that the backward pass computes."""
        derived = self.gradient
        targets = [a for node in derived.states.values() for a in self.lowering.of(node)]
        targets += [a for node in derived.vectors.values() for a in self.lowering.of(node)]
        targets += [a for node in [derived.input] for a in self.lowering.of(node)]
        for pairs in derived.products.values():
            targets += [a for dz, _ in pairs for a in self.lowering.of(dz)]
        return targets

    def _stored(self, available: dict[Operation, Location], tape: _Columns) -> list[Target]:
        """The forward values that the tape stores, by the rule above."""
        forward = topological_order(a for node in self.graph.outputs.values() for a in self.lowering.of(node))
        inside = {id(a) for a in forward}
        read: set[int] = set()
        for operation in topological_order(self._wanted(), stop=forward):
            read |= {id(a) for a in operation.args if id(a) in inside}
        read |= {id(a) for a in self._wanted() if id(a) in inside}
        available_ids = {id(a) for a in available}
        targets = []
        for operation in forward:
            if id(operation) not in read or id(operation) in available_ids or operation.op in {"constant", "count"}:
                continue
            if is_hoisted(operation):
                # it is on the tape already, and its column is not reused
                available_ids.add(id(operation))
            elif cost(operation, lambda a: id(a) in available_ids, 1) > 1:
                for one in _missing_sums(operation, available_ids) or [operation]:
                    targets.append(Target(one, one.size, tape.new(one, one.size)))
                    available_ids.add(id(one))
        return targets

    def _backward(
        self, available: dict[Operation, Location], operands: dict[Operation, Location], derivatives: _Columns
    ) -> tuple[Schedule, _Columns, list[Share], list[InputPart], list[VectorPart]]:
        lowering, derived = self.lowering, self.gradient
        targets: list[Target] = []
        columns: dict[tuple[int, Size], Location] = {}
        available = dict(available)
        for i, part in enumerate(self.state_parts):
            name = self.states[part.owner]
            seed = lowering.piece(derived.seeds[name], (part.start, part.start + part.size))
            available[seed] = Location("carry", i)
            handed = lowering.piece(derived.states[name], (part.start, part.start + part.size))
            targets.append(Target(handed, part.size, Location("handed", i)))

        def derivative(operation: Operation, size: Size) -> Location:
            """The column of dE/dz of a product; allocated once, also where several matrices share it."""
            key = id(operation), size
            if key not in columns:
                columns[key] = location = derivatives.new(operation, size)
                targets.append(Target(operation, size, location))
            return columns[key]

        shares: list[Share] = []
        for name, pairs in derived.products.items():
            for dz, v in pairs:
                for start, stop in self.partition.pieces(dz):
                    d = lowering.piece(dz, (start, stop))
                    if d.op == "constant" and d.attribute == 0:
                        continue
                    location = derivative(d, stop - start)
                    pieces = ((ZERO, v.size),) if v.op == "input" else self.partition.pieces(v)
                    for first, last in pieces:
                        operand = lowering.piece(v, (first, last)) if v.op != "input" else lowering.make(
                            "leaf", (), v.size, ("input", v.attribute, ZERO))  # fmt: skip
                        block = Block(name, False, start, stop - start, first, last - first)
                        start_in = operand.attribute[2] if operand.kind == "input" else ZERO
                        # of W^T v the derivative multiplies v: then it is the operand
                        where = (
                            Location("input", 0) if operand.kind == "input"
                            else operands.get(operand) or derivative(operand, last - first)
                        )  # fmt: skip
                        shares.append(Share(block, location.index, where, start_in, (d, operand)))
        sums: list[VectorPart] = []
        for owner, name in enumerate(self.vectors):
            node = derived.vectors[name]
            for start, stop in self.partition.pieces(node):
                operation = lowering.piece(node, (start, stop))
                targets.append(Target(operation, stop - start, Location("accumulated", len(sums))))
                sums.append(VectorPart(owner, start, stop - start))
        inputs = self._input(targets, columns, derivatives)
        scratch = _Columns("scratch")

        def operand_column(operation: Operation, size: Size) -> Location:
            column = columns.get((id(operation), size))
            return column if column is not None else derivatives.new(operation, size)

        planned = schedule(targets, available, scratch.new, operand_column)
        return planned, scratch, shares, inputs, sums

    def _input(
        self, targets: list[Target], columns: dict[tuple[int, Size], Location], derivatives: _Columns
    ) -> list[InputPart]:
        """dE/dx: products that are computed after the loop, and the rest, which the loop writes to a column."""
        lowering, node = self.lowering, self.gradient.input
        used = [a for t in targets for a in topological_order([t.operation])]
        inside = {id(a) for a in used}
        parts = []
        for start, stop in self.partition.pieces(node):
            terms, rest = [lowering.piece(node, (start, stop))], []
            blocks: list[tuple[Block, int]] = []
            meant: list[Operation] = []
            while terms:
                term = terms.pop()
                waits = term.op == "product" and id(term) not in inside and all(
                    (id(a), b.columns) in columns for a, b in zip(term.args, term.attribute, strict=True)
                )  # fmt: skip
                if term.op == "add" and id(term) not in inside:
                    terms += term.args
                elif waits:
                    meant += term.args
                    blocks += [
                        (b, columns[id(a), b.columns].index) for b, a in zip(term.attribute, term.args, strict=True)
                    ]  # fmt: skip
                elif not (term.op == "constant" and term.attribute == 0):
                    rest.append(term)
            column = None
            if rest:
                total = rest[0]
                for term in rest[1:]:
                    total = lowering.make("add", (total, term), max((total.size, term.size), key=lambda s: s != ONE))
                location = derivatives.new(total, stop - start)
                targets.append(Target(total, stop - start, location))
                column = location.index
                meant.append(total)
            parts.append(InputPart(start, stop - start, tuple(blocks), column, tuple(meant)))
        return parts
