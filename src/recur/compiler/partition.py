"""Partition of vectors into pieces, so that every element-wise operation runs over pieces of one size.

``i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)`` cuts the sum, both products and the bias at H, 2H and 3H: a cut of
one operand of an element-wise operation is a cut of all its operands. The cuts of all vectors are found together, by
propagating them until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from recur.equations.graph import Node
from recur.equations.sizes import ONE, ZERO, Size
from recur.errors import EquationError

Piece = tuple[Size, Size]  # first element, one past the last

_APART = frozenset(
    {
        "matvec",
        "matvec_transposed",
        "sum",
        "largest",
        "expand",
        "slice",
        "concat",
        "outer",
        "contract",
        "contract_transposed",
    }
)


class NotCompiledError(EquationError):
    """An equation that cannot be compiled, and so runs eagerly; the message is the reason."""


class Partition:
    """The positions at which the vectors among these nodes are cut.

    Parameters
    ----------
    nodes : iterable of Node
        All nodes of a step and of its gradient, each after its arguments.

    Raises
    ------
    NotCompiledError
        If the order of two cuts of a vector depends on the sizes: one at H, one at P.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._cuts: dict[int, set[Size]] = {}
        self._pieces: dict[int, tuple[Piece, ...]] = {}
        vectors = [node for node in nodes if len(node.shape) == 1 and node.size != ONE]
        for node in vectors:
            self._cuts[id(node)] = set()
        changed = True
        while changed:
            changed = False
            for node in vectors:
                changed |= self._propagate(node)

    def pieces(self, node: Node) -> tuple[Piece, ...]:
        """The pieces of a vector, in order; a number is one piece of size 1."""
        pieces = self._pieces.get(id(node))
        if pieces is None:
            bounds = [ZERO, *_in_order(self._cuts.get(id(node), set())), node.size]
            pieces = self._pieces[id(node)] = tuple(pairwise(bounds))
        return pieces

    def _propagate(self, node: Node) -> bool:
        """Propagate cuts between a node and its arguments; return True if one of them got a new one."""
        own = self._cuts[id(node)]
        if node.op == "slice":
            start, stop = node.attribute
            theirs = self._cuts[id(node.args[0])]
            return self._add(theirs, {cut + start for cut in own} | {start, stop}, node.args[0].size) | self._add(
                own, {cut - start for cut in theirs if _inside(cut, start, stop)}, node.size
            )
        if node.op == "concat":
            changed, start = False, ZERO
            for part in node.args:
                stop = start + part.size
                changed |= self._add(own, {start, stop}, node.size)
                inner = self._cuts.get(id(part))
                if inner is not None:
                    changed |= self._add(own, {cut + start for cut in inner}, node.size)
                    changed |= self._add(inner, {cut - start for cut in own if _inside(cut, start, stop)}, part.size)
                start = stop
            return changed
        if node.op in _APART:
            return False
        sets = [own, *(self._cuts[id(a)] for a in node.args if id(a) in self._cuts and a.size == node.size)]
        together = set().union(*sets)
        changed = any(len(one) != len(together) for one in sets)
        for one in sets:
            one |= together
        return changed

    @staticmethod
    def _add(to: set[Size], cuts: set[Size], size: Size) -> bool:
        new = {cut for cut in cuts if cut not in (ZERO, size)} - to
        to |= new
        return bool(new)


def _less(a: Size, b: Size) -> bool:
    """Whether a < b for all values of the symbols."""
    difference = b - a
    factors = [factor for _, factor in difference.terms]
    return difference.constant > -sum(factors) and all(f > 0 for f in factors)


def _inside(cut: Size, start: Size, stop: Size) -> bool:
    low, high = _less(start, cut), _less(cut, stop)
    if not low and cut != start and not _less(cut, start):
        raise _unordered(cut, start)
    if not high and cut != stop and not _less(stop, cut):
        raise _unordered(cut, stop)
    return low and high


def _in_order(cuts: set[Size]) -> list[Size]:
    ordered: list[Size] = []
    for cut in cuts:
        for other in ordered:
            if not _less(cut, other) and not _less(other, cut):
                raise _unordered(cut, other)
        position = sum(_less(other, cut) for other in ordered)
        ordered.insert(position, cut)
    return ordered


def _unordered(a: Size, b: Size) -> NotCompiledError:
    return NotCompiledError(
        f"one vector is cut at {a} and at {b}, and which comes first depends on the sizes",
        hint="split and concatenate vectors in the same order",
    )
