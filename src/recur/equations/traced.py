"""``Equation``: a traced recurrence with its names, sizes, graph and text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recur.equations.convolution import Convolution
from recur.equations.diagram import svg
from recur.equations.graph import Graph, Node, sizes_of, text
from recur.equations.sizes import Shape, Size, factors
from recur.errors import EquationError, did_you_mean
from recur.markup import escaped

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class EquationLine:
    """One line of the equation.

    Attributes
    ----------
    text : str
        Its source.
    names : tuple of str
        The names that it assigns.
    nodes : tuple of Node
        Their nodes.
    """

    text: str
    names: tuple[str, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Stored:
    """What is known of an equation that was read from a document, which has no function.

    Attributes
    ----------
    text : str
        The body of its function.
    documentation : str
        Its docstring.
    lines : tuple of EquationLine
        The lines that name nodes.
    document : mapping
        The document; see `recur.equations.document`.
    read : callable
        Makes the equation of a document.
    """

    text: str
    documentation: str
    lines: tuple[EquationLine, ...]
    document: Mapping[str, Any]
    read: Callable[[dict[str, Any]], Equation]


@dataclass(frozen=True, eq=False)
class Equation:
    """A recurrence: one time step as an equation, and its traced graph.

    Attributes
    ----------
    name : str
        The name of the function.
    function : callable or None
        What was traced; None for an equation that was read from a document.
    inputs : tuple of str
        The names of the inputs, which are columns of x_t one after the other; usually one.
    states : tuple of str
        The states in order; the first is the output of the layer.
    parameters : tuple of str
        Matrices and vectors that all steps share, those that are fixed and that words bring with them included.
    graph : Graph
        The traced time step.
    arguments : mapping of str to Node
        The node of each argument of the function.
    stored : Stored or None
        What the document says, for an equation that was read from one.
    blocks : mapping of str to Size
        The number of blocks on the diagonal of each matrix that is zero elsewhere: heads in ``"H H / heads"``.
    convolutions : mapping of str to Convolution
        The kernel and the grid of each matrix and vector that is the same at every place of a grid.
    """

    name: str
    function: Callable[..., Any] | None
    inputs: tuple[str, ...]
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    graph: Graph
    arguments: Mapping[str, Node]
    _initial: Mapping[str, float | None]
    _fixed: Mapping[str, Callable[..., Any]]
    stored: Stored | None = None
    blocks: Mapping[str, Size] = field(default_factory=dict)
    convolutions: Mapping[str, Convolution] = field(default_factory=dict)

    @property
    def input(self) -> str:
        """The name of x_t; of several inputs, their names together."""
        return ", ".join(self.inputs)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The symbolic shape of every argument."""
        leaves = {self.input: self.graph.input, **self.graph.states, **self.graph.parameters}
        return {name: node.shape for name, node in {**self.arguments, **leaves}.items()}

    @property
    def free_sizes(self) -> tuple[str, ...]:
        """The size symbols besides X (input) and H (hidden), which a layer needs as arguments."""
        symbols = {symbol for shape in self.shapes.values() for size in shape for symbol in size.symbols}
        symbols |= {symbol for blocks in self.blocks.values() for symbol in blocks.symbols}
        symbols |= self.grid
        return tuple(sorted(symbols - {"X", "H"}))

    @property
    def grid(self) -> frozenset[str]:
        """The size symbols that are the height or width of a grid."""
        return frozenset(symbol for one in self.convolutions.values() for symbol in one.grid)

    @property
    def heads(self) -> frozenset[str]:
        """The size symbols that are a number of blocks or of parts, and so divide other sizes."""
        blocks = {symbol for one in self.blocks.values() for symbol in one.symbols}
        return frozenset(blocks | {heads for _, heads in self._divided})

    @cached_property
    def _divided(self) -> tuple[tuple[str, str], ...]:
        """Symbols of sizes and what they are divided by."""
        terms = dict.fromkeys(symbol for size in sizes_of(self.graph.order) for symbol, _ in size.terms)
        pairs = ((one, heads) for term in terms for one in factors(term)[0] for heads in factors(term)[1])
        return tuple(dict.fromkeys(pairs))

    def shape(self, name: str, **sizes: int) -> tuple[int, ...]:
        """The shape of an argument in numbers: ``lstm.shape("W_xh", X=39, H=128)`` is ``(512, 39)``."""
        shapes = self.shapes
        if name not in shapes:
            raise EquationError(f'{self.name} has no argument "{name}".{did_you_mean(name, shapes)}')
        missing = {symbol for size in shapes[name] for symbol in size.symbols} - set(sizes)
        if missing:
            raise EquationError(
                f"{self.name}: the size {', '.join(sorted(missing))} is required",
                hint=f"give it by name: sizes={{'{min(missing)}': 64}}",
            )
        for whole, heads in self._divided:
            if heads in sizes and whole in sizes and (sizes[heads] < 1 or sizes[whole] % sizes[heads]):
                raise EquationError(
                    f"{self.name}: {heads} = {sizes[heads]} parts do not divide {whole} = {sizes[whole]}",
                    hint=f"{heads}: a number that divides {sizes[whole]}",
                )
        return tuple(size.value(sizes) for size in shapes[name])

    def stored_shape(self, name: str, **sizes: int) -> tuple[int, ...] | None:
        """The shape of what is trained where the whole is made from it: blocks, or a kernel; None for others.

        Raises
        ------
        EquationError
            If a number of blocks or a grid does not divide the whole, or is not given.
        """
        if name not in self.convolutions:
            return self.block_shape(name, **sizes)
        try:
            return self.convolutions[name].shape(name, self.shape(name, **sizes), sizes)
        except EquationError as error:
            raise EquationError(f"{self.name}: {error.message}", error.hint) from None

    def block_shape(self, name: str, **sizes: int) -> tuple[int, int, int] | None:
        """Blocks, rows and columns of a matrix that is zero outside the blocks on its diagonal; None for others.

        Raises
        ------
        EquationError
            If the blocks do not divide the matrix, or the number of blocks is not given.
        """
        if name not in self.blocks:
            return None
        rows, columns = self.shape(name, **sizes)
        declared = self.blocks[name]
        missing = set(declared.symbols) - set(sizes)
        if missing:
            raise EquationError(
                f"{self.name}: the number of blocks {', '.join(sorted(missing))} of {name} is required",
                hint=f"give it by name: sizes={{'{min(missing)}': 4}}",
            )
        blocks = declared.value(sizes)
        if blocks < 1 or rows % blocks or columns % blocks:
            raise EquationError(
                f"{self.name}: {name} of {rows} x {columns} is not divided into {declared} = {blocks} blocks",
                hint=f"a number that divides {rows} and {columns}",
            )
        return blocks, rows // blocks, columns // blocks

    def initial(self, name: str) -> float | None:
        """The initial value of a parameter, if the equation fixes it (``gain="H = 1"``), else None."""
        return self._initial[name]

    @property
    def fixed(self) -> tuple[str, ...]:
        """The parameters whose values follow from the sizes, and which are not trained."""
        return tuple(self._fixed)

    def fixed_value(self, name: str, **sizes: int) -> np.ndarray:
        """The values of a fixed parameter for these sizes.

        Raises
        ------
        EquationError
            If what computes them gives another shape, or numbers that are not finite.
        """
        import numpy as np  # here, since the cells are compiled where there is none

        expected = self.shape(name, **sizes)
        symbols = {symbol for size in self.shapes[name] for symbol in size.symbols}
        value = np.asarray(self._fixed[name](**{symbol: sizes[symbol] for symbol in sorted(symbols)}), dtype=np.float64)
        if value.shape != expected or not np.isfinite(value).all():
            what = "is not finite" if value.shape == expected else f"is computed with shape {value.shape}"
            raise EquationError(f"{self.name}: the fixed {name} {what}, expected finite numbers of shape {expected}")
        return value

    @cached_property
    def text(self) -> str:
        """The source of the equation's body, without its docstring."""
        if self.stored is not None:
            return self.stored.text
        source = source_of(self.function)
        if source is None:
            return "\n".join(f"{name} = {text(node, 9)}" for name, node in self.graph.outputs.items())
        tree = ast.parse(source).body[0]
        if not isinstance(tree, ast.FunctionDef):
            return source
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        lines = source.splitlines()[body[0].lineno - 1 : body[-1].end_lineno]
        return textwrap.dedent("\n".join(lines))

    @property
    def documentation(self) -> str:
        """The docstring, or an empty text."""
        return self.stored.documentation if self.stored else inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.documentation or self.name).splitlines()[0]

    @property
    def reference(self) -> str:
        """The docstring's line that names the paper, or an empty string."""
        lines = self.documentation.splitlines()
        return next((line.removeprefix("Source:").strip() for line in lines if line.startswith("Source:")), "")

    @property
    def digest(self) -> str:
        """A hash of the graph: equal for equations with the same operations in the same order."""
        return self.graph.digest

    def __call__(self, *arguments: Any) -> Any:
        """Apply the equation to symbols, as part of another equation."""
        if self.function is None:
            raise EquationError(
                f"{self.name} was read from a document and cannot be a part of another equation",
                hint="use the function in the Python file that defines it",
            )
        return self.function(*arguments)

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self.stored is not None:
            return self.stored.read, (dict(self.stored.document),)
        if self.function is None:
            raise EquationError(f"{self.name} has no function and no document")
        return _find, (self.function.__module__, self.function.__qualname__)

    def __deepcopy__(self, memo: object) -> Equation:
        return self

    def __repr__(self) -> str:
        return f"<equation {self.name}: {self.input}, ({', '.join(self.states)}) -> ({', '.join(self.states)})>"

    def _repr_html_(self) -> str:
        """The representation in a notebook: the source and the graph."""
        return f"<pre>{escaped(self.text)}</pre>{svg(self.graph)}"


def _find(module: str, qualname: str) -> Equation:
    """Return an equation by its module and qualified name (for unpickling)."""
    import importlib

    try:
        value: Any = importlib.import_module(module)
    except ImportError:
        raise EquationError(
            f"the equation {qualname} was defined in {module}, which cannot be imported here",
            hint="a run folder keeps the equation as data: train with out=FOLDER, and use recur.load(FOLDER)",
        ) from None
    for part in qualname.split("."):
        if part == "<locals>":
            raise EquationError(
                f"the equation {qualname} was defined inside a function and cannot be imported",
                hint="define it at the top of a module",
            )
        value = getattr(value, part)
    if not isinstance(value, Equation):
        raise EquationError(f"{module}.{qualname} is not an equation")
    return value


def source_of(function: Callable[..., Any] | None) -> str | None:
    """The source of a function without its indentation, where it is known."""
    if function is None:
        return None
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return None
