"""An equation as a document: its graph as plain data, which is never executed. A run folder keeps this.

The document has the names, sizes and initial values of the arguments, the nodes of the graph, the values of fixed
parameters, and for display the text of the equation with the names that its lines give to nodes. Reading it makes the
graph again without the function; the digest of that graph is compared with the one that was traced.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recur.equations.convolution import Convolution, convolution
from recur.equations.document_nodes import Leaves, is_name, node_data, read_nodes, read_shape, refused
from recur.equations.graph import Builder, Graph, Node, topological
from recur.equations.naming import naming
from recur.equations.sizes import ZERO, Shape, Size
from recur.equations.traced import Equation, EquationLine, Stored
from recur.equations.vectors import triangle, triangle_name
from recur.errors import EquationError
from recur.printable import TEXT, printable

KIND, FORMAT = "recur equation", 1
LONGEST_TEXT = 2**18
MOST_ARGUMENTS = 1000
MOST_VALUES = 4 * 2**20
LARGEST_SIZE = 10**6
CUMULATIVE = "cumulative sum"
_KEYS = {
    "kind", "format", "name", "text", "documentation", "inputs", "states", "parameters", "nodes", "outputs", "lines",
    "sizes", "fixed", "digest", "sha256",
}  # fmt: skip
_ARGUMENT = {"name", "shape", "initial", "blocks", "convolution"}
_MEANING = ("name", "inputs", "states", "parameters", "fixed", "digest")


def document_of(equation: Equation, sizes: Sequence[Mapping[str, int]] = ()) -> dict[str, Any]:
    """Write an equation as plain data for JSON.

    Parameters
    ----------
    equation : Equation
    sizes : sequence of mapping
        The sizes of the layers that use it; the values of fixed parameters are written for these.

    Returns
    -------
    dict
        What `read_equation` reads. It has been read once, and the graph was equal.

    Raises
    ------
    EquationError
        If the equation cannot be written.
    """
    if equation.stored is not None:
        return dict(equation.stored.document)
    lines, graph = naming(equation).lines, equation.graph
    roots = [*graph.outputs.values(), *(node for line in lines for node in line.nodes)]
    roots += [graph.input, *graph.states.values(), *graph.parameters.values(), *equation.arguments.values()]
    order = topological(roots)
    numbers = {id(node): number for number, node in enumerate(order)}
    told = _different(sizes) if equation.fixed else []
    content = {
        "kind": KIND,
        "format": FORMAT,
        "name": equation.name,
        "text": printable(equation.text, TEXT),
        "documentation": printable(equation.documentation, TEXT),
        "inputs": [_argument(name, equation.arguments[name].shape) for name in equation.inputs],
        "states": [_argument(name, graph.states[name].shape) for name in equation.states],
        "parameters": [
            _argument(name, graph.parameters[name].shape, equation.initial(name), equation.blocks.get(name))
            | _convolution(equation.convolutions.get(name))
            for name in equation.parameters
        ],
        "nodes": [node_data(node, numbers) for node in order],
        "outputs": [numbers[id(node)] for node in graph.outputs.values()],
        "lines": [
            {"text": printable(one.text, TEXT), "names": list(one.names), "nodes": [numbers[id(n)] for n in one.nodes]}
            for one in lines
        ],
        "sizes": told,
        "fixed": {name: _values(equation, name, told) for name in equation.fixed},
        "digest": equation.digest,
    }
    written = content | {"sha256": checksum(content)}
    if read_equation(json.loads(json.dumps(written))).digest != equation.digest:
        raise refused("its graph is not the one that was traced")
    return written


def same_equation(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents compute the same: other names of values and another text are no difference."""
    return all(one[key] == other[key] for key in _MEANING)


def checksum(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a document without its own."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _different(sizes: Sequence[Mapping[str, int]]) -> list[dict[str, int]]:
    """The sizes, each once, in order."""
    return [dict(pairs) for pairs in dict.fromkeys(tuple(sorted(one.items())) for one in sizes)]


def _argument(
    name: str, shape: Shape, initial: float | None = None, blocks: Size | None = None
) -> dict[str, Any]:  # fmt: skip
    data: dict[str, Any] = {"name": name, "shape": [str(size) for size in shape]}
    data |= {} if initial is None else {"initial": initial}
    return data if blocks is None else data | {"blocks": str(blocks)}


def _convolution(one: Convolution | None) -> dict[str, Any]:
    return {} if one is None else {"convolution": {"kernel": one.kernel, "grid": list(one.grid)}}


def _values(equation: Equation, name: str, sizes: Sequence[Mapping[str, int]]) -> Any:
    """The values of a fixed parameter, flat, for each of the sizes."""
    if name in equation.graph.builder.implied:
        return CUMULATIVE
    values = [equation.fixed_value(name, **one) for one in sizes]
    if sum(value.size for value in values) > MOST_VALUES:
        raise EquationError(
            f"{equation.name}: the fixed {name} has {sum(value.size for value in values):,} values, "
            f"at most {MOST_VALUES:,} are stored",
            hint="fewer units",
        )
    return [value.ravel().tolist() for value in values]


def read_equation(document: object) -> Equation:
    """Make an equation from a document. Nothing in it is executed.

    Raises
    ------
    EquationError
        If it is not a document that `document_of` wrote.
    """
    if not isinstance(document, dict) or set(document) != _KEYS or document["kind"] != KIND:
        raise refused("it does not have the keys of a stored equation")
    if type(document["format"]) is not int or document["format"] != FORMAT:
        raise refused(f"its format is not {FORMAT}; a newer recur may read it")
    if document["sha256"] != checksum(document):
        raise refused("it was altered: its content does not agree with the SHA-256 in it")
    name = document["name"]
    if not is_name(name):
        raise refused("its name is not a name of Python")
    inputs, states, parameters = (_arguments(document[key], key) for key in ("inputs", "states", "parameters"))
    if len({*inputs, *states, *parameters}) != len(inputs) + len(states) + len(parameters):
        raise refused("two arguments have the same name")
    if (
        not inputs
        or not states
        or any({"initial", "blocks", "convolution"} & set(one) for one in (*inputs.values(), *states.values()))
    ):
        raise refused("it has no input or no state, or an initial value or blocks of one")
    builder = Builder()
    input_leaf, arguments = _inputs(builder, {one: told["shape"] for one, told in inputs.items()})
    kinds = {"state": states, "parameter": parameters}
    drawn = {f"drawn:{one}": builder.leaf("noise", f"drawn:{one}", told["shape"]) for one, told in states.items()}
    leaves = {(k, n): builder.leaf(k, n, one["shape"]) for k, named in kinds.items() for n, one in named.items()}
    if any(len(one["shape"]) != 1 for one in states.values()):
        raise refused("a state is not a vector")
    arguments |= {one: node for (_, one), node in leaves.items()}
    shapes = [input_leaf.shape, *(node.shape for node in leaves.values())]
    blocks = {one: told["blocks"] for one, told in parameters.items() if "blocks" in told}
    listed = [*(size for shape in shapes for size in shape), *blocks.values()]
    convolutions = {one: told["convolution"] for one, told in parameters.items() if "convolution" in told}
    symbols = frozenset(symbol for size in listed for symbol in size.symbols)
    known = Leaves(
        {
            ("input", input_leaf.attribute): input_leaf,
            **leaves,
            **{("noise", one): node for one, node in drawn.items()},
        },
        symbols,
    )
    nodes = read_nodes(document["nodes"], builder, known)
    outputs = dict(zip(states, _chosen(document["outputs"], nodes, len(states)), strict=True))
    _check_outputs(outputs, leaves, input_leaf)
    lines = _lines(document["lines"], nodes)
    graph = Graph(
        input_leaf, {one: leaves["state", one] for one in states},
        {one: leaves["parameter", one] for one in parameters}, outputs, builder,
        {one: node for one, node in drawn.items() if any(node is read for read in topological(outputs.values()))},
    )  # fmt: skip
    if graph.digest != document["digest"]:
        raise refused("its graph is not the one that was traced")
    fixed = _fixed(document, name, {one: told["shape"] for one, told in parameters.items()}, symbols)
    if not _is_text(document["text"]) or not _is_text(document["documentation"]):
        raise refused("its text is not one that recur writes")
    return Equation(
        name, None, tuple(inputs), tuple(states), tuple(parameters), graph, arguments,
        {one: told.get("initial") for one, told in (inputs | states | parameters).items()}, fixed,
        Stored(document["text"], document["documentation"], lines, document, read_equation), blocks,
        convolutions,
    )  # fmt: skip


def _is_text(value: object) -> bool:
    """Whether a value is a text that a terminal shows as it is."""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and printable(value, TEXT) == value


def _arguments(values: object, key: str) -> dict[str, dict[str, Any]]:
    """Name to shape and initial value."""
    if not isinstance(values, list) or len(values) > MOST_ARGUMENTS:
        raise refused(f"its {key} are not a list")
    found: dict[str, dict[str, Any]] = {}
    for value in values:
        if not isinstance(value, dict) or not {"name", "shape"} <= set(value) <= _ARGUMENT:
            raise refused(f"one of its {key} has other keys than name, shape, initial and blocks")
        shape, initial = read_shape(value["shape"]), value.get("initial", 0.0)
        if not is_name(value["name"]) or value["name"] in found or not shape:
            raise refused(f"one of its {key} has no name and shape of its own")
        if type(initial) is not float or not math.isfinite(initial):
            raise refused(f"the initial value of one of its {key} is not a number")
        if "blocks" in value:
            (blocks,) = read_shape([value["blocks"]])
            if len(shape) != 2 or "initial" in value or blocks == ZERO:
                raise refused(f"one of its {key} has blocks and is not a matrix")
            value = value | {"blocks": blocks}
        if "convolution" in value:
            value = value | {"convolution": _read_convolution(value, shape)}
        found[value["name"]] = value | {"shape": shape}
    return found


def _read_convolution(value: Mapping[str, Any], shape: Shape) -> Convolution:
    told = value["convolution"]
    if not isinstance(told, dict) or set(told) != {"kernel", "grid"} or {"initial", "blocks"} & set(value):
        raise refused("a convolution has other parts than its kernel and grid")
    kernel, grid = told["kernel"], told["grid"]
    if not isinstance(grid, list) or len(grid) != 2 or not all(map(is_name, grid)):
        raise refused("the grid of a convolution is not two names")
    try:
        return convolution(" ".join(map(str, shape)), kernel, " ".join(grid))
    except EquationError as error:
        raise refused(error.message) from None


def _inputs(builder: Builder, shapes: Mapping[str, Shape]) -> tuple[Node, dict[str, Node]]:
    """x_t, and the part of it that each input is."""
    width = ZERO
    for shape in shapes.values():
        if len(shape) != 1:
            raise refused("an input is not a vector")
        width = width + shape[0]
    leaf, start = builder.leaf("input", ", ".join(shapes), (width,)), Size()
    parts = {}
    for one, (size,) in shapes.items():
        parts[one] = builder.slice(leaf, start, start + size)
        start = start + size
    return leaf, parts


def _chosen(values: object, nodes: Sequence[Node], count: int) -> list[Node]:
    """Nodes by their numbers."""
    if not isinstance(values, list) or len(values) != count:
        raise refused("a list of nodes has another length than its names")
    if not all(type(one) is int and 0 <= one < len(nodes) for one in values):
        raise refused("a number of a node is not one of its nodes")
    return [nodes[one] for one in values]


def _check_outputs(outputs: Mapping[str, Node], leaves: Mapping[tuple[str, str], Node], input_leaf: Node) -> None:
    """The new states have the shapes of the old ones, and everything that is declared is used."""
    for state, node in outputs.items():
        if node.op == "transposed" or node.shape != leaves["state", state].shape:
            raise refused(f"the new state {state} has another shape than the old one")
    used = {id(node) for node in topological(outputs.values())}
    unused = [name for (kind, name), node in leaves.items() if kind == "parameter" and id(node) not in used]
    if unused or id(input_leaf) not in used:
        raise refused(f"{unused[0] if unused else 'the input'} is never used")


def _lines(values: object, nodes: Sequence[Node]) -> tuple[EquationLine, ...]:
    if not isinstance(values, list) or len(values) > MOST_ARGUMENTS:
        raise refused("its lines are not a list")
    lines = []
    for value in values:
        if not isinstance(value, dict) or set(value) != {"text", "names", "nodes"} or not _is_text(value["text"]):
            raise refused("one of its lines has other keys than text, names and nodes")
        names = value["names"]
        if not isinstance(names, list) or not 1 <= len(names) <= MOST_ARGUMENTS or not all(map(is_name, names)):
            raise refused("one of its lines names no value")
        lines.append(EquationLine(value["text"], tuple(names), tuple(_chosen(value["nodes"], nodes, len(names)))))
    return tuple(lines)


def _fixed(
    document: Mapping[str, Any], cell: str, shapes: Mapping[str, Shape], symbols: frozenset[str]
) -> dict[str, Callable[..., Any]]:
    """What gives the values of each fixed parameter."""
    told, values = document["sizes"], document["fixed"]
    if not isinstance(told, list) or len(told) > MOST_ARGUMENTS or not all(_is_sizes(one, symbols) for one in told):
        raise refused("its sizes are not those of layers")
    if not isinstance(values, dict) or not set(values) <= set(shapes):
        raise refused("one of its fixed parameters is not a parameter")
    return {name: _lookup(cell, name, shapes[name], told, value) for name, value in values.items()}


def _is_sizes(value: object, symbols: frozenset[str]) -> bool:
    return (
        isinstance(value, dict)
        and symbols <= set(value)
        and all(is_name(name) and type(size) is int and 1 <= size <= LARGEST_SIZE for name, size in value.items())
    )


def _lookup(cell: str, name: str, shape: Shape, told: Sequence[Mapping[str, int]], value: Any) -> Callable[..., Any]:
    """A function of sizes that returns stored values."""
    if value == CUMULATIVE:
        if len(shape) != 2 or shape[0] != shape[1] or name != triangle_name(shape[0]):
            raise refused(f"{name} is not the matrix of a cumulative sum")
        return triangle(shape[0])
    if not isinstance(value, list) or len(value) != len(told):
        raise refused(f"the values of the fixed {name} are not those of its sizes")
    symbols = sorted({symbol for size in shape for symbol in size.symbols})
    tables: dict[tuple[int, ...], np.ndarray] = {}
    for sizes, flat in zip(told, value, strict=True):
        dims = tuple(size.value(sizes) for size in shape)
        if not isinstance(flat, list) or len(flat) != math.prod(dims) or not all(type(one) is float for one in flat):
            raise refused(f"the values of the fixed {name} are not numbers of its shape")
        table = np.asarray(flat, dtype=np.float64).reshape(dims)
        same = tables.setdefault(tuple(sizes[symbol] for symbol in symbols), table)
        if not np.isfinite(table).all() or not np.array_equal(same, table):
            raise refused(f"the values of the fixed {name} are not finite, or differ for the same sizes")

    def stored(**sizes: int) -> np.ndarray:
        wanted = tuple(sizes[symbol] for symbol in symbols)
        if wanted not in tables:
            told = ", ".join(f"{symbol} = {size}" for symbol, size in zip(symbols, wanted, strict=True))
            raise EquationError(
                f"{cell}: the values of the fixed {name} are not stored for {told}",
                hint="train with the Python file that computes them",
            )
        return tables[wanted]

    return stored
