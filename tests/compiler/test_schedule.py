"""The schedule of a step: which stage computes what, and what waits for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from recur import equations
from recur.compiler.lowering import Lowering, Operation, topological_order
from recur.compiler.partition import Partition
from recur.compiler.program import Program, program
from recur.compiler.schedule import cost
from recur.compiler.stages import Location, Schedule
from recur.equations import equation, sigmoid, tanh
from recur.equations.graph import topological
from recur.equations.sizes import ONE


def of(name: str) -> Program:
    return program(equations.get(name).graph)


def levels(planned: Schedule) -> list[tuple[int, int]]:
    """(level, products) of every stage."""
    return [(stage.level, stage.slots) for stage in planned.stages]


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
    written = {target.location for target in first.targets}
    assert {location for group in second.groups for location, _ in group.operands} <= written
    # backwards it is the other way round: the candidate's product first
    assert levels(made.backward) == [(0, 0), (1, 1), (2, 2)] or levels(made.backward)[1:] == [(1, 1), (2, 1)]


def test_the_last_backward_stage_only_hands_the_error_down():
    for name in ("elman", "lstm", "gru", "gru_reset_before", "lstm_projected"):
        stages = of(name).backward.stages
        assert [stage.passes_carry_only for stage in stages] == [False] * (len(stages) - 1) + [True]


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
                read = {location.index for location in stage.loads.values() if location.kind == "total"}
                assert read <= {n for other in planned.stages if other.level < stage.level for n, _ in other.partials}
    assert not of("lstm").backward.totals


def test_a_number_from_a_product_is_read_a_stage_later():
    @equation(x="X", h="H", W="H X", w="1 H")
    def scalar(x, h, W, w):
        return tanh(W @ x) * (w @ h)

    first, second = program(scalar.graph).forward.stages
    assert (str(first.size), str(second.size)) == ("1", "H")
    assert first.waits


@pytest.mark.parametrize(
    ("write", "price"),
    [
        (lambda h: h, 0), (lambda h: h * 2 + h, 0), (lambda h: tanh(h), 1), (lambda h: tanh(h) * tanh(h), 1),
        (lambda h: sigmoid(tanh(h)) / 2, 3),
    ],
)  # fmt: skip
def test_the_cost_is_that_of_the_transcendental_operations(write: Callable[[Any], Any], price: float) -> None:
    @equation(x="X", h="H", W="H X")
    def cell(x, h, W):
        return write(h) + 0 * (W @ x)

    graph = cell.graph
    made = Lowering(Partition(topological([graph.input, *graph.states.values(), *graph.outputs.values()])))
    [new] = made.of(graph.outputs["h"])
    known = {id(one) for one in topological_order([new]) if one.op in {"leaf", "product"}}
    assert cost(new, lambda operation: id(operation) in known) == price
    assert cost(new, lambda _: False) == float("inf")
    assert cost(new, lambda operation: operation is new) == 0


def test_what_two_stages_need_is_computed_in_the_first_and_kept() -> None:
    @equation(x="X", h="H", W="H X", U="H H")
    def twice(x, h, W, U):
        gate = sigmoid(W @ x + h)
        return gate * tanh(U @ (gate * h))

    first, second = program(twice.graph).forward.stages
    assert [sum(operation.op == "sigmoid" for operation in stage.order) for stage in (first, second)] == [1, 0]
    assert {location.kind for location in second.loads.values()} & {"tape", "scratch"}


@pytest.mark.parametrize("name", ["lstm_layernorm", "gru_layernorm"])
def test_a_difference_from_a_mean_is_computed_again_and_what_it_is_of_is_kept(name: str) -> None:
    def differences(operations: Iterable[Operation]) -> list[Operation]:
        return [one for one in operations if one.op == "sub" and one.args[1].size == ONE != one.size]

    stages = of(name).forward.stages
    assert not differences(target.operation for stage in stages for target in stage.targets)
    computed = [id(one) for stage in stages for one in differences(stage.order)]
    assert all(computed.count(one) == 2 for one in computed)  # for the deviation, and for the normalised vector
    assert computed


@pytest.mark.parametrize("name", equations.stock())
def test_every_stage_loads_only_what_earlier_stages_have_written(name: str) -> None:
    made = of(name)
    for planned in (made.forward, made.training, made.backward):
        # the backward pass is given the new states
        kinds = {"scratch"} if planned is made.backward else {"scratch", "fresh"}
        written: set[Location] = set()
        for stage in planned.stages:
            operands = {location for group in stage.groups for location, _ in group.operands}
            read = {location for location in {*stage.loads.values(), *operands} if location.kind in kinds}
            assert read <= written
            written |= {target.location for target in stage.targets}


@pytest.mark.parametrize("name", equations.stock())
def test_every_stage_computes_each_atom_once_and_after_its_operands(name: str) -> None:
    made = of(name)
    for planned in (made.forward, made.training, made.backward):
        for stage in planned.stages:
            known = {id(operation) for operation in stage.loads}
            for operation in stage.order:
                assert id(operation) not in known
                if operation.op != "product":
                    assert all(id(operand) in known for operand in operation.args)
                known.add(id(operation))
            assert all(id(target.operation) in known for target in stage.targets)
            assert sum(operation.op == "product" for operation in stage.order) == stage.slots


def test_a_matrix_of_a_row_is_multiplied_where_it_is_once_it_is_complete() -> None:
    made = of("fast_weights")
    first, second = ((stage, one) for stage in made.forward.stages for one in stage.contractions)
    # W @ k of the old matrix, and W @ q of the new one: neither is copied
    assert [operand.kind for operand, _ in (first[1].operands[0], second[1].operands[0])] == ["state", "fresh"]
    fresh = second[1].operands[0][0]
    writes = next(stage for stage in made.forward.stages if fresh in [target.location for target in stage.targets])
    assert first[0].level < writes.level < second[0].level
    assert writes.waits
    assert {str(size) for size in (*made.forward_scratch, *made.training_scratch, *made.tape)} <= {"H", "1"}


def test_the_vectors_of_an_outer_product_are_in_memory_before_it() -> None:
    for planned in (of("mlstm").forward, of("mlstm").training, of("mlstm").backward):
        (stage,) = (stage for stage in planned.stages if stage.spreads)
        assert str(stage.size) == "H*H"
        written = {t.location: other.level for other in planned.stages for t in other.targets}
        assert all(written.get(location, -1) < stage.level for location, _ in stage.spreads.values())
