"""The plan of a recurrence: what is computed where, and what is stored."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.plan import backward_plan, plan
from recur.equations import equation, exp, tanh
from recur.equations.graph import Builder, Graph, Node
from recur.equations.sizes import Size


def texts(nodes: list[Node]) -> list[str]:
    return [str(node) for node in nodes]


@equation(x="X", h="H", W="H X", a="H")
def leaky(x, h, W, a):
    return exp(a) * h + tanh(W @ x)


def test_what_depends_on_parameters_on_inputs_and_on_states_is_computed_apart() -> None:
    made = plan(leaky.graph)
    assert texts(made.once) == ["exp(a)"]
    assert texts(made.before) == ["W @ x", "tanh(W @ x)"]
    assert texts(made.inside) == ["(exp(a) * h)", "((exp(a) * h) + tanh(W @ x))"]


def test_only_what_goes_back_in_time_is_differentiated_in_the_loop() -> None:
    made = backward_plan(leaky.graph)
    assert texts(made.inside) == ["(dE/dh * exp(a))"]
    assert {"((dE/dh * h) * exp(a))", "(dE/dh * (1 - (tanh(...) * tanh(...))))"} <= set(texts(made.after))
    assert made.stored == []


@pytest.mark.parametrize(
    ("cell", "before", "stored"),
    [
        ("elman", ["W_xh @ x"], 1),
        ("lstm", ["W_xh @ x"], 5),
        ("indrnn", ["W_xh @ x"], 1),
        ("elman_relu", ["W_xh @ x"], 1),
    ],
)
def test_the_product_with_the_input_is_taken_of_all_steps_at_once(cell: str, before: list[str], stored: int) -> None:
    assert texts(plan(equations.get(cell).graph).before) == before
    assert len(backward_plan(equations.get(cell).graph).stored) == stored


@pytest.mark.parametrize("cell", equations.stock())
def test_every_node_is_computed_once_and_after_what_it_needs(cell: str) -> None:
    graph = equations.get(cell).graph
    forward, backward = plan(graph), backward_plan(graph)
    order = [*forward.once, *forward.before, *forward.inside, *backward.inside, *backward.after]
    place = {id(node): index for index, node in enumerate(order)}
    assert len(place) == len(order)
    assert {id(node) for node in graph.order if node.args} <= set(place)
    for node in order:
        assert all(place[id(one)] < place[id(node)] for one in node.args if one.args), node


@pytest.mark.parametrize("cell", equations.stock())
def test_stored_is_all_that_the_backward_pass_reads_of_the_loop_and_nothing_else(cell: str) -> None:
    graph = equations.get(cell).graph
    made = backward_plan(graph)
    inside = {id(node) for node in plan(graph).inside}
    read = {id(argument) for node in [*made.inside, *made.after] for argument in node.args}
    read |= {id(v) for pairs in made.gradient.products.values() for _, v in pairs}
    assert {id(node) for node in made.stored} == read & inside


def test_a_graph_is_planned_once() -> None:
    graph = equations.get("gru").graph
    assert plan(graph) is plan(graph)
    assert backward_plan(graph) is backward_plan(graph)


@pytest.mark.parametrize(("leaf", "where"), [("noise", "inside"), ("mask", "before"), ("parameter", "before")])
def test_noise_is_drawn_step_by_step_and_a_mask_once(leaf: str, where: str) -> None:
    make, size = Builder(), Size.parse("H")
    x, h = make.leaf("input", "x", (size,)), make.leaf("state", "h", (size,))
    dropped = make.binary("mul", x, make.leaf(leaf, "m", (size,)))
    made = plan(Graph(x, {"h": h}, {}, {"h": make.binary("add", dropped, h)}, make))
    assert dropped in getattr(made, where)
