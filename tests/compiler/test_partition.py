"""Vectors are cut alike where one element-wise operation reads them, and refused where sizes would have to decide."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.lowering import Lowering, topological_order
from recur.compiler.partition import NotCompiledError, Partition
from recur.compiler.program import program
from recur.equations import Equation, concat, equation, split, tanh
from recur.equations.graph import topological
from recur.equations.sizes import Size
from recur.errors import EquationError


def cut(cell: Equation) -> Partition:
    graph = cell.graph
    return Partition(
        topological([graph.input, *graph.states.values(), *graph.parameters.values(), *graph.outputs.values()])
    )


def pieces(cell: Equation, name: str) -> list[str]:
    """Where the pieces of an argument end."""
    graph = cell.graph
    leaves = {"x": graph.input, **graph.states, **graph.parameters}
    return [str(stop) for _, stop in cut(cell).pieces(leaves[name])]


def test_a_split_sum_is_cut_in_all_its_terms():
    lstm = equations.get("lstm")
    assert pieces(lstm, "b") == ["H", "2H", "3H", "4H"]
    assert pieces(lstm, "h") == ["H"]
    assert pieces(lstm, "x") == ["X"]


@pytest.mark.parametrize("name", ["h", "x", "b"])
def test_what_is_cut_in_one_place_is_cut_in_every_place_that_meets_it(name):
    @equation(x="2H", h="2H", W="2H 2H", b="2H")
    def halves(x, h, W, b):
        fast, slow = split(h, 2)
        return tanh(W @ h + x) + concat(slow * 2, fast) * b

    assert pieces(halves, name) == ["H", "2H"]


def test_a_product_keeps_the_cuts_of_its_operand_to_itself():
    @equation(x="X", h="H", W="H X+H")
    def joined(x, h, W):
        return tanh(W @ concat(x, h))

    assert pieces(joined, "h") == ["H"]
    graph = joined.graph
    products = [
        operation
        for operation in topological_order(Lowering(cut(joined)).of(graph.outputs["h"]))
        if operation.op == "product"
    ]
    # one with the input, which all steps take together, and one with the state
    assert [[str(block.columns) for block in one.attribute] for one in products] == [["X"], ["H"]]
    assert [str(one.attribute[0].column) for one in products] == ["0", "X"]


def test_cuts_of_different_factors_meet_in_order():
    @equation(x="X", h="6H", W="6H X")
    def sixths(x, h, W):
        a, b = split(h, 2)
        c, d, e = split(W @ x, 3)
        return tanh(concat(b, a) + concat(d, e, c))

    # h is cut in the middle, and at a third of each half, where the other sum is cut
    assert pieces(sixths, "h") == ["H", "3H", "5H", "6H"]
    # a state is cut alike before and after the step
    assert [str(part.start) for part in program(sixths.graph).state_parts] == ["0", "H", "2H", "3H", "4H", "5H"]


def two_orders() -> Equation:
    @equation(x="X", h="H", m="P", W="H X", V="H H+P")
    def both_orders(x, h, m, W, V):
        return tanh(W @ x + V @ (concat(h, m) * concat(m, h))), m

    return both_orders


def test_cuts_that_only_numbers_can_order_are_refused_with_both_of_them():
    with pytest.raises(
        NotCompiledError, match="one vector is cut at .* and at .*, and which comes first depends"
    ) as no:
        program(two_orders().graph)
    assert {"H", "P"} <= set(no.value.message.replace(",", "").split())
    assert no.value.hint == "split and concatenate vectors in the same order"
    assert isinstance(no.value, EquationError)


def test_cuts_in_one_order_are_passed_on():
    @equation(x="X", h="H+P", W="H+P X", a="H", b="P")
    def one_order(x, h, W, a, b):
        return tanh(W @ x) * concat(a, b) + h

    assert pieces(one_order, "h") == ["H", "H+P"]


def test_a_state_of_one_number_is_one_piece():
    @equation(x="X", h="H", c="1", W="H X", w="1 H")
    def counted(x, h, c, W, w):
        return tanh(W @ x) * c, w @ h

    assert pieces(counted, "c") == ["1"]
    assert [str(part.size) for part in program(counted.graph).state_parts] == ["H", "1"]


def test_a_number_is_one_piece_of_size_one():
    peephole = equations.get("lstm_peephole").graph
    make = peephole.builder
    assert cut(equations.get("lstm_peephole")).pieces(make.constant(2.0)) == ((Size(), Size((), 1)),)
