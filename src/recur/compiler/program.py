"""The program of an equation: forward, forward for training, and backward, with what the tape holds.

What the tape holds for the backward pass is decided by one rule: a forward value that the gradient reads is computed
again where that takes at most one transcendental operation on what is in memory anyway (states, parameters, what the
tape holds already), and stored where it takes more. So an LSTM stores its four gates and its cell state, and computes
tanh(c) again; a GRU stores r, z, n and W_hn h; an Elman network stores nothing but its output.

Products with the input are in the tape before the loop begins. One that nothing reads after its stage, neither a later
stage nor the backward pass, gives its column to a stored value; one that the backward pass reads keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from recur.compiler.atoms import Atom, Atoms, Block, in_order, is_hoisted
from recur.compiler.cuts import Cuts
from recur.compiler.gradient import Gradient, gradient
from recur.compiler.reuse import places_read, rename, reuse
from recur.compiler.schedule import cost, schedule
from recur.compiler.stages import Place, Schedule, Target
from recur.compiler.verify import Memory, expect, follow, held, kept
from recur.equations.graph import Graph, Node, topological
from recur.equations.sizes import ONE, ZERO, Size


@dataclass(frozen=True)
class Part:
    """A piece of something that callers know whole: element ``start`` on of the state, vector or noise ``owner``."""

    owner: int
    start: Size
    size: Size


@dataclass(frozen=True)
class Hoisted:
    """A product with the input that all steps take together; it stands in this column of the tape.

    Each block reads the input from an element on.
    """

    column: int
    size: Size
    blocks: tuple[tuple[Block, Size], ...]


@dataclass(frozen=True)
class Share:
    """A share of a matrix's gradient: dE/dW[block] = sum over rows and steps of derivative operand^T.

    The operand is a column, or the caller's input from element ``start`` on; ``atoms`` are what the two mean.
    """

    block: Block
    derivative: int
    operand: Place
    start: Size
    atoms: tuple[Atom, Atom]


@dataclass(frozen=True)
class InputPart:
    """dE/dx of one piece: the blocks' products with columns of the derivative, plus an element-wise rest.

    ``atoms`` are what the columns mean, that of the rest last.
    """

    start: Size
    size: Size
    blocks: tuple[tuple[Block, int], ...]
    rest: int | None
    atoms: tuple[Atom, ...]


@dataclass(frozen=True)
class Program:
    """Everything that is compiled of one equation.

    Attributes
    ----------
    graph : Graph
        The step.
    matrices, vectors, states, noises : tuple of str
        Names, in the order in which a caller gives them.
    state_parts, vector_parts, noise_parts, input_parts, sum_parts : list of Part
        What an index of a Place of that kind stands for; ``sum_parts`` are the vectors' gradients.
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
    state_parts: list[Part]
    vector_parts: list[Part]
    noise_parts: list[Part]
    input_parts: list[Part]
    sum_parts: list[Part]
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


@lru_cache(maxsize=256)
def program(graph: Graph) -> Program:
    """Write the program of a step.

    Raises
    ------
    NotCompiledError
        If the step cannot be compiled; the message says why.
    """
    return _Writer(graph).write()


class _Columns:
    """Columns of one memory, handed out one by one."""

    def __init__(self, kind: str, sizes: Iterable[Size] = ()) -> None:
        self.kind = kind
        self.sizes = list(sizes)

    def new(self, _atom: Atom, size: Size) -> Place:
        self.sizes.append(size)
        return Place(self.kind, len(self.sizes) - 1)


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.gradient: Gradient = gradient(graph)
        derived = self.gradient
        wanted = [*graph.outputs.values(), derived.input, *derived.states.values(), *derived.vectors.values()]
        wanted += [node for pairs in derived.products.values() for pair in pairs for node in pair]
        # a leaf that nothing reads has its cuts all the same: what is written to it is cut like it
        leaves = [graph.input, *graph.states.values(), *graph.parameters.values(), *graph.noises.values()]
        nodes = topological([*leaves, *wanted])
        self.atoms = Atoms(Cuts([*nodes, *self._alike()]))
        self.cuts = self.atoms.cuts
        # operands first, so that no chain of operations is followed down by recursion
        for node in nodes:
            if len(node.shape) < 2:
                self.atoms.of(node)
        self.matrices = tuple(n for n, node in graph.parameters.items() if len(node.shape) == 2)
        self.vectors = tuple(n for n, node in graph.parameters.items() if len(node.shape) == 1)
        self.states = tuple(graph.states)
        self.noises = tuple(graph.noises)

    def _alike(self) -> list[Node]:
        """Nodes that tie what must be cut alike: a state before and after the step, and its derivatives."""
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
        graph, atoms = self.graph, self.atoms
        self.state_parts, before = self._parts("state", graph.states.items())
        self.vector_parts, vectors = self._parts(
            "parameter", [(n, graph.parameters[n]) for n in self.vectors]
        )  # fmt: skip
        self.noise_parts, noises = self._parts("noise", graph.noises.items())
        self.input_parts, inputs = self._parts("input", [("", graph.input)])
        common = {**vectors, **noises, **inputs}
        new = [a for node in graph.outputs.values() for a in atoms.of(node)]
        fresh = [
            Target(a, part.size, Place("fresh", i))
            for i, (a, part) in enumerate(zip(new, self.state_parts, strict=True))
        ]
        hoisted_atoms = [a for a in in_order(new) if is_hoisted(a)]

        def forward_program(extra: list[Target], tape: _Columns) -> tuple[Schedule, _Columns, dict[Atom, Place]]:
            gx = {a: Place("tape", i) for i, a in enumerate(hoisted_atoms)}
            scratch = _Columns("scratch")
            kept = scratch if tape.kind != "tape" else tape
            planned = schedule([*fresh, *extra], {**common, **before, **gx}, scratch.new, kept.new)
            return planned, scratch, gx

        sizes = [a.size for a in hoisted_atoms]
        forward, forward_scratch, _ = forward_program([], _Columns("none"))
        available = {**common, **before}
        for atom, target in zip(new, fresh, strict=True):
            available.setdefault(atom, target.place)
        tape = _Columns("tape", sizes)
        stored = self._stored(available, tape)
        training, training_scratch, _ = forward_program(stored, tape)
        for target in stored:
            available[target.atom] = target.place
        operands = dict(before)
        operands |= {t.atom: t.place for s in training.stages for t in s.targets if t.place.kind == "tape"}
        operands |= {a: Place("tape", i) for i, a in enumerate(hoisted_atoms)}
        derivatives = _Columns("derivative")
        backward, backward_scratch, shares, input_grads, sums = self._backward(
            {**available, **operands}, operands, derivatives
        )  # fmt: skip
        physical, columns = reuse(training, tape.sizes, len(sizes), places_read(backward) | {s.operand for s in shares})
        rename(training, physical)
        rename(backward, physical)
        shares = [replace(s, operand=physical.get(s.operand, s.operand)) for s in shares]
        hoisted = {a: Place("tape", i) for i, a in enumerate(hoisted_atoms)}
        known = held({**common, **before, **hoisted})
        follow(forward, known)
        left = kept(follow(training, known), ("tape", "fresh"))
        self._verify_backward(backward, {**held({**common, **before}), **left}, shares, input_grads)
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

    def _verify_backward(self, backward: Schedule, known: Memory, shares: list[Share], inputs: list[InputPart]) -> None:
        """Check that the backward pass, and what follows it, read from the tape and the derivatives what they mean."""
        for i, part in enumerate(self.state_parts):
            seed = self.gradient.seeds[self.states[part.owner]]
            known[Place("carry", i)] = self.atoms.piece(seed, (part.start, part.start + part.size)), part.size
        memory = follow(backward, known)
        for share in shares:
            derivative, operand = share.atoms
            expect(memory, Place("derivative", share.derivative), derivative, share.block.rows)
            if share.operand.kind != "input":
                expect(memory, share.operand, operand, share.block.columns)
        for one in inputs:
            for (block, column), atom in zip(one.blocks, one.atoms, strict=False):
                expect(memory, Place("derivative", column), atom, block.columns)
            if one.rest is not None:
                expect(memory, Place("derivative", one.rest), one.atoms[-1], one.size)

    def _parts(self, kind: str, nodes: Iterable[tuple[str, Node]]) -> tuple[list[Part], dict[Atom, Place]]:
        parts: list[Part] = []
        places: dict[Atom, Place] = {}
        for owner, (_, node) in enumerate(nodes):
            for start, stop in self.cuts.pieces(node):
                places[self.atoms.piece(node, (start, stop))] = Place(kind, len(parts))
                parts.append(Part(owner, start, stop - start))
        return parts, places

    def _wanted(self) -> list[Atom]:
        """What the backward pass computes."""
        derived = self.gradient
        wanted = [a for node in derived.states.values() for a in self.atoms.of(node)]
        wanted += [a for node in derived.vectors.values() for a in self.atoms.of(node)]
        wanted += [a for node in [derived.input] for a in self.atoms.of(node)]
        for pairs in derived.products.values():
            wanted += [a for dz, _ in pairs for a in self.atoms.of(dz)]
        return wanted

    def _stored(self, available: dict[Atom, Place], tape: _Columns) -> list[Target]:
        """The forward values that the tape must hold: see the rule above."""
        forward = in_order(a for node in self.graph.outputs.values() for a in self.atoms.of(node))
        inside = {id(a) for a in forward}
        read: set[int] = set()
        for atom in in_order(self._wanted(), stop=forward):
            read |= {id(a) for a in atom.args if id(a) in inside}
        read |= {id(a) for a in self._wanted() if id(a) in inside}
        known = {id(a) for a in available}
        targets = []
        for atom in forward:
            if id(atom) not in read or id(atom) in known or atom.op in {"constant", "count"}:
                continue
            if is_hoisted(atom):
                # it is in the tape already, and stays there
                known.add(id(atom))
            elif cost(atom, lambda a: id(a) in known) > 1:
                targets.append(Target(atom, atom.size, tape.new(atom, atom.size)))
                known.add(id(atom))
        return targets

    def _backward(
        self, available: dict[Atom, Place], operands: dict[Atom, Place], derivatives: _Columns
    ) -> tuple[Schedule, _Columns, list[Share], list[InputPart], list[Part]]:
        atoms, derived = self.atoms, self.gradient
        targets: list[Target] = []
        columns: dict[tuple[int, Size], Place] = {}
        available = dict(available)
        for i, part in enumerate(self.state_parts):
            name = self.states[part.owner]
            seed = atoms.piece(derived.seeds[name], (part.start, part.start + part.size))
            available[seed] = Place("carry", i)
            handed = atoms.piece(derived.states[name], (part.start, part.start + part.size))
            targets.append(Target(handed, part.size, Place("handed", i)))

        def derivative(atom: Atom, size: Size) -> Place:
            """The column in which dE/dz of a product stands; each once, however many matrices share it."""
            key = id(atom), size
            if key not in columns:
                columns[key] = place = derivatives.new(atom, size)
                targets.append(Target(atom, size, place))
            return columns[key]

        shares: list[Share] = []
        for name, pairs in derived.products.items():
            for dz, v in pairs:
                for start, stop in self.cuts.pieces(dz):
                    d = atoms.piece(dz, (start, stop))
                    if d.op == "constant" and d.attribute == 0:
                        continue
                    place = derivative(d, stop - start)
                    pieces = ((ZERO, v.size),) if v.op == "input" else self.cuts.pieces(v)
                    for first, last in pieces:
                        operand = atoms.piece(v, (first, last)) if v.op != "input" else atoms.make(
                            "leaf", (), v.size, ("input", v.attribute, ZERO))  # fmt: skip
                        block = Block(name, False, start, stop - start, first, last - first)
                        start_in = operand.attribute[2] if operand.kind == "input" else ZERO
                        where = Place("input", 0) if operand.kind == "input" else operands[operand]
                        shares.append(Share(block, place.index, where, start_in, (d, operand)))
        sums: list[Part] = []
        for owner, name in enumerate(self.vectors):
            node = derived.vectors[name]
            for start, stop in self.cuts.pieces(node):
                atom = atoms.piece(node, (start, stop))
                targets.append(Target(atom, stop - start, Place("accumulated", len(sums))))
                sums.append(Part(owner, start, stop - start))
        inputs = self._input(targets, columns, derivatives)
        scratch = _Columns("scratch")

        def operand_column(atom: Atom, size: Size) -> Place:
            found = columns.get((id(atom), size))
            return found if found is not None else derivatives.new(atom, size)

        planned = schedule(targets, available, scratch.new, operand_column)
        return planned, scratch, shares, inputs, sums

    def _input(
        self, targets: list[Target], columns: dict[tuple[int, Size], Place], derivatives: _Columns
    ) -> list[InputPart]:
        """dE/dx: products that wait until the loop is over, and the rest, which the loop leaves in a column."""
        atoms, node = self.atoms, self.gradient.input
        used = [a for t in targets for a in in_order([t.atom])]
        inside = {id(a) for a in used}
        parts = []
        for start, stop in self.cuts.pieces(node):
            terms, rest = [atoms.piece(node, (start, stop))], []
            blocks: list[tuple[Block, int]] = []
            meant: list[Atom] = []
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
                    total = atoms.make("add", (total, term), max((total.size, term.size), key=lambda s: s != ONE))
                place = derivatives.new(total, stop - start)
                targets.append(Target(total, stop - start, place))
                column = place.index
                meant.append(total)
            parts.append(InputPart(start, stop - start, tuple(blocks), column, tuple(meant)))
        return parts
