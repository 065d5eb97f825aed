"""``recur lecture``: the page that explains recurrent networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.atomic import write_text
from recur.cli.output import emit, refuse_folders
from recur.equations.cell_files import equation_of
from recur.errors import ConfigError
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
    refuse_folders(file)
    if file.suffix.lower() not in {".html", ".htm"}:
        # a file named by mistake, a table for example, is not replaced
        raise ConfigError(
            f"{file} does not end in .html, and the lecture is a page",
            hint=f"recur lecture {file.with_suffix('.html')}",
        )
    write_text(file, page(language, [equation_of(one) for one in cell or ()]))
    emit(str(file))
