"""The step of a layer as JavaScript: its gates by name, the path of each matrix, the numbers of its noises."""

from __future__ import annotations

from recur import equations
from recur.engine.javascript_step import javascript_step, kinds, noises, shown_gates


def test_gates_are_read_by_name_and_matrices_are_on_their_path() -> None:
    cell = equations.get("lstm")
    assert [(gate.name, gate.kind) for gate in shown_gates(cell, {})][:2] == [("o", "gate"), ("f", "gate")]
    assert kinds(cell, {}) == {"W_xh": "input to hidden", "W_hh": "hidden to hidden"}
    text = javascript_step(cell, {})
    assert all(f'["{gate}"]: {{ value:' in text for gate in "ifgo")


def test_zoneout_is_a_number_of_the_step() -> None:
    cell = equations.get("lstm")
    assert noises(cell, {"h": 0.1}) == {"zoneout:h": 0.1}
    assert 'k["zoneout:h"]' in javascript_step(cell, {"h": 0.1})
    assert [gate.name for gate in shown_gates(cell, {"h": 0.1})] == [gate.name for gate in shown_gates(cell, {})]
