"""A plan that reads what is not there is refused before it is compiled."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler import program as planning
from recur.compiler import schedule
from recur.compiler.partition import NotCompiledError
from recur.compiler.program import program
from recur.equations import Equation, cos, equation


def modulated() -> Equation:
    @equation(x="X", h="H", W="H X", U="H H")
    def cell(x, h, W, U):
        return cos(U @ h) * (W @ x)

    return cell


def test_the_plans_of_stock_cells_are_accepted():
    for name in equations.stock():
        assert program(equations.get(name).graph)


def test_a_column_that_is_given_away_too_early_is_found(monkeypatch):
    assert program(modulated().graph)
    monkeypatch.setattr(planning, "locations_read", lambda _: set())
    with pytest.raises(NotCompiledError, match="which holds"):
        program(modulated().graph)


def test_threads_that_do_not_wait_are_found(monkeypatch):
    monkeypatch.setattr(schedule, "place_barriers", lambda _: True)
    with pytest.raises(NotCompiledError, match="others are writing"):
        program(modulated().graph)
