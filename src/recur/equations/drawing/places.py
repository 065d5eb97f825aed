"""Places of the parts of a step: states straight across the top, gates in one row, each part after what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from recur.equations.drawing.parts import Part
from recur.equations.graph import Graph, Node

HIGHEST = 4  # rows of operations between the products and the states
_STRAIGHT = frozenset({"add", "sub", "mul"})


def straight_paths(graph: Graph) -> dict[str, tuple[Node, ...]]:
    """For each state the nodes on a path from its old value to its new one that only adds and multiplies.

    A state without such a path, as that of an Elman network, is not in the result.
    """
    paths = {}
    for state, start in graph.states.items():
        ways: dict[int, tuple[Node, ...]] = {id(start): (start,)}
        for node in graph.order:
            if node.op in _STRAIGHT:
                way = next((ways[id(a)] for a in node.args if id(a) in ways), None)
                if way is not None:
                    ways[id(node)] = (*way, node)
        end = graph.outputs[state]
        if id(end) in ways and end is not start:
            paths[state] = ways[id(end)]
    return paths


@dataclass
class Places:
    """Column and row of each part; row 0 is at the top.

    Attributes
    ----------
    at : dict of int to (int, int)
        By the key of the part.
    straight : tuple of tuple of int
        The parts of each state that runs across the top, with its new state at the end.
    columns, rows : int
    """

    at: dict[int, tuple[int, int]] = field(default_factory=dict)
    straight: tuple[tuple[int, ...], ...] = ()
    columns: int = 0
    rows: int = 0


def place(graph: Graph, parts: Mapping[int, Part], turned: Set[int] = frozenset()) -> Places:
    """Place all parts of a step; of a part in ``turned``, what its last argument is computed from is placed first."""
    return _Placing(graph, parts, turned).place()


class _Placing:
    def __init__(self, graph: Graph, parts: Mapping[int, Part], turned: Set[int]) -> None:
        self.graph, self.parts, self.turned = graph, parts, turned
        self.top: dict[int, int] = {}  # the row of a part that is on a state's straight line
        self.straight: list[tuple[int, ...]] = []
        self.keys = {name: -1 - n for n, name in enumerate(graph.outputs)}
        for state, nodes in straight_paths(graph).items():
            line = [id(node) for node in nodes]
            key = self.keys[state]
            if key in parts and all(one in parts and one not in self.top for one in line):
                self.top.update(dict.fromkeys([*line, key], len(self.straight)))
                self.straight.append((*line, key))
        # what is computed from a new state hangs below its line
        self.after = {one for line in self.straight for one in line[1:]}
        for key, part in parts.items():
            if key not in self.top and any(a in self.after for a in part.args):
                self.after.add(key)
        self.level = self._levels()
        # the highest level that is used is right below the states
        self.highest = max((v for v in self.level.values()), default=0)
        self.taken: set[tuple[int, int]] = set()
        self.places = Places(straight=tuple(self.straight))
        self.next = 1

    def _levels(self) -> dict[int, int]:
        """Rows above the bottom: products, then gates, then what is computed from gates."""
        level: dict[int, int] = {}
        waiting = []
        for key, part in self.parts.items():
            if key in self.top or part.kind in {"input", "state", "output"}:
                continue
            if key in self.after:
                waiting.append(key)
            elif part.kind == "product" and not any(a in level for a in part.args):
                level[key] = 0
            else:
                level[key] = min(HIGHEST, 1 + max((level[a] for a in part.args if a in level), default=0))
        most = max(level.values(), default=0)
        for key in waiting:
            inner = [level[a] for a in self.parts[key].args if a in level]
            hanging = all(a in self.top for a in self.parts[key].args)
            level[key] = max(2, min(2, most)) if hanging else max(1, min(inner, default=1))
        return level

    def row(self, key: int) -> int:
        """The row of a part, from the top."""
        if key in self.top:
            return self.top[key]
        part = self.parts[key]
        bottom = len(self.straight) + self.highest
        if part.kind == "state":
            others = [id(node) for node in self.graph.states.values() if id(node) not in self.top]
            return bottom + others.index(key) if key in others else bottom
        if part.kind == "input":
            below = sum(id(node) not in self.top for node in self.graph.states.values())
            return bottom + max(1, below)
        if part.kind == "output":
            return self.row(part.args[0]) if part.args[0] not in self.top else self.top[part.args[0]] + 1
        return bottom - self.level[key]

    def place(self) -> Places:
        for key, part in self.parts.items():
            if part.kind in {"state", "input"}:
                self._put(key, 0)
        order = [line[-1] for line in self.straight]
        order += [key for key in self.keys.values() if key in self.parts and key not in order]
        for key in order:
            self._visit(self.parts[key].args[0])
        end = self.next
        for key in order:
            column, row = end, self.row(key)
            while (column, row) in self.taken:
                row += 1
            self._put(key, column, row)
        self.places.columns = end + 1
        self.places.rows = 1 + max(row for _, row in self.places.at.values())
        return self.places

    def _put(self, key: int, column: int, row: int | None = None) -> None:
        row = self.row(key) if row is None else row
        self.places.at[key] = column, row
        self.taken.add((column, row))
        self.next = max(self.next, column + 1)

    def _visit(self, key: int) -> None:
        stack = [(key, False)]
        while stack:
            one, ready = stack.pop()
            if one in self.places.at:
                continue
            if ready:
                self._put(one, self._column(one))
                continue
            stack.append((one, True))
            args = self.parts[one].args
            stack += [(a, False) for a in (args if one in self.turned else reversed(args))]

    def _column(self, key: int) -> int:
        """Above or below the argument that was placed last, else a new column."""
        part = self.parts[key]
        placed = [self.places.at[a] for a in part.args if a in self.places.at and self.places.at[a][0] > 0]
        first = max((column + 1 for column, row in placed if row == self.row(key)), default=1)
        if placed:
            column, row = max(placed)
            low, high = sorted((row, self.row(key)))
            free = all((column, r) not in self.taken for r in range(low, high + 1) if r != row)
            # the left end of a line is before what is on it
            if free and column >= first and low != high:
                return column
        return max(first, self.next)
