"""The C++ of a program: the same every time, with its equation above it."""

from __future__ import annotations

import re

import pytest

from recur import equations
from recur.compiler.cplusplus import size_texts, source
from recur.compiler.generate import stock_graphs
from recur.compiler.program import Program, program
from recur.equations import equation, tanh


def of(name: str) -> Program:
    return program(equations.get(name).graph)


def test_every_stock_cell_is_compiled_for_the_installation() -> None:
    assert {name for name, _ in stock_graphs()} == set(equations.stock())


@pytest.mark.parametrize("name", equations.stock())
def test_the_text_of_a_program_is_the_same_every_time(name: str) -> None:
    compiled = program(dict(stock_graphs())[name])
    text = source(compiled, name)
    assert text == source(compiled, name)
    assert len(set(size_texts(compiled))) == len(size_texts(compiled))
    assert "fresh_0" in text
    assert "handed_0" in text


def test_the_text_names_the_cell_and_its_equation():
    text = source(of("elman"), "elman")
    assert text.startswith("// elman: one time step, forward and backward.")
    assert "//     h = tanh(" in text
    assert 'extern "C"' in text


@pytest.mark.parametrize(
    ("name", "sizes"), [("elman", {"H", "X", "0"}), ("lstm_projected", {"H", "P", "X", "0", "2H", "3H", "4H"})]
)
def test_the_sizes_are_those_that_a_caller_gives(name: str, sizes: set[str]) -> None:
    assert set(size_texts(of(name))) == sizes
    listed = ", ".join(f'"{size}"' for size in size_texts(of(name)))
    assert f"size_texts[] = {{{listed}}};" in source(of(name), name)


@pytest.mark.parametrize("name", equations.stock())
def test_there_is_a_kernel_for_every_stage_and_each_is_used(name: str) -> None:
    made = of(name)
    text = source(made, name)
    for kind, planned in (("forward", made.forward), ("training", made.training), ("backward", made.backward)):
        for number in range(len(planned.stages)):
            assert text.count(f"void {kind}_{number}(") == 1
            assert f"{{{kind}_{number}<float>, {kind}_{number}<double>}}" in text
        assert f"void {kind}_{len(planned.stages)}(" not in text


@pytest.mark.parametrize("name", equations.stock())
def test_every_value_of_a_kernel_is_named_before_it_is_used(name: str) -> None:
    for kernel in re.findall(r"template <class T>\n.*?\n}\n", source(of(name), name), re.DOTALL):
        known: set[str] = set()
        for line in kernel.splitlines():
            made = re.match(r"\s*const V (v\d+) = (.*)", line)
            used = set(re.findall(r"\bv\d+\b", made[2] if made else line))
            assert used <= known, line
            if made:
                assert made[1] not in known
                known.add(made[1])


def test_an_operation_is_written_as_one() -> None:
    @equation(x="X", h="H", W="H X")
    def cell(x, h, W):
        return -tanh(W @ x) / 2.5 - h

    text = source(program(cell.graph), "mine")
    assert "v_tanh(" in text
    assert re.search(r"= -v\d+;", text)
    assert re.search(r"= v\d+ / v\d+;", text)
    assert "splat<T>(static_cast<T>(2.5))" in text
    assert '"mine"' in text
