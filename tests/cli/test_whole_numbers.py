"""Whole numbers of the command line."""

from __future__ import annotations

from typing import get_args

import pytest
from cyclopts import App, CoercionError

from recur.cli.app import COMMANDS, build
from recur.cli.whole_numbers import Whole


def test_a_fraction_is_refused_and_not_rounded() -> None:
    app = App()

    @app.default
    def give(*, rows: Whole | None = None, many: list[int] | None = None) -> int | None:
        del many
        return rows

    assert app(["--rows", "12"], result_action="return_value") == 12
    for text in ("1.5", "1.0", "1e3", "x", ""):
        with pytest.raises(CoercionError):
            app(["--rows", text], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_whole_number_of_a_command_is_read_so(command: str) -> None:
    arguments = build()[command].assemble_argument_collection(parse_docstring=False)
    whole = [one for one in arguments if int in (one.hint, *get_args(one.hint))]
    assert not [one.name for one in whole if one.parameter.converter is None]
