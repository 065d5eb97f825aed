"""What is stored, in which order the parts of a step are computed, and what waits until the loop is over."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.cplusplus import source
from recur.compiler.program import Program, program
from recur.equations import equation, tanh


def of(name: str) -> Program:
    return program(equations.get(name).graph)


TAPES = {  # columns: of the products with the input, which are there anyway, and of the whole tape
    "elman": (1, 1), "elman_relu": (1, 1), "indrnn": (1, 1), "lstm": (4, 4), "lstm_peephole": (4, 4), "gru": (3, 4),
    "gru_reset_before": (3, 4), "minimal_gated_unit": (2, 3), "lstm_projected": (4, 5),
}  # fmt: skip


@pytest.mark.parametrize(("name", "columns"), TAPES.items())
def test_only_what_takes_more_than_one_transcendental_to_compute_again_is_stored(name, columns):
    made = of(name)
    assert (len(made.forward_tape), len(made.tape)) == columns
    assert [str(size) for size in made.tape] == ["H"] * columns[1]
    assert len(made.forward_tape) == len(made.hoisted)


def test_a_vector_that_only_sums_are_missing_for_is_computed_again_from_these():
    # of the layer normalisation of c: the sum of its elements and the root, in place of c - mean c
    stored = [str(size) for size in of("lstm_layernorm").tape]
    assert (stored.count("H"), stored.count("1")) == (13, 4)


def test_an_elman_network_stores_nothing_beside_its_output():
    assert not [
        target for stage in of("elman").training.stages for target in stage.targets if target.location.kind == "tape"
    ]


def test_forward_passes_without_gradients_store_nothing():
    for name in equations.stock():
        for stage in of(name).forward.stages:
            assert all(target.location.kind in {"fresh", "scratch"} for target in stage.targets)


def test_a_matrix_has_a_share_of_its_gradient_from_every_piece_of_every_product():
    shares = of("lstm").shares
    assert sorted((share.block.matrix, str(share.block.row)) for share in shares) == [
        (matrix, row) for matrix in ("W_hh", "W_xh") for row in ("0", "2H", "3H", "H")
    ]
    assert {share.operand.kind for share in shares if share.block.matrix == "W_xh"} == {"input"}
    assert {share.operand.kind for share in shares if share.block.matrix == "W_hh"} == {"state"}


def test_the_inputs_gradient_is_left_until_the_loop_is_over():
    for name in equations.stock():
        made = of(name)
        (part,) = made.inputs
        assert part.rest is None
        assert len(part.blocks) == len(made.hoisted)


def test_an_input_that_is_used_element_by_element_leaves_a_rest():
    @equation(x="H", h="H", W="H H")
    def added(x, h, W):
        return tanh(W @ h + x)

    (part,) = program(added.graph).inputs
    assert part.rest is not None
    assert part.blocks == ()


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def chained(x, h, W_xh, W_hh):
    v = tanh(W_xh @ x + W_hh @ h)
    for _ in range(200):
        v = tanh(v) * 0.9 + v * 0.1
    return v


def test_a_chain_of_many_operations_is_followed_without_recursion():
    made = program(chained.graph)
    assert [len(stage.targets) > 0 for stage in made.forward.stages] == [True]
    assert source(made, "chained").count("tanh") >= 201
