"""The graph of an equation as a picture."""

from __future__ import annotations

import doctest
from xml.etree import ElementTree

import pytest

from recur import equations
from recur.equations import diagram
from recur.equations.diagram import columns, svg


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(diagram).failed == 0


@pytest.mark.parametrize("name", equations.stock())
def test_every_node_has_a_box_right_of_what_it_is_computed_from(name: str) -> None:
    graph = equations.get(name).graph
    column = {id(node): number for number, nodes in enumerate(columns(graph)) for node in nodes}
    assert set(column) == {id(node) for node in graph.order}
    assert all(column[id(argument)] < column[id(node)] for node in graph.order for argument in node.args)


@pytest.mark.parametrize("name", equations.stock())
def test_the_picture_is_well_formed_and_names_the_new_states(name: str) -> None:
    cell = equations.get(name)
    root = ElementTree.fromstring(svg(cell.graph))
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert len(words) == len(cell.graph.order)
    assert {word.partition(" = ")[0] for word in words if " = " in word} == {f"{state}_t" for state in cell.states}


def test_a_notebook_shows_the_text_and_the_graph_of_an_equation() -> None:
    shown = equations.get("lstm")._repr_html_()
    assert equations.get("lstm").text in shown
    assert "sigmoid(f)" in shown
    assert "<svg" in shown
