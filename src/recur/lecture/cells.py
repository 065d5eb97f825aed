"""The cells of the lecture as JavaScript, from the graph of their equation; the page draws them from their text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from recur import equations
from recur.compiler import javascript
from recur.equations import Equation, diagram
from recur.equations.drawing.places import straight_paths
from recur.equations.graph import Node
from recur.equations.naming import gates, naming
from recur.equations.sizes import Size

# what the last chapter offers; the first three are those that the figures run
CELLS = (
    "elman", "gru", "lstm", "elman_relu", "gru_reset_before", "indrnn", "lstm_peephole", "minimal_gated_unit",
    "min_gru", "min_lstm", "simple_recurrent_unit",
)  # fmt: skip
_SYMBOLS = {"X", "H", "P"}
_ACTIVATIONS = frozenset({"tanh", "sigmoid", "relu"})
functions = javascript.functions


def cells(more: Iterable[Equation] = ()) -> str:
    """The cells as one object of JavaScript: name -> how its step is made, its text, its sizes."""
    entries = [_stock(name) for name in CELLS] + [_entry(one, drawn=True) for one in more]
    return "{\n" + ",\n".join(entries) + "\n}"


def runs(cell: Equation) -> bool:
    """Whether the page can make the parameters of a cell: their sizes depend on the input and the state alone."""
    sizes = [size for name in cell.parameters for size in cell.shapes[name]]
    symbols = {name for size in sizes for name in size.symbols}
    return symbols <= _SYMBOLS and not cell.graph.noises and set(cell.parameters) == set(cell.graph.parameters)


@cache
def _stock(name: str) -> str:
    return _entry(equations.get(name))


def _entry(cell: Equation, *, drawn: bool = False) -> str:
    values = {gate.name: gate.node for gate in gates(cell)} | _before(cell) | {"memory": _memory(cell)}
    shapes = {name: [_terms(size) for size in cell.shapes[name]] for name in cell.parameters}
    facts: dict[str, Any] = {"text": printed(cell), "shapes": shapes}
    if drawn:  # a cell of the user's may have words that the page does not read, and so cannot draw
        names = naming(cell).names
        facts["svg"] = diagram.svg(cell.graph, names, style=False)
        facts["tall"] = diagram.svg(cell.graph, names, style=False, down=True)  # for a narrow place
    plain = json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
    make = re.sub(r"(?m)^ +", "", javascript.step(cell.graph, values))  # it has no text over several lines
    return f"{json.dumps(cell.name)}: {{ ...{plain},\nmake: {make} }}"


def printed(cell: Equation) -> str:
    """The text of a cell as it is in a file, with the line that says the sizes."""
    sizes = ", ".join(f'{name}="{" ".join(map(str, shape))}"' for name, shape in cell.shapes.items())
    lines = "\n".join(f"    {line}" for line in cell.text.splitlines())
    return f"@equation({sizes})\ndef {cell.name}({', '.join(cell.shapes)}):\n{lines}"


def _before(cell: Equation) -> dict[str, Node]:
    """The argument of the activation that is itself the new state, as "a"."""
    output = next(iter(cell.graph.outputs.values()))
    return {"a": output.args[0]} if output.op in _ACTIVATIONS else {}


def _memory(cell: Equation) -> Node:
    """The new value of the state that runs straight through the step, as c of the LSTM; else of the first state."""
    return cell.graph.outputs[next(iter(straight_paths(cell.graph)), cell.states[0])]


def _terms(size: Size) -> list[list[Any]]:
    """A size as a sum of products: [[4, ["H"]]]."""
    terms: list[list[Any]] = [[factor, term.split("*")] for term, factor in size.terms]
    return [*terms, [size.constant, []]] if size.constant else terms
