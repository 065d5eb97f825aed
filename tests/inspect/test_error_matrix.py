"""The itemised matrix: how much of each single error arrives at each step."""

from __future__ import annotations

import numpy as np

from recur import inspect as inspector
from recur.inspect.record import as_batch
from tests.inspect.helpers import by_hand, double, learned
from tests.tolerances import DOUBLE, SHOWN, agree


def test_the_itemised_matrix_is_that_of_the_network_unrolled_by_hand() -> None:
    mode = double("synced", "words", None)
    batch = as_batch(mode, "the dog ran to a cat")
    matrix = inspector.bptt(mode, "the dog ran to a cat").itemised
    [norms] = matrix.values()
    assert norms["h"].shape == (7, 7)
    for k in range(7):
        hidden, cells, errors = by_hand(mode, batch)
        errors[k].backward()
        for name, states in (("h", hidden), ("c", cells)):
            expected = [0.0 if state.grad is None else float(state.grad.norm()) for state in states]
            agree(norms[name][k], expected, DOUBLE, f"{name} {k}")
            assert (norms[name][k, k + 1 :] == 0).all()


def test_the_flow_of_the_last_error_is_the_last_row_of_the_matrix() -> None:
    mode = learned("synced", "words", None, {})
    [layer] = inspector.explain(mode, "the dog ran to")["flow"]["layers"]
    np.testing.assert_allclose(layer["norms"]["message"], layer["itemised"][-1], rtol=SHOWN)
    matrix = np.array(layer["itemised"])
    assert (np.triu(matrix, 1) == 0).all()
