"""`recur cells` shows the equations, for people and as JSON."""

from __future__ import annotations

import json

from recur import equations
from tests.cli.running import matches, run


def test_all_cells_are_listed_with_their_equations() -> None:
    outcome = run("cells")
    assert outcome.code == 0
    matches(outcome, "cells")


def test_one_cell_is_shown_with_the_sizes_of_everything_in_it() -> None:
    matches(run("cells", "lstm"), "cells_lstm")


def test_json_lists_every_cell() -> None:
    assert [cell["name"] for cell in json.loads(run("cells", "--json").out)] == equations.names()
