"""The boxes of a cell: every operation once, parameters and biases within the labels, sums of sums as one."""

from __future__ import annotations

import pytest

from recur import equations
from recur.inspect.boxes import boxes_of


@pytest.mark.parametrize("cell", equations.stock())
def test_every_box_is_computed_from_boxes_before_it(cell: str) -> None:
    equation = equations.get(cell)
    boxes, nodes = boxes_of(equation, equation.graph)
    assert [box.id for box in boxes] == list(nodes)
    place = {box.id: number for number, box in enumerate(boxes)}
    for box in boxes:
        assert all(place[one] < place[box.id] for one in box.args), box.label
    assert {box.new_state for box in boxes} >= set(equation.states)
    paths = {box.path for box in boxes}
    assert paths <= {"", "input to hidden", "hidden to hidden"}
    assert "input to hidden" in paths


def test_an_elman_network_is_two_products_a_sum_and_a_tanh() -> None:
    equation = equations.get("elman")
    boxes, _ = boxes_of(equation, equation.graph)
    labels = [box.label for box in boxes]
    assert "W_xh x" in labels
    assert any(label.startswith("W_hh h") for label in labels)
    assert len(boxes) == 6
