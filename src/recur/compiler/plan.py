"""Execution plan of a recurrence: what is computed once, before, inside and after the time loop, and what is stored.

    once      depends on parameters only
    before    depends on x_t but on no state: one large operation over all steps (W_xh x for all t is one product)
    inside    depends on a state: one step after another

and backward, given the gradient of the step,

    inside    what dE/dstates_{t-1} needs: one step after another, from the last to the first
    after     everything else: dE/dx and the matrices' gradients, one large product each over all steps
    stored    the forward values that the backward pass reads again (the memory that BPTT costs)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from recur.compiler.gradient import StepGradient, gradient
from recur.equations.graph import Graph, Node, topological

_STEPWISE_LEAVES = frozenset({"state", "noise"})


@dataclass(frozen=True, eq=False)
class Plan:
    """The assignment of a step's nodes to the phases of the time loop. All lists are in order of computation.

    Attributes
    ----------
    graph : Graph
        The step.
    once, before, inside : list of Node
        The forward pass.
    """

    graph: Graph
    once: list[Node]
    before: list[Node]
    inside: list[Node]


@dataclass(frozen=True, eq=False)
class BackwardPlan:
    """The assignment of the gradient's nodes to the phases of the backward pass.

    Attributes
    ----------
    gradient : StepGradient
        The gradient of the step.
    inside, after : list of Node
        The backward pass, in the loop and after it.
    stored : list of Node
        Forward nodes inside the loop whose values are stored for all steps.
    """

    gradient: StepGradient
    inside: list[Node]
    after: list[Node]
    stored: list[Node]


def _depending(nodes: Iterable[Node], ops: frozenset[str]) -> set[int]:
    """The nodes that are leaves of these kinds or depend on them."""
    dependent: set[int] = set()
    for node in nodes:
        if node.op in ops or any(id(argument) in dependent for argument in node.args):
            dependent.add(id(node))
    return dependent


@lru_cache(maxsize=256)
def plan(graph: Graph) -> Plan:
    """Assign the nodes of the forward step to phases."""
    order = graph.order
    stepwise = _depending(order, _STEPWISE_LEAVES)
    on_rows = _depending(order, frozenset({"input", "mask"}))
    once, before, inside = [], [], []
    for node in order:
        if not node.args:
            continue
        if id(node) in stepwise:
            inside.append(node)
        elif id(node) in on_rows:
            before.append(node)
        else:
            once.append(node)
    return Plan(graph, once, before, inside)


@lru_cache(maxsize=256)
def backward_plan(graph: Graph) -> BackwardPlan:
    """Assign the nodes of the gradient to phases, and list what the forward pass must store."""
    derived = gradient(graph)
    forward = {id(node) for node in graph.order}
    targets = [derived.input, *derived.states.values(), *derived.vectors.values()]
    # of W^T v the vector is the first of the pair, and the derivative the second
    products = [node for pairs in derived.products.values() for pair in pairs for node in pair]
    targets += products
    inside = [n for n in topological(derived.states.values()) if n.args and id(n) not in forward]
    in_loop = {id(node) for node in inside}
    after = [n for n in topological(targets) if n.args and id(n) not in forward and id(n) not in in_loop]
    stepwise = {id(node) for node in plan(graph).inside}
    read = {id(a): a for node in inside + after for a in node.args}
    read |= {id(node): node for node in products}
    stored = [node for node in plan(graph).inside if id(node) in read and id(node) in stepwise]
    return BackwardPlan(derived, inside, after, stored)
