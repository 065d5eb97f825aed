"""Tracing: ``@equation`` turns a function that computes one time step into its graph."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from recur.equations import language, matrices, surrogates, vectors
from recur.equations.convolution import Convolution
from recur.equations.fixed import Fixed
from recur.equations.graph import Builder, Graph, Node, sizes_of
from recur.equations.language import Symbol, dims_of
from recur.equations.sizes import ZERO, Shape, Size, show
from recur.equations.traced import Equation, source_of
from recur.errors import EquationError, closest, did_you_mean


def equation(
    undeclared: object = None, /, **sizes: str | Fixed | Convolution
) -> Callable[[Callable[..., Any]], Equation]:
    """Make a recurrence from one time step written as a function.

    The function's arguments are the input, then the states (as many as are returned, in that order; the first is
    the output), then the parameters, matrices first. Each is given a size: one symbol for a vector, two for
    a matrix; X is the input size, H the hidden size, any other symbol is a further size. ``"H H / heads"`` is a
    matrix of that many blocks on the diagonal, zero elsewhere. ``"H = 1"`` fixes the
    initial value of a parameter, ``fixed("N N", compute)`` computes a parameter that is not trained,
    ``convolution("4H X")`` is a matrix that convolves over a grid. Further inputs
    follow the first and are marked, ``dt="1 input"``: x_t of the layer has the columns of all, one after the other.

    Parameters
    ----------
    **sizes : str, Fixed or Convolution
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
        texts, computed, convolutions = _fixed(sizes)
        texts, blocks = _blocks(name, texts)
        inputs, texts = _inputs(name, arguments, texts)
        shapes, initial = _declared(name, arguments, texts)
        source_tree = _tree(function)
        count = _count_states(name, function, inputs, shapes, blocks)
        if count > len(arguments) - len(inputs):
            raise EquationError(
                f"{name} returns {count} values but has only {len(arguments) - len(inputs)} arguments after the input",
                hint="the states come right after the input and are returned in that order",
            )
        states, parameters = arguments[len(inputs) :][:count], arguments[len(inputs) + count :]
        _check_states(name, inputs, states, shapes, texts)
        _check_convolutions(name, convolutions, [one for one in parameters if one not in blocks], initial)
        _check_blocks(name, blocks, states, [one for one in parameters if one not in computed], shapes)
        _check_forgotten_states(name, parameters, shapes, source_tree)
        # traced again, now that the states are known: each leaf stores its kind
        builder = Builder()
        leaves = _leaves(builder, inputs, states, shapes, blocks)
        result = _returned(name, _call(name, function, leaves))
        outputs: dict[str, Node] = {}
        for state, value in zip(states, result, strict=True):
            _check_new_state(name, state, states, shapes[state], value, blocks.get(state))
            outputs[state] = value.node
        nodes = {argument: symbol.node for argument, symbol in leaves.items()}
        implied = {word: node for word, (node, _) in builder.implied.items()}
        graph = Graph(
            _joint_input(builder, inputs, shapes),
            {state: nodes[state] for state in states},
            {parameter: nodes[parameter] for parameter in parameters} | implied,
            outputs,
            builder,
            dict(builder.drawn),
        )
        _check_drawn(name, builder, states)
        _check_symbols(name, graph, shapes, blocks)
        used = {id(node) for node in graph.order}
        for argument in arguments:
            if id(nodes[argument]) not in used and argument not in states:
                raise EquationError(
                    f"{name} declares {argument}, but never uses it",
                    hint=f"use {argument} in the equation or remove it from the arguments",
                )
        computed |= {word: compute for word, (_, compute) in builder.implied.items()}
        initial |= dict.fromkeys(implied)
        own = {one: number for one, number in blocks.items() if one in parameters}
        return Equation(
            name, function, inputs, states, (*parameters, *implied), graph, nodes, initial, computed, blocks=own,
            convolutions=convolutions,
        )  # fmt: skip

    return make


def _check_symbols(name: str, graph: Graph, shapes: Mapping[str, Shape], blocks: Mapping[str, Size]) -> None:
    """Refuse a size that no argument declares, such as a misspelt number of heads."""
    declared = {symbol for size in (*blocks.values(), *sum(shapes.values(), ())) for symbol in size.symbols}
    for size in sizes_of(graph.order):
        unknown = next((symbol for symbol in size.symbols if symbol not in declared), None)
        if unknown is not None:
            raise EquationError(
                f'{name}: no argument has the size "{unknown}".{did_you_mean(unknown, declared)}',
                hint=f'declare it: b="{unknown}" is a vector of {unknown}',
            )


def _check_drawn(name: str, builder: Builder, states: tuple[str, ...]) -> None:
    """Refuse numbers that are drawn for something that is not a state."""
    for drawn in builder.drawn:
        _, _, state = drawn.partition(":")
        if state not in states:
            raise EquationError(
                f"{name}: bernoulli draws for {state}, which is not a state", hint=f"one of {', '.join(states)}"
            )


def _fixed(
    sizes: Mapping[str, str | Fixed | Convolution],
) -> tuple[dict[str, Any], dict[str, Callable[..., Any]], dict[str, Convolution]]:
    """The declared sizes as text, what computes those that are fixed, and those that are convolutions."""
    texts = {name: one.size if isinstance(one, (Fixed, Convolution)) else one for name, one in sizes.items()}
    computed = {name: one.compute for name, one in sizes.items() if isinstance(one, Fixed)}
    return texts, computed, {name: one for name, one in sizes.items() if isinstance(one, Convolution)}


def _check_convolutions(
    name: str, convolutions: Mapping[str, Convolution], trained: list[str], initial: Mapping[str, float | None]
) -> None:
    """Refuse a convolution of an input, a state, a matrix of blocks or a parameter with an initial value."""
    for argument in convolutions:
        if argument not in trained or initial[argument] is not None:
            raise EquationError(
                f"{name}: {argument} is a convolution, and not a matrix or vector that is trained from random values",
                hint='W=convolution("4H X"), b=convolution("4H")',
            )


def _blocks(name: str, sizes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Size]]:
    """The sizes without ``/ heads``, and the number of blocks of each matrix that has some."""
    texts, blocks = dict(sizes), {}
    for argument, size in sizes.items():
        if not isinstance(size, str) or "/" not in size:
            continue
        declared, _, number = size.partition("/")
        number, equals, value = number.partition("=")
        try:
            blocks[argument] = Size.parse(number.strip())
        except EquationError as error:
            raise EquationError(f'{name}: {argument}="{size}": {error.message}', hint='"H H / heads"') from None
        if blocks[argument] == ZERO:
            raise EquationError(f'{name}: {argument}="{size}" has no blocks', hint='"H H / heads"')
        texts[argument] = declared + equals + value
    return texts, blocks


def _check_blocks(
    name: str, blocks: Mapping[str, Size], states: tuple[str, ...], trained: list[str], shapes: Mapping[str, Shape]
) -> None:
    """Refuse blocks of anything but a matrix that is trained or a state."""
    for argument, number in blocks.items():
        if argument not in (*states, *trained) or len(shapes[argument]) != 2:
            raise EquationError(
                f"{name}: {argument} has blocks on its diagonal, and is not a matrix that is trained or a state",
                hint='blocks are declared of a matrix, such as R="H H / heads"',
            )
        sizes = [number, *shapes[argument]]
        if argument in states and any(one.constant or len(one.terms) != 1 for one in sizes):
            raise EquationError(
                f"{name}: the state {argument} of {show(shapes[argument])} / {number}: rows, columns and the number of "
                "blocks are symbols",
                hint=f'{argument}="H H / heads", with a number for heads when the layer is made',
            )


def _inputs(name: str, arguments: tuple[str, ...], sizes: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The inputs, which are the first argument and those that follow it marked as such; the sizes without the mark."""
    marked = [a for a, size in sizes.items() if isinstance(size, str) and size.split()[1:] == ["input"]]
    inputs = arguments[:1] + tuple(a for a in arguments[1:] if a in marked)
    if inputs != arguments[: len(inputs)]:
        wrong = next(a for a, b in zip(inputs, arguments, strict=False) if a != b)
        raise EquationError(
            f"{name}: the input {wrong} comes after a state or parameter",
            hint="the inputs are the first arguments: def cell(x, dt, h, W): ...",
        )
    return inputs, {a: size.split()[0] if a in marked else size for a, size in sizes.items()}


def _joint_input(builder: Builder, inputs: tuple[str, ...], shapes: Mapping[str, Shape]) -> Node:
    """x_t: the columns of all inputs one after the other."""
    width = ZERO
    for one in inputs:
        width = width + shapes[one][0]
    return builder.leaf("input", ", ".join(inputs), (width,))


def _leaves(
    builder: Builder, inputs: tuple[str, ...], states: tuple[str, ...], shapes: Mapping[str, Shape],
    blocks: Mapping[str, Size],
) -> dict[str, Symbol]:  # fmt: skip
    """What the function is called with."""
    x, start = _joint_input(builder, inputs, shapes), ZERO
    leaves = {}
    for argument, shape in shapes.items():
        if argument in inputs:
            leaves[argument] = Symbol(builder, builder.slice(x, start, start + shape[0]))
            start = start + shape[0]
        elif argument in states and len(shape) == 2:
            # a matrix of its own in every row, kept row after row; of blocks, these alone
            heads = blocks.get(argument)
            size = shape[0].times(shape[1] if heads is None else shape[1].over(heads))
            leaves[argument] = Symbol(builder, builder.leaf("state", argument, (size,)), shape, heads)
        else:
            leaves[argument] = Symbol(
                builder, builder.leaf("state" if argument in states else "parameter", argument, shape)
            )
    return leaves


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
            raise EquationError(
                f'{name}: {argument}="{sizes[argument]}" has {len(shape)} sizes, expected {expected}',
                hint=f'{argument}="H H / heads" is a matrix of that many blocks' if len(shape) == 3 else None,
            )
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


def _unknown(name: str, unknown: str, words: Sequence[str], symbols: Iterable[str]) -> EquationError:
    if unknown in words:
        return EquationError(f'{name}: "{unknown}" is not imported', hint=f"from recur.equations import {unknown}")
    known = [*words, *symbols]
    near = closest(unknown, known)
    argument = f'a state, a matrix and a vector are arguments with a size: {unknown}="H", def {name}(..., {unknown})'
    return EquationError(
        f'{name}: the name "{unknown}" is unknown.{did_you_mean(unknown, known)}',
        hint=f"write {near}" if near else argument,
    )


def _call(name: str, function: Callable[..., Any], symbols: Mapping[str, Symbol]) -> Any:
    try:
        return function(**symbols)
    except EquationError as error:
        raise EquationError(f"{name}: {error.message}", error.hint) from None
    except NameError as error:
        unknown = str(getattr(error, "name", None) or error)
        rooms = (language, matrices, surrogates, vectors)
        raise _unknown(name, unknown, [word for room in rooms for word in room.WORDS], symbols) from None
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
    name: str, inputs: tuple[str, ...], states: tuple[str, ...], shapes: Mapping[str, Shape], sizes: Mapping[str, str]
) -> None:
    """Refuse an initial value for a state or an input."""
    del shapes
    for argument in (*inputs, *states):
        if "=" in sizes[argument]:
            raise EquationError(
                f'{name}: {argument}="{sizes[argument]}": only a parameter has an initial value',
                hint="the initial state is zero, an argument of the layer, or learned with learn_initial_state=True",
            )


def _count_states(
    name: str, function: Callable[..., Any], inputs: tuple[str, ...], shapes: Mapping[str, Shape],
    blocks: Mapping[str, Size],
) -> int:  # fmt: skip
    """As many as the function returns; what is done to a state that is a matrix needs to be known beforehand."""
    rest = [argument for argument in shapes if argument not in inputs]
    try:
        return len(_returned(name, _call(name, function, _leaves(Builder(), inputs, (), shapes, blocks))))
    except EquationError as refusal:
        first = next((place for place, argument in enumerate(rest) if len(shapes[argument]) == 2), len(rest))
        as_state: EquationError | None = None
        for count in range(first + 1, len(rest) + 1):
            try:
                states = tuple(rest[:count])
                values = _returned(name, _call(name, function, _leaves(Builder(), inputs, states, shapes, blocks)))
            except EquationError as error:
                as_state = as_state or error
                continue
            if len(values) == count:
                return count
        if as_state is not None and "only multiplies a vector" in refusal.message:
            raise as_state from None
        raise


def _check_new_state(
    name: str, state: str, states: tuple[str, ...], expected: Shape, value: Symbol, blocks: Size | None
) -> None:
    """Refuse a new state of another size, and a matrix among the states that is a parameter."""
    unchanged = len(expected) == 2 and value.node.op == "state" and value.node.attribute == state
    if len(expected) == 2 and (value.dims is None or unchanged):
        raise EquationError(
            f"{name} returns {len(states)} values, so its states are {', '.join(states)}; but {state} is declared "
            f"as the matrix {show(expected)}" + (" and returned as it is" if unchanged else ""),
            hint="the states come right after the input, before all matrices, and are returned in that order",
        )
    if (value.dims or value.node.shape) != expected or value.heads != blocks:
        declared = show(expected) + ("" if blocks is None else f" / {blocks}")
        raise EquationError(
            f"{name} returns a value of {dims_of(value)} for the state {state}, which is declared as {declared}",
            hint="the states are returned in the order of the arguments after the input",
        )


def _tree(function: Callable[..., Any]) -> ast.AST | None:
    source = source_of(function)
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
