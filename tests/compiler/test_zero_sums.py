"""Sums in the gradient: multiples of a centred vector are left out, everything else is kept."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.program import program
from recur.compiler.zero_sums import sum_of
from recur.equations.graph import Builder, Node
from recur.equations.sizes import ONE, Size

H = Size.parse("H")
BUILDER = Builder()


def vector(name: str, size: Size = H) -> Node:
    return BUILDER.leaf("state", name, (size,))


def centred(name: str, count: Size = H) -> Node:
    mean = BUILDER.binary("div", BUILDER.sum(vector(name)), BUILDER.count(count))
    return BUILDER.binary("sub", vector(name), mean)


NUMBER = BUILDER.sum(vector("r"))


@pytest.mark.parametrize(
    ("summed", "left"),
    [
        (centred("v"), None),
        (BUILDER.unary("neg", centred("v")), None),
        (BUILDER.binary("mul", NUMBER, centred("v")), None),
        (BUILDER.binary("mul", centred("v"), BUILDER.expand(NUMBER, H)), None),
        (BUILDER.binary("add", centred("v"), centred("w")), None),
        (BUILDER.binary("add", vector("a"), centred("v")), vector("a")),
        (BUILDER.binary("sub", vector("a"), centred("v")), vector("a")),
        (BUILDER.binary("sub", centred("v"), vector("a")), BUILDER.unary("neg", vector("a"))),
        (BUILDER.unary("neg", BUILDER.binary("add", vector("a"), centred("v"))), BUILDER.unary("neg", vector("a"))),
    ],
)
def test_multiples_of_a_centred_vector_are_left_out(summed: Node, left: Node | None) -> None:
    expected = BUILDER.zeros(ONE) if left is None else BUILDER.sum(left)
    assert sum_of(BUILDER, summed) is expected


@pytest.mark.parametrize(
    "summed",
    [
        vector("a"),
        BUILDER.unary("neg", vector("a")),
        BUILDER.binary("add", vector("a"), BUILDER.unary("neg", vector("b"))),
        BUILDER.binary("sub", BUILDER.unary("neg", vector("a")), vector("b")),
        BUILDER.binary("mul", vector("a"), centred("v")),  # not a number: elements are weighted
        BUILDER.binary("add", NUMBER, centred("v")),  # a number counts once for every element
        BUILDER.binary("sub", vector("a"), BUILDER.binary("div", NUMBER, BUILDER.count(H))),  # the mean of another
        centred("v", Size.parse("2H")),  # not the mean
        BUILDER.unary("tanh", centred("v")),
    ],
)
def test_other_sums_are_kept(summed: Node) -> None:
    assert sum_of(BUILDER, summed) is BUILDER.sum(summed)


def test_a_long_chain_of_additions_does_not_recurse() -> None:
    chain = centred("v")
    for n in range(3000):
        chain = BUILDER.binary("add", chain, vector(f"a{n}"))
    assert sum_of(BUILDER, chain).op == "sum"


@pytest.mark.parametrize(("cell", "normalisations_in_turn"), [("gru_layernorm", 1), ("lstm_layernorm", 2)])
def test_the_backward_pass_of_a_normalisation_sums_once(cell: str, normalisations_in_turn: int) -> None:
    stages = program(equations.get(cell).graph).backward.stages
    assert len({stage.level for stage in stages if stage.partials}) == normalisations_in_turn
