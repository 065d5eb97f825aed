"""The singular values of one step's Jacobian."""

from __future__ import annotations

import numpy as np

from recur import inspect as inspector
from tests.inspect.helpers import double
from tests.modes.helpers import batch_of, rows
from tests.tolerances import DOUBLE, agree


def test_the_spectrum_is_that_of_the_jacobian() -> None:
    mode = double("many-to-one", "words", "class", cell="elman", bidirectional=False)
    batch = batch_of(mode, rows("words", "class")[:1])
    [layer] = inspector.bptt(mode, batch, jacobian=True).layers
    weight = mode.stack.layer.weight_hh_l0.detach().numpy()
    for t, h in enumerate(layer.states["h"][:, 0]):
        expected = np.linalg.svd((1 - h**2)[:, None] * weight, compute_uv=False)
        agree(layer.jacobian["h"][t], expected, DOUBLE)
    lstm = double("many-to-one", "words", "class", bidirectional=False)
    [layer] = inspector.bptt(lstm, batch, jacobian=True).layers
    assert layer.jacobian["c"].shape == (3, 8)
    # along the cell state the factor is the forget gate
    assert (layer.jacobian["c"] < 1).all()
    assert (layer.jacobian["c"] > 0).all()
