"""Tracing: ``@equation`` turns a function that computes one time step into its graph."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from recur.equations import language
from recur.equations.diagram import svg
from recur.equations.graph import Builder, Graph, Node, text
from recur.equations.language import Symbol
from recur.equations.sizes import ZERO, Shape, Size, show
from recur.errors import EquationError, did_you_mean
from recur.markup import escaped


@dataclass(frozen=True, eq=False)
class Equation:
    """A recurrence: one time step as an equation, and its traced graph.

    Attributes
    ----------
    name : str
        The name of the function.
    input : str
        The name of x_t.
    states : tuple of str
        The states in order; the first is the output of the layer.
    parameters : tuple of str
        Matrices and vectors that all steps share.
    graph : Graph
        The traced time step.
    """

    name: str
    function: Callable[..., Any]
    input: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    graph: Graph
    _initial: Mapping[str, float | None]

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The symbolic shape of every argument."""
        leaves = {self.input: self.graph.input, **self.graph.states, **self.graph.parameters}
        return {name: node.shape for name, node in leaves.items()}

    @property
    def free_sizes(self) -> tuple[str, ...]:
        """The size symbols besides X (input) and H (hidden), which a layer needs as arguments."""
        symbols = {symbol for shape in self.shapes.values() for size in shape for symbol in size.symbols}
        return tuple(sorted(symbols - {"X", "H"}))

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
        return tuple(size.value(sizes) for size in shapes[name])

    def initial(self, name: str) -> float | None:
        """The initial value of a parameter, if the equation fixes it (``gain="H = 1"``), else None."""
        return self._initial[name]

    @cached_property
    def text(self) -> str:
        """The source of the equation's body, without its docstring."""
        source = _source(self.function)
        if source is None:
            return "\n".join(f"{name} = {text(node, 9)}" for name, node in self.graph.outputs.items())
        tree = ast.parse(source).body[0]
        if not isinstance(tree, ast.FunctionDef):
            return source
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        lines = source.splitlines()[body[0].lineno - 1 : body[-1].end_lineno]
        return textwrap.dedent("\n".join(lines))

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or self.name).splitlines()[0]

    @property
    def reference(self) -> str:
        """The docstring's line that names the paper, or an empty string."""
        lines = (inspect.getdoc(self.function) or "").splitlines()
        return next((line.removeprefix("Source:").strip() for line in lines if line.startswith("Source:")), "")

    @property
    def digest(self) -> str:
        """A hash of the graph: equal for equations with the same operations in the same order."""
        return self.graph.digest

    def __call__(self, *arguments: Any) -> Any:
        """Apply the equation to symbols, as part of another equation."""
        return self.function(*arguments)

    def __reduce__(self) -> str | tuple[Any, ...]:
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

    value: Any = importlib.import_module(module)
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


def equation(undeclared: object = None, /, **sizes: str) -> Callable[[Callable[..., Any]], Equation]:
    """Make a recurrence from one time step written as a function.

    The function's arguments are the input, then the states (as many as are returned, in that order; the first is
    the output), then the parameters, matrices first. Each is given a size: one symbol for a vector, two for
    a matrix; X is the input size, H the hidden size, any other symbol is a further size. ``"H = 1"`` fixes
    the initial value of a parameter.

    Parameters
    ----------
    **sizes : str
        A size for each argument of the function.

    Returns
    -------
    Equation
        Checked and traced; give it to ``recur.nn.Recurrent``.

    Raises
    ------
    EquationError
        If sizes do not fit, a name is unknown, a state is not returned, or the control flow depends on values.

    Examples
    --------
    >>> from recur.equations import equation, tanh
    >>> @equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
    ... def elman(x, h, W_xh, W_hh, b):
    ...     h = tanh(W_xh @ x + W_hh @ h + b)
    ...     return h
    >>> elman.shape("W_xh", X=3, H=5)
    (5, 3)
    """

    if undeclared is not None:
        raise EquationError(
            f"equation takes the size of each argument by name, got {undeclared!r}",
            hint='@equation(x="X", h="H", W_xh="H X", ...) above the def',
        )

    def make(function: Callable[..., Any]) -> Equation:
        if not inspect.isfunction(function) or function.__name__ == "<lambda>":
            raise EquationError(
                f"an equation is a function with a name, got {function!r}",
                hint="def my_cell(x, h, W_xh, W_hh, b): ... return h",
            )
        name = function.__name__
        arguments = _arguments(name, function)
        shapes, initial = _declared(name, arguments, sizes)
        source_tree = _tree(function)
        builder = Builder()
        symbols = {a: Symbol(builder, builder.leaf(_kind(i), a, shapes[a])) for i, a in enumerate(arguments)}
        count = len(_returned(name, _call(name, function, symbols)))
        if count >= len(arguments):
            raise EquationError(
                f"{name} returns {count} values but has only {len(arguments) - 1} arguments after the input",
                hint="the states come right after the input and are returned in that order",
            )
        states, parameters = arguments[1 : 1 + count], arguments[1 + count :]
        _check_states(name, arguments[0], states, shapes, sizes)
        _check_forgotten_states(name, parameters, shapes, source_tree)
        # traced again, now that the states are known: each leaf stores its kind
        builder = Builder()
        leaves = {
            a: builder.leaf("input" if i == 0 else "state" if a in states else "parameter", a, shapes[a])
            for i, a in enumerate(arguments)
        }
        result = _returned(name, _call(name, function, {a: Symbol(builder, n) for a, n in leaves.items()}))
        outputs: dict[str, Node] = {}
        for state, value in zip(states, result, strict=True):
            if value.node.shape != shapes[state]:
                raise EquationError(
                    f"{name} returns a value of {show(value.node.shape)} for the state {state}, which is "
                    f"declared as {show(shapes[state])}",
                    hint="the states are returned in the order of the arguments after the input",
                )
            outputs[state] = value.node
        graph = Graph(
            leaves[arguments[0]],
            {s: leaves[s] for s in states},
            {p: leaves[p] for p in parameters},
            outputs,
            builder,
        )
        used = {node.attribute for node in graph.order if node.op in {"input", "state", "parameter"}}
        for argument in arguments:
            if argument not in used and argument not in states:
                raise EquationError(
                    f"{name} declares {argument}, but never uses it",
                    hint=f"use {argument} in the equation or remove it from the arguments",
                )
        return Equation(name, function, arguments[0], states, parameters, graph, initial)

    return make


def _kind(position: int) -> str:
    return "input" if position == 0 else "parameter"


def _arguments(name: str, function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters
    for argument in parameters.values():
        if argument.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD or argument.default is not argument.empty:
            raise EquationError(
                f"{name}: the argument {argument} is not a plain positional argument",
                hint="an equation takes named arguments only, without *, ** or defaults",
            )
    if len(parameters) < 2:
        raise EquationError(f"{name} needs an input and at least one state, got {tuple(parameters)}")
    return tuple(parameters)


def _declared(
    name: str, arguments: tuple[str, ...], sizes: Mapping[str, str]
) -> tuple[dict[str, Shape], dict[str, float | None]]:
    for key in sizes:
        if key not in arguments:
            raise EquationError(
                f"{name}: a size is declared for {key}, which is not an argument.{did_you_mean(key, arguments)}"
            )
    shapes: dict[str, Shape] = {}
    initial: dict[str, float | None] = {}
    for position, argument in enumerate(arguments):
        example = f'@equation(..., {argument}="H") for a vector, {argument}="H X" for a matrix'
        if argument not in sizes:
            raise EquationError(f"{name}: no size is declared for the argument {argument}", hint=example)
        if not isinstance(sizes[argument], str):
            raise EquationError(
                f"{name}: the size of {argument} is declared as {sizes[argument]!r}, expected text", hint=example
            )
        declared, equals, value = sizes[argument].partition("=")
        try:
            shape = tuple(Size.parse(part) for part in declared.split())
        except EquationError as error:
            raise EquationError(f'{name}: {argument}="{sizes[argument]}": {error.message}', error.hint) from None
        if not 1 <= len(shape) <= 2 or (position == 0 and len(shape) != 1):
            expected = "one size" if position == 0 else "one size (vector) or two (matrix)"
            raise EquationError(f'{name}: {argument}="{sizes[argument]}" has {len(shape)} sizes, expected {expected}')
        if ZERO in shape:
            raise EquationError(f'{name}: {argument}="{sizes[argument]}" has the size 0', hint=example)
        try:
            initial[argument] = float(value) if equals else None
        except ValueError:
            initial[argument] = math.nan
        if not math.isfinite(initial[argument] or 0.0):
            raise EquationError(
                f'{name}: {argument}="{sizes[argument]}": "{value.strip()}" is not a finite initial value',
                hint=f'{argument}="{declared.strip()} = 1"',
            )
        shapes[argument] = shape
    return shapes, initial


def _call(name: str, function: Callable[..., Any], symbols: Mapping[str, Symbol]) -> Any:
    try:
        return function(**symbols)
    except EquationError as error:
        raise EquationError(f"{name}: {error.message}", error.hint) from None
    except NameError as error:
        unknown = str(getattr(error, "name", None) or error)
        words = [word for word in vars(language) if not word.startswith("_")] + list(symbols)
        raise EquationError(
            f'{name}: the name "{unknown}" is unknown.{did_you_mean(unknown, words)}',
            hint="from recur.equations import sigmoid, tanh, split, ...",
        ) from None
    except (TypeError, AttributeError, ValueError, ArithmeticError, LookupError) as error:
        raise _from_python(name, error) from None


def _from_python(name: str, error: Exception) -> EquationError:
    """The error of Python, numpy or torch as an EquationError with a hint."""
    message = str(error)
    hint = "an equation consists of W @ v, + - * /, sigmoid, tanh, split, concat, layer_norm, ..."
    if "ufunc" in message:
        message = "numpy computes with arrays, and a value of an equation holds no data while it is traced"
        hint = "use the functions of recur.equations: tanh, exp, maximum, ..."
    elif "to unpack" in message:
        hint = "split(v, n) returns n parts: unpack all of them, as in a, b = split(v, 2)"
    elif isinstance(error, (ArithmeticError, LookupError)):
        message = f"{type(error).__name__}: {message}"
    return EquationError(f"{name}: {message}", hint)


def _returned(name: str, result: Any) -> tuple[Symbol, ...]:
    hint = "return the new states at the end: return h, c"
    if result is None:
        raise EquationError(f"{name} returns nothing", hint=hint)
    values = result if isinstance(result, tuple) else (result,)
    for value in values:
        if not isinstance(value, Symbol):
            what = repr(value) if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"
            raise EquationError(f"{name} returns {what}; expected the new states, each a vector", hint=hint)
    return values


def _check_states(
    name: str, input_name: str, states: tuple[str, ...], shapes: Mapping[str, Shape], sizes: Mapping[str, str]
) -> None:
    """Refuse a matrix in the place of a state, and an initial value for a state or the input."""
    for state in states:
        if len(shapes[state]) == 2:
            raise EquationError(
                f"{name} returns {len(states)} values, so its states are {', '.join(states)}; but {state} is declared "
                f"as the matrix {show(shapes[state])}",
                hint="the states come right after the input, before all matrices, and are returned in that order",
            )
    for argument in (input_name, *states):
        if "=" in sizes[argument]:
            raise EquationError(
                f'{name}: {argument}="{sizes[argument]}": only a parameter has an initial value',
                hint="the initial state is zero, an argument of the layer, or learned with learn_initial_state=True",
            )


def _source(function: Callable[..., Any]) -> str | None:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return None


def _tree(function: Callable[..., Any]) -> ast.AST | None:
    source = _source(function)
    try:
        return ast.parse(source) if source else None
    except SyntaxError:
        return None


def _check_forgotten_states(
    name: str, parameters: tuple[str, ...], shapes: Mapping[str, Shape], tree: ast.AST | None
) -> None:
    assigned = {
        target.id
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
        for one in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in ast.walk(one)
        if isinstance(target, ast.Name)
    }
    has_matrix = any(len(shapes[p]) == 2 for p in parameters)
    before_matrix = has_matrix
    for parameter in parameters:
        before_matrix = before_matrix and len(shapes[parameter]) == 1
        if parameter in assigned or before_matrix:
            raise EquationError(
                f"{name}: {parameter} looks like a state but is not returned",
                hint=f"return it after the other states, or, if {parameter} is a parameter, give it its own name "
                "and list it after the matrices",
            )
