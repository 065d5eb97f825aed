"""Proof that a time step is affine in its states, unit by unit: h_t = a_t * h_{t-1} + b_t, where x_t gives a_t and b_t.

The step's graph is walked once. Every value is either free of states, or a sum of states times factors that are free of
states, plus a free rest; element j of such a value reads element j + offset of the states in its sum. Whatever is not
of this form, such as a product of two values that both depend on a state, a matrix product with one or tanh of one, is
not affine, and the proof fails. What it accepts is affine for all numbers; what it refuses may be affine all the same.

    free       x_t, parameters, noises, numbers, and every operation on free values
    affine     states; -u, u + v, u - v, u * free, u / free; slices and concatenations of affine values

A state whose old value nothing reads is an output of the step (the h of a cell with a memory c): it may read the other
states, since no later step depends on it.

Source: G. E. Blelloch (1990), Prefix sums and their applications, section 1.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from recur.equations.graph import Graph, Node
from recur.equations.sizes import ONE, ZERO, Size

_Reads = frozenset[tuple[str, Size]]  # a state, and which of its elements element 0 reads
_FREE: _Reads = frozenset()


@dataclass(frozen=True)
class AffineStep:
    """A step that is affine in its states.

    Attributes
    ----------
    recurrent : tuple of str
        The states that a later step reads; each depends on itself alone, element by element.
    read_out : tuple of str
        The other states: affine in the recurrent ones, element by element.
    """

    recurrent: tuple[str, ...]
    read_out: tuple[str, ...]


@lru_cache(maxsize=256)
def affine(graph: Graph) -> AffineStep | None:
    """Return the proof that a step is affine in its states and diagonal, or None where there is none."""
    found: dict[int, _Reads] = {}
    for node in graph.order:
        reads = _reads(node, found)
        if reads is None:
            return None
        found[id(node)] = reads
    new = {name: found[id(node)] for name, node in graph.outputs.items()}
    recurrent = {name for reads in new.values() for name, _ in reads}
    for name, reads in new.items():
        if any(offset != ZERO or (name in recurrent and state != name) for state, offset in reads):
            return None
    if not recurrent:
        return None
    return AffineStep(
        tuple(name for name in graph.states if name in recurrent),
        tuple(name for name in graph.states if name not in recurrent),
    )


def _reads(node: Node, found: dict[int, _Reads]) -> _Reads | None:
    """The states that an affine value reads; empty for a free one, None for one that is not known to be affine."""
    if node.op == "state":
        return frozenset({(node.attribute, ZERO)})
    arguments = [found[id(argument)] for argument in node.args]
    if not any(arguments):
        return _FREE
    if node.op == "slice":
        return _shifted(arguments[0], node.attribute[0])
    if node.op == "concat":
        together, start = _FREE, ZERO
        for part, reads in zip(node.args, arguments, strict=True):
            together |= _shifted(reads, ZERO - start)
            start = start + part.size
        return together
    if any(reads and argument.size != node.size for argument, reads in zip(node.args, arguments, strict=True)):
        # a number that depends on a state is read by all units
        return None
    if node.op == "neg" or (node.op == "expand" and node.size == ONE):
        return arguments[0]
    if node.op in {"add", "sub"}:
        return arguments[0] | arguments[1]
    if node.op == "mul" and not all(arguments):
        return arguments[0] | arguments[1]
    if node.op == "div" and not arguments[1]:
        return arguments[0]
    return None


def _shifted(reads: _Reads, by: Size) -> _Reads:
    return frozenset((state, offset + by) for state, offset in reads)
