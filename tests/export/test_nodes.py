"""ONNX's own nodes: the gates of a cell in ONNX's order."""

from __future__ import annotations

import numpy as np
import pytest

from recur.export.nodes import OWN_NODES

H, X = 2, 3


def named_gates(order: str, width: int) -> np.ndarray:
    """A matrix whose rows hold the place of their gate in the alphabet."""
    return np.repeat([float(ord(gate)) for gate in order], H)[:, None].repeat(width, 1)


@pytest.mark.parametrize(
    ("cell", "ours", "onnx"), [("lstm", "ifgo", "iofg"), ("lstm_peephole", "ifgo", "iofg"), ("gru", "rzn", "zrn")]
)
def test_gates_are_in_the_order_of_onnx(cell: str, ours: str, onnx: str) -> None:
    bias = named_gates(ours, 1)[:, 0]
    parameters = {
        "W_xh": named_gates(ours, X), "W_hh": named_gates(ours, H), "b": bias, "b_x": bias, "b_h": bias + 1,
        "p_i": np.full(H, 1.0), "p_f": np.full(H, 2.0), "p_o": np.full(H, 3.0),
    }  # fmt: skip
    W, R, B, *peepholes = OWN_NODES[cell].weights(parameters)
    assert (named_gates(onnx, X) == W).all()
    assert (named_gates(onnx, H) == R).all()
    first, second = np.split(B, 2)
    assert (first == named_gates(onnx, 1)[:, 0]).all()
    # only the gated recurrent unit has a second bias, that of W_hh h
    assert (second == (first + 1 if cell == "gru" else 0)).all()
    if cell == "lstm_peephole":
        assert peepholes[0].tolist() == [1, 1, 3, 3, 2, 2]


def test_the_candidate_of_a_reset_before_the_product_has_a_matrix_of_its_own() -> None:
    parameters = {
        "W_xh": named_gates("rzn", X), "W_hh": named_gates("rz", H), "W_nh": named_gates("n", H),
        "b": named_gates("rzn", 1)[:, 0],
    }  # fmt: skip
    _, R, _ = OWN_NODES["gru_reset_before"].weights(parameters)
    assert (named_gates("zrn", H) == R).all()
