"""States, gates and their saturation."""

from __future__ import annotations

import numpy as np

from recur import inspect as inspector
from tests.inspect.helpers import learned
from tests.modes.helpers import build
from tests.tolerances import SHOWN


def test_saturation_counts_gates_that_are_shut_or_open() -> None:
    mode = learned("synced", "words", None, {})
    mode.stack.layer.bias_ih_l0.data[8:16] = 20.0  # the forget gates, open for good
    [layer] = inspector.states(mode, "the dog ran to a cat")
    gates = {gate.name: gate for gate in layer.gates}
    assert (gates["f"].open == 1).all()
    assert (gates["f"].shut == 0).all()
    assert gates["i"].values.shape == layer.states["h"].shape
    assert set(layer.eigenvalues) == {f"W_hh of {name}" for name in "ifgo"}
    assert layer.trajectory.shape == (7, 2)
    assert layer.explained[0] >= layer.explained[1] > 0


def test_states_of_another_size_are_shown_with_their_own_units() -> None:
    mode = build("synced", "words", None, cell="lstm_projected", hidden_size=150)
    [layer] = inspector.explain(mode, "the dog ran to", parts=["states"])["states"]["layers"]
    [states] = inspector.states(mode, "the dog ran to")
    for name, values in states.states.items():
        np.testing.assert_allclose(layer["states"][name], values[:, layer["shown"][name]], rtol=SHOWN)
    for gate in layer["gates"]:
        [values] = [one.values for one in states.gates if one.name == gate["name"]]
        np.testing.assert_allclose(gate["values"], values[:, layer["shown"][gate["name"]]], rtol=SHOWN)
    assert layer["shown"]["c"] != layer["shown"]["h"]
    assert layer["shown"]["c"] == layer["shown"]["f"]
