"""Names of an equation's values: what its text calls them, on the nodes of its graph."""

from __future__ import annotations

import pytest

from recur import equations
from recur.equations import equation, get, sigmoid, tanh
from recur.equations.naming import gates, highways, naming


def test_the_gates_of_the_known_cells_have_their_names() -> None:
    assert {(g.name, g.kind) for g in gates(get("lstm"))} == {
        ("i", "gate"), ("f", "gate"), ("g", "tanh"), ("o", "gate"), ("tanh(c)", "tanh")
    }  # fmt: skip
    assert {(g.name, g.kind) for g in gates(get("gru"))} == {("r", "gate"), ("z", "gate"), ("n", "tanh")}
    assert gates(get("elman")) == ()


@pytest.mark.parametrize("cell", equations.stock())
def test_every_line_of_every_cell_names_nodes_of_its_graph(cell: str) -> None:
    one = get(cell)
    named = naming(one)
    order = {id(node) for node in one.graph.order}
    assert named.lines
    for line in named.lines:
        assert line.names
        assert all(id(node) in order for node in line.nodes), line
    for state, node in one.graph.outputs.items():
        assert named.names[id(node)] == state


def test_the_cell_state_of_the_lstm_runs_straight_through_and_h_of_elman_does_not() -> None:
    assert set(highways(get("lstm"))) == {"c"}
    assert [node.op for node in highways(get("lstm"))["c"]] == ["state", "mul", "add"]
    assert highways(get("elman")) == {}
    assert set(highways(get("gru"))) == {"h"}


def test_a_cell_of_ones_own_has_names_too() -> None:
    @equation(x="X", h="H", W_xh="H X", W_hh="H H", W_k="H X", b="H", k="H")
    def leaky(x, h, W_xh, W_hh, W_k, b, k):
        """A cell."""
        keep = sigmoid(W_k @ x + k)
        return keep * h + (1 - keep) * tanh(W_xh @ x + W_hh @ h + b)

    assert gates(leaky)[0].name == "keep"
    assert set(highways(leaky)) == {"h"}
    assert naming(leaky).lines[-1].names == ("h",)
