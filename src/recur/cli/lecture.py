"""``recur lecture``: the page that explains recurrent networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.atomic import write_text
from recur.cli.output import emit
from recur.equations.cell_files import equation_of
from recur.lecture import page


def lecture(
    file: Annotated[Path, Parameter(show_default=True)] = Path("lecture.html"),
    /,
    *,
    language: Annotated[str, Parameter(show_default=True)] = "en",
    cell: Annotated[list[str] | None, Parameter(negative="")] = None,
) -> None:
    """Write a page that explains recurrent networks, with figures that run in it.

    Parameters
    ----------
    file
        The page: one HTML file that loads nothing.
    language
        Language of the text: en or ko.
    cell
        Equation of a Python file, FILE.py:NAME, which the last chapter offers too; may be repeated.
    """
    write_text(file, page(language, [equation_of(one) for one in cell or ()]))
    emit(str(file))
