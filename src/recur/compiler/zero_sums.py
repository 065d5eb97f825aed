"""Sums in the gradient without the terms whose sum is zero: multiples of a centred vector, v - mean v.

The derivative of a layer normalisation has such a term, and the derivative of its mean is a sum of it. Without the term
that sum depends on less, so that the backward pass of a normalisation takes two passes over its units and not three.
"""

from __future__ import annotations

from recur.equations.graph import Builder, Node
from recur.equations.sizes import ONE

_DEPTH = 32  # of the terms that are looked at, so that a long chain of additions does not recurse


def sum_of(make: Builder, vector: Node) -> Node:
    """The sum of a vector's elements, as a vector of size 1."""
    rest = _without_zero_sums(make, vector, _DEPTH)
    return make.zeros(ONE) if rest is None else make.sum(rest)


def _without_zero_sums(make: Builder, node: Node, depth: int) -> Node | None:
    """The vector without terms whose sum is zero; None where nothing is left."""
    if depth == 0 or node.size == ONE:
        return node
    if _is_centred(node):
        return None
    if node.op == "neg":
        rest = _without_zero_sums(make, node.args[0], depth - 1)
        if rest is node.args[0]:
            return node
        return None if rest is None else make.unary("neg", rest)
    if node.op == "mul" and any(_is_number(a) for a in node.args):
        vector = node.args[1 if _is_number(node.args[0]) else 0]
        return None if _without_zero_sums(make, vector, depth - 1) is None else node
    if node.op in {"add", "sub"} and not any(_is_number(a) for a in node.args):
        first, second = (_without_zero_sums(make, a, depth - 1) for a in node.args)
        if first is node.args[0] and second is node.args[1]:
            return node
        if second is None:
            return first
        if first is None:
            return second if node.op == "add" else make.unary("neg", second)
        return make.binary(node.op, first, second)
    return node


def _is_number(node: Node) -> bool:
    return node.size == ONE or node.op == "expand"


def _is_centred(node: Node) -> bool:
    """Whether it is v - sum(v) / n, with the n elements of v."""
    if node.op != "sub" or node.args[1].op != "div":
        return False
    vector, mean = node.args
    total, count = mean.args
    return total.op == "sum" and total.args[0] is vector and count.op == "count" and count.attribute == vector.size
