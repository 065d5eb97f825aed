"""Lowering: pieces of vectors, each once, and the operands of products and totals."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.lowering import Lowering, Operation, is_hoisted, read_across, topological_order
from recur.compiler.partition import NotCompiledError, Partition
from recur.equations import Equation, concat, equation, mean, outer, scale_rows, split, tanh, total
from recur.equations.graph import Builder, topological
from recur.equations.sizes import ONE, ZERO, Size


def cut(cell: Equation) -> Partition:
    graph = cell.graph
    return Partition(
        topological([graph.input, *graph.states.values(), *graph.parameters.values(), *graph.outputs.values()])
    )


def test_equal_atoms_are_one_atom():
    graph = equations.get("gru").graph
    operations = Lowering(cut(equations.get("gru")))
    (first,), (second,) = (operations.of(graph.outputs["h"]) for _ in range(2))
    assert first is second
    assert operations.constant(0.5) is operations.constant(0.5)
    assert operations.constant(0.5) is not operations.constant(0.25)


def operations(cell: Equation, state: str = "h") -> list[Operation]:
    """All operations that a new state needs, each after its operands."""
    return topological_order(Lowering(cut(cell)).of(cell.graph.outputs[state]))


def products(cell: Equation) -> list[Operation]:
    return [operation for operation in operations(cell) if operation.op == "product"]


def test_slices_and_concatenations_are_gone() -> None:
    @equation(x="X", h="2H", W="2H X")
    def cell(x, h, W):
        a, b = split(W @ x, 2)
        first, second = split(h, 2)
        return concat(a * second, b + first)

    assert {operation.op for operation in operations(cell)} == {"leaf", "product", "mul", "add"}
    leaves = {(operation.kind, str(operation.attribute[2])) for operation in operations(cell) if operation.op == "leaf"}
    assert leaves == {("input", "0"), ("state", "0"), ("state", "H")}


def test_a_product_is_a_block_of_rows_for_each_piece_that_it_gives() -> None:
    blocks = [
        operation.attribute[0]
        for operation in products(equations.get("lstm"))
        if operation.attribute[0].matrix == "W_hh"
    ]
    assert sorted((str(block.row), str(block.rows)) for block in blocks) == [
        ("0", "H"), ("2H", "H"), ("3H", "H"), ("H", "H")
    ]  # fmt: skip
    assert {(str(block.column), str(block.columns), block.transposed) for block in blocks} == {("0", "H", False)}


def test_products_with_the_input_are_those_that_all_steps_take_together() -> None:
    assert {(one.attribute[0].matrix, is_hoisted(one)) for one in products(equations.get("gru"))} == {
        ("W_xh", True), ("W_hh", False)
    }  # fmt: skip


def test_the_input_is_read_whole_however_it_is_cut() -> None:
    @equation(x="2H", h="H", W="H 2H")
    def cell(x, h, W):
        a, b = split(x, 2)
        return tanh(W @ x) + a * b + h

    [product] = products(cell)
    assert [str(operand.size) for operand in product.args] == ["2H"]
    assert [str(block.columns) for block in product.attribute] == ["2H"]


def test_a_sum_is_a_total_of_pieces_of_one_size_added_up() -> None:
    @equation(x="X", h="2H", W="2H X")
    def cell(x, h, W):
        a, b = split(W @ x, 2)
        return concat(a, b) + h * total(h)

    [made] = [operation for operation in operations(cell) if operation.op == "total"]
    assert (made.args[0].op, str(made.size), str(made.args[0].size)) == ("add", "1", "H")


def test_the_order_stops_at_what_is_known() -> None:
    atoms_of = Lowering(cut(equations.get("elman")))
    [new] = atoms_of.of(equations.get("elman").graph.outputs["h"])
    assert topological_order([new])[-1] is new
    assert topological_order([new], stop=[new]) == []
    assert topological_order([new], stop=new.args) == [new]
    assert len(topological_order([new, new])) == len(topological_order([new]))


def test_only_leaves_are_pieces_of_something() -> None:
    assert {operation.kind for operation in operations(equations.get("elman"))} == {"", "input", "state", "parameter"}


def test_a_number_counts_as_often_as_it_is_stretched() -> None:
    make, size = Builder(), Size.parse("H")
    number = make.leaf("state", "s", (ONE,))
    node = make.sum(make.expand(number, size))
    [made] = Lowering(Partition(topological([node]))).of(node)
    assert (made.op, made.size) == ("mul", ONE)
    assert [(one.op, one.attribute) for one in made.args] == [("leaf", ("state", "s", ZERO)), ("count", size)]


@equation(x="X", h="H", C="H P", W="H X", U="P X")
def grid(x, h, C, W, U):
    C = C + scale_rows(outer(W @ x, U @ x), tanh(h)) * total(h)
    return C @ (U @ x), C


def test_an_outer_product_is_a_product_of_spreads_and_a_number_needs_none() -> None:
    spreads = [operation for operation in operations(grid, "C") if operation.op == "spread"]
    # of W x, U x and tanh h; the ones of scale_rows are a number
    assert sorted((one.attribute.along_rows, str(one.size)) for one in spreads) == [
        (False, "H*P"), (True, "H*P"), (True, "H*P")
    ]  # fmt: skip


def test_a_product_with_a_matrix_of_a_row_reads_all_of_it() -> None:
    (contraction,) = (operation for operation in operations(grid) if operation.op == "contract")
    assert [str(size) for _, size in read_across(contraction)] == ["H*P", "P"]


def test_a_vector_in_two_parts_is_multiplied_part_by_part_and_not_spread() -> None:
    @equation(x="X", h="H+P", C="H H+P", W="H X", U="P X")
    def parts(x, h, C, W, U):
        both = concat(W @ x, U @ x)
        return both * h, C * mean(C @ both)

    contractions = [operation for operation in operations(parts, "C") if operation.op == "contract"]
    assert [str(one.attribute.columns) for one in contractions] == ["H", "P"]
    assert [str(one.attribute.column) for one in contractions] == ["0", "H"]

    @equation(x="X", h="H+P", C="H H+P", W="H X", U="P X")
    def spread(x, h, C, W, U):
        both = concat(W @ x, U @ x)
        return both * h, C + outer(W @ x, both)

    with pytest.raises(NotCompiledError, match="put together from 2 parts"):
        operations(spread, "C")
