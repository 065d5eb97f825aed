"""What is stored, in which order the parts of a step are computed, and what waits until the loop is over."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.cplusplus import size_texts, source
from recur.compiler.generate import stock_graphs
from recur.compiler.program import Program, program
from recur.compiler.stages import Schedule
from recur.equations import equation, tanh


def of(name: str) -> Program:
    return program(equations.get(name).graph)


def levels(planned: Schedule) -> list[tuple[int, int]]:
    """(level, products) of every stage."""
    return [(stage.level, stage.slots) for stage in planned.stages]


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


def test_what_is_stored_takes_the_place_of_products_that_nobody_reads_any_more():
    lstm = of("lstm")
    stored = [t.place for stage in lstm.training.stages for t in stage.targets if t.place.kind == "tape"]
    assert sorted(place.index for place in stored) == [0, 1, 2, 3]
    read = {place for stage in lstm.training.stages for place in stage.loads.values() if place.kind == "tape"}
    assert read == set(stored)


def test_an_elman_network_stores_nothing_beside_its_output():
    assert not [
        target for stage in of("elman").training.stages for target in stage.targets if target.place.kind == "tape"
    ]


def test_forward_passes_without_gradients_store_nothing():
    for name in equations.names():
        for stage in of(name).forward.stages:
            assert all(target.place.kind in {"fresh", "scratch"} for target in stage.targets)


def test_one_stage_takes_all_products_with_one_state():
    for name, products in (("elman", 1), ("lstm", 4), ("gru", 3)):
        (stage,) = of(name).training.stages
        (group,) = stage.groups
        assert len(group.products) == products


def test_a_product_with_what_a_product_gave_waits_for_it():
    made = of("gru_reset_before")
    assert levels(made.training) == [(0, 2), (1, 1)]
    first, second = made.training.stages
    assert first.waits
    written = {target.place for target in first.targets}
    assert {place for group in second.groups for place, _ in group.operands} <= written
    # backwards it is the other way round: the candidate's product first
    assert levels(made.backward) == [(0, 0), (1, 1), (2, 2)] or levels(made.backward)[1:] == [(1, 1), (2, 1)]


def test_the_last_backward_stage_only_hands_the_error_down():
    for name in ("elman", "lstm", "gru", "gru_reset_before", "lstm_projected"):
        stages = of(name).backward.stages
        assert [stage.hands_down_only for stage in stages] == [False] * (len(stages) - 1) + [True]


def test_means_over_the_units_are_totals_that_all_stages_wait_for():
    for name, forward, backward in (("gru_layernorm", 4, 4), ("lstm_layernorm", 6, 6)):
        made = of(name)
        assert len(made.forward.totals) == len(made.training.totals) == forward
        assert len(made.backward.totals) == backward
        for planned in (made.forward, made.training, made.backward):
            given = [number for stage in planned.stages for number, _ in stage.partials]
            assert sorted(given) == list(range(len(planned.totals)))
            for stage in planned.stages:
                assert stage.waits or not stage.partials
                read = {place.index for place in stage.loads.values() if place.kind == "total"}
                assert read <= {n for other in planned.stages if other.level < stage.level for n, _ in other.partials}
    assert not of("lstm").backward.totals


def test_a_matrix_has_a_share_of_its_gradient_from_every_piece_of_every_product():
    shares = of("lstm").shares
    assert sorted((share.block.matrix, str(share.block.row)) for share in shares) == [
        (matrix, row) for matrix in ("W_hh", "W_xh") for row in ("0", "2H", "3H", "H")
    ]
    assert {share.operand.kind for share in shares if share.block.matrix == "W_xh"} == {"input"}
    assert {share.operand.kind for share in shares if share.block.matrix == "W_hh"} == {"state"}


def test_the_inputs_gradient_is_left_until_the_loop_is_over():
    for name in equations.names():
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


def test_a_number_from_a_product_is_read_a_stage_later():
    @equation(x="X", h="H", W="H X", w="1 H")
    def scalar(x, h, W, w):
        return tanh(W @ x) * (w @ h)

    first, second = program(scalar.graph).forward.stages
    assert (str(first.size), str(second.size)) == ("1", "H")
    assert first.waits


def test_the_text_of_a_program_is_the_same_every_time():
    graphs = dict(stock_graphs())
    for name, graph in graphs.items():
        made = program(graph)
        text = source(made, name)
        assert text == source(made, name)
        assert len(set(size_texts(made))) == len(size_texts(made))
        for place in ("fresh_0", "handed_0"):
            assert place in text
    assert set(graphs) == set(equations.names())


def test_the_text_names_the_cell_and_its_equation():
    text = source(of("elman"), "elman")
    assert text.startswith("// elman: one time step, forward and backward.")
    assert "//     h = tanh(" in text
    assert 'extern "C"' in text
