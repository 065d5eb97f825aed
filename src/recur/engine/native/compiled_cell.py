"""Compiled cell of a call: its library, the graph that it computes, and the names of its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from recur.compiler.affine import affine
from recur.compiler.plan import plan
from recur.compiler.variants import lifted
from recur.engine.backend_interface import Call
from recur.engine.native.library import CellLibrary, Core, cell, core
from recur.engine.native.tensor_addresses import ROWS, STEPS, TensorSpecs
from recur.engine.noise import noisy
from recur.engine.operations import compute, number_of, numbers
from recur.equations.graph import Graph, Node
from recur.equations.sizes import Size


@dataclass(frozen=True)
class CompiledCell:
    """A compiled step and the names of its arguments.

    Attributes
    ----------
    core, library : Core, CellLibrary
        What runs it.
    graph : Graph
        The step.
    once : dict of str to Node
        Values that depend on parameters alone, which torch computes; parameters of ``graph``.
    matrices, vectors, states, noises : tuple of str
        Names in the order of the core's arrays.
    """

    core: Core
    library: CellLibrary
    graph: Graph
    once: dict[str, Node]
    matrices: tuple[str, ...]
    vectors: tuple[str, ...]
    states: tuple[str, ...]
    noises: tuple[str, ...]
    input_size: Size
    size_list: tuple[Size, ...]
    state_sizes: tuple[Size, ...]
    _measured: dict[tuple[int, ...], Measured] = field(default_factory=dict)

    @property
    def scanned(self) -> tuple[str, ...]:
        """The states in which the step is proved affine, where the core runs many steps in one call of its kernel."""
        proof = affine(self.graph) if self.library.scanned else None
        return () if proof is None else proof.recurrent

    def measured(self, sizes: Mapping[str, int]) -> Measured:
        """The sizes of the step as numbers."""
        key = tuple(sizes.values())
        measured = self._measured.get(key)
        if measured is None:
            nodes = [self.graph.parameters[name] for name in (*self.matrices, *self.vectors)]
            measured = self._measured[key] = Measured(
                [size.value(sizes) for size in self.size_list],
                self.input_size.value(sizes),
                [size.value(sizes) for size in self.state_sizes],
                [tuple(size.value(sizes) for size in node.shape) for node in nodes],
            )
        return measured


class Measured:
    """A step whose sizes are all numbers.

    Attributes
    ----------
    table : list of int
        The core's table of sizes.
    width : int
        X.
    widths : list of int
        S of each state.
    shapes : list of tuple of int
        Of the matrices and then of the vectors.
    """

    __slots__ = ("_gradients", "_inputs", "shapes", "table", "width", "widths")

    def __init__(self, table: list[int], width: int, widths: list[int], shapes: list[tuple[int, ...]]) -> None:
        self.table, self.width, self.widths, self.shapes = table, width, widths, shapes
        self._inputs = tuple(
            TensorSpecs([(*rows, width), *((ROWS, n) for n in widths), *shapes], strided=1)
            for rows in ((STEPS, ROWS), (STEPS,))
        )
        self._gradients: dict[tuple[int, bool], TensorSpecs] = {}

    def inputs(self, packed: bool) -> TensorSpecs:
        """Requirements on x, initial states, matrices and vectors."""
        return self._inputs[packed]

    def gradients(self, series: int, packed: bool) -> TensorSpecs:
        """Requirements on the gradients of ``series`` series, and then of the final states."""
        specs = self._gradients.get((series, packed))
        if specs is None:
            rows = (STEPS,) if packed else (STEPS, ROWS)
            shapes = [*((*rows, n) for n in self.widths[:series]), *((ROWS, n) for n in self.widths)]
            specs = self._gradients[series, packed] = TensorSpecs(shapes, strided=series)
        return specs


_cells: dict[int, tuple[Graph, CompiledCell]] = {}


def compiled_cell(call: Call) -> CompiledCell:
    """The compiled step of a call.

    Raises
    ------
    BackendError
        If the core was not built, or the step cannot be compiled.
    """
    whole = noisy(call.equation, call.noise)
    cached = _cells.get(id(whole))
    if cached is not None and cached[0] is whole and cached[1].core is core():
        return cached[1]
    graph, once = lifted(whole)
    library = cell(graph, call.equation.name)
    result = CompiledCell(
        core(),
        library,
        graph,
        once,
        tuple(name for name, node in graph.parameters.items() if len(node.shape) == 2),
        tuple(name for name, node in graph.parameters.items() if len(node.shape) == 1),
        tuple(graph.states),
        tuple(graph.noises),
        graph.input.size,
        tuple(Size.parse(text, products=True) for text in library.sizes),
        tuple(node.size for node in graph.states.values()),
    )
    _cells[id(whole)] = (whole, result)
    return result


# values that depend on parameters alone, as plain data that torch.compile treats as a constant: operation, numbers, and
# operands, each the name of a parameter, the number of an earlier step, or a constant
Step = tuple[str, tuple[int, ...], tuple[str | int | float, ...]]
ConstantSteps = tuple[tuple[Step, ...], tuple[tuple[str, str | int | float, tuple[int, ...]], ...]]


def once_steps(compiled: CompiledCell, call: Call) -> ConstantSteps:
    """The steps that compute what depends on parameters alone, then (name, operand, shape) of each result."""
    if not compiled.once:
        return (), ()
    whole = noisy(call.equation, call.noise)
    at: dict[int, str | int | float] = {id(node): name for name, node in whole.parameters.items()}

    def operand(node: Node) -> str | int | float:
        return at[id(node)] if id(node) in at else number_of(node, call.sizes)

    steps: list[Step] = []
    for node in plan(whole).once:
        steps.append((node.op, numbers(node, call.sizes), tuple(operand(a) for a in node.args)))
        at[id(node)] = len(steps) - 1
    results = tuple(
        (name, operand(node), tuple(size.value(call.sizes) for size in node.shape))
        for name, node in compiled.once.items()
    )
    return tuple(steps), results


def with_once(
    steps: ConstantSteps, parameters: Mapping[str, Tensor], dtype: torch.dtype, precision: str
) -> dict[str, Tensor]:
    """The parameters, and the values that the steps compute from them."""
    result = dict(parameters)
    values: list[Tensor | float] = []

    def value(operand: str | int | float) -> Tensor | float:
        if isinstance(operand, str):
            return parameters[operand]
        return values[operand] if isinstance(operand, int) else operand

    for op, bounds, operands in steps[0]:
        values.append(compute(op, bounds, [value(operand) for operand in operands], precision))
    for name, operand, shape in steps[1]:
        one = value(operand)
        result[name] = (
            one.expand(shape) if isinstance(one, Tensor) else torch.full(shape, one, dtype=dtype, device="cpu")
        )
    return result


def parameters_of(compiled: CompiledCell, call: Call) -> dict[str, Tensor]:
    """The step's parameters, including those that torch computes."""
    if not compiled.once:
        return dict(call.parameters)
    return with_once(once_steps(compiled, call), call.parameters, call.x.dtype, call.precision)
