"""Noise and constants as changes of the graph: what is masked, what is taken out, and which graphs are the same."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.generate import stock_graphs
from recur.compiler.plan import plan
from recur.compiler.toolchain import library_name
from recur.compiler.variants import lifted, recurrent_states, variant
from recur.equations import Equation, equation, exp, sigmoid, tanh
from recur.errors import EquationError


def gated(constant: float = 1.0) -> Equation:
    @equation(x="X", h="H", W="H X", V="H H", p="H", q="H")
    def gated(x, h, W, V, p, q):
        decay = sigmoid(p) * q
        return decay * h + (constant - decay) * tanh(W @ x + V @ h) * exp(q)

    return gated


def test_what_depends_on_parameters_alone_is_taken_out_of_the_step():
    graph, once = lifted(gated().graph)
    assert {str(node) for node in once.values()} == {"(sigmoid(p) * q)", "(1 - (sigmoid(p) * q))", "exp(q)"}
    assert list(graph.parameters) == ["W", "V", "once:0", "once:1", "once:2"]
    assert not plan(graph).once
    assert not {"sigmoid", "exp"} & {node.op for node in graph.order}


def test_a_step_without_such_values_stays_what_it_is():
    for name in equations.stock():
        graph = equations.get(name).graph
        same, once = lifted(graph)
        assert same is graph
        assert once == {}


def test_what_is_taken_out_of_a_variant_is_taken_out_of_the_equation():
    graph, once = lifted(variant(gated(), ("h",), ("h",)))
    assert len(once) == 3
    assert list(graph.noises) == ["recurrent:h", "zoneout:h"]
    assert not plan(graph).once


def test_an_output_that_is_a_parameter_stays_one():
    @equation(x="X", h="H", c="H", W="H X", u="H")
    def constant(x, h, c, W, u):
        return tanh(W @ x) + h + c, exp(u)

    graph, once = lifted(constant.graph)
    assert list(once) == ["once:0"]
    assert str(graph.outputs["c"]) == "once:0"


def test_equations_that_compute_the_same_have_one_digest():
    assert gated().graph.digest == gated().graph.digest
    assert lifted(gated().graph)[0].digest == lifted(gated().graph)[0].digest
    assert gated(1.0).graph.digest != gated(2.0).graph.digest
    assert gated(1.0).graph.digest != gated(1.0 + 1e-15).graph.digest
    graph = equations.get("lstm").graph
    digests = {graph.digest} | {
        variant(equations.get("lstm"), recurrent, zoneout).digest
        for recurrent, zoneout in ((("h",), ()), ((), ("h",)), ((), ("c",)), ((), ("c", "h")), (("h",), ("c", "h")))
    }
    assert len(digests) == 6
    assert all(len(library_name(digest)) == len("cell-.so") + 24 for digest in digests)


@pytest.mark.parametrize("zoneout", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("name", equations.stock())
def test_every_stock_cell_is_built_with_the_noises_that_layers_draw(name, dropout, zoneout):
    cell = equations.get(name)
    masked = tuple(sorted(recurrent_states(cell))) if dropout else ()
    held = tuple(sorted(cell.states)) if zoneout else ()
    assert lifted(variant(cell, masked, held))[0].digest in {graph.digest for _, graph in stock_graphs()}


def test_recurrent_dropout_of_a_state_without_a_product_is_refused():
    with pytest.raises(EquationError, match="indrnn has no matrix product with the state h"):
        variant(equations.get("indrnn"), ("h",), ())


def test_the_states_that_recurrent_dropout_masks_are_those_in_products():
    found = {name: recurrent_states(equations.get(name)) for name in equations.stock()}
    assert found.pop("indrnn") == ()
    assert set(found.values()) == {("h",)}
