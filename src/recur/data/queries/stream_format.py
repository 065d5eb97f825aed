"""The format of a stream, inferred from its first lines, so that an input is answered before the next one arrives."""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from recur.codecs.plain_text import shorten
from recur.data.readers.foreign import foreign_text, sentence
from recur.data.readers.header import is_moment, is_number
from recur.data.readers.lines import STDIN, Line
from recur.data.readers.preamble import STATED
from recur.data.readers.records import reader_of
from recur.data.roles.roles import Roles
from recur.errors import DataError

_SEPARATORS = (",", ";", "\t", "|")
_BY_NAME = {"csv": (",", ";", "|"), "tsv": ("\t",)}
_MOST_TITLES = 30


@dataclass(frozen=True)
class Form:
    """How a stream is read.

    Attributes
    ----------
    kind : str
        text, jsonl, conll or csv.
    lines : list of Line
        What was read of it already, without what is above a table.
    separator : str
        Of the cells of a table.
    header : bool
        Whether its first row names the columns.
    names : list of str
        The columns, where a comment above the rows names them.
    above : list of Line
        ``sep=;``, comments and titles above a table.
    """

    kind: str
    lines: list[Line]
    separator: str = ""
    header: bool = False
    names: list[str] = field(default_factory=list)
    above: list[Line] = field(default_factory=list)


def form_of(
    source: Iterator[Line], roles: Roles, labels: Container[str], format: str | None,
    arrived: Callable[[], list[str]] = list,
) -> Form:  # fmt: skip
    """Read the first lines of a stream and return its form.

    Parameters
    ----------
    source : iterator of Line
        As many are taken as are needed: one, and the comments above it.
    roles : Roles
    labels : container of str
        Classes that the network knows.
    format : str or None
        What the user says that it is.
    arrived : callable
        Gives the next lines that are there already.
    """
    stated, above, first = _opening(source, roles)
    seen = above if first is None else [*above, first]
    if first is None or format == "text":
        return Form("text", seen)
    text = _text(first)
    if format == "jsonl" or (format is None and text.lstrip().startswith("{") and text.rstrip().endswith("}")):
        return Form("jsonl", seen)
    if format == "conll" or (format is None and roles.labels_steps and text.startswith(("# ", "1\t"))):
        return Form("conll", seen)
    options: Iterable[str] = [stated] if stated else _SEPARATORS if format is None else _BY_NAME[format]
    form = _table(first, above, options, roles, labels)
    if form is not None:
        return form
    if format is None and roles.labels_steps and "\t" in text:
        return Form("conll", seen)
    if format is None and stated is None:
        if roles.input_kind.text:
            _refuse_foreign(first)
        return _under_arrived(source, first, above, arrived(), roles) or Form("text", seen)
    return _under_titles(source, first, above, list(options), roles, labels)


def refuse_late_header(line: Line, roles: Roles, name: Path) -> None:
    """Refuse the names of all columns among texts: what is above them is the title of a table.

    Raises
    ------
    DataError
    """
    if line.number > _MOST_TITLES or len(roles.columns) < 2:
        return
    if _named_by(_text(line), roles) is not None:
        raise DataError(
            f'{name}:{line.number}: the header of a table ("{shorten(line.text, 40)}") under lines that were read '
            "as texts",
            hint="--format csv looks for it below the titles; --format text reads all lines as texts",
        )


def _refuse_foreign(first: Line) -> None:
    """Refuse a first line of JSON over several lines or of another format, as in a file of lines.

    Raises
    ------
    DataError
    """
    foreign = foreign_text(STDIN.with_suffix(".txt"), _text(first))
    if foreign is not None:
        raise DataError(sentence(STDIN, foreign), hint=foreign.hint.replace("stdin.txt", "stdin"))


def cells_of(text: str, separator: str) -> list[str]:
    """Return the cells of a line, those of one with an open quotation mark as far as they can be recognised."""
    try:
        # rows that end with a carriage return alone are refused by their reader, and not here
        return [cell.strip() for cell in next(reader_of(iter([text.split("\r")[0]]), separator), [])]
    except csv.Error:
        return []


def _opening(source: Iterator[Line], roles: Roles) -> tuple[str | None, list[Line], Line | None]:
    """Return the separator that is stated, what may be above a table, and the first line that is not."""
    stated: str | None = None
    above: list[Line] = []
    # a hash sign alone begins a text too, and may be all that comes
    comment = "# " if roles.input_kind.text else "#"
    for line in source:
        match = STATED.fullmatch(line.text) if line.number == 1 else None
        stated = match[1] if match else stated
        commented = line.text.startswith(comment) and not roles.labels_steps and len(above) <= _MOST_TITLES
        if line.text.strip() and not match and not commented:
            return stated, above, line
        above.append(line)
    return stated, above, None


def _table(first: Line, above: list[Line], options: Iterable[str], roles: Roles, labels: Container[str]) -> Form | None:
    """Return the form of a table whose header or first row a line is, None for another line."""
    text = _text(first)
    comments = [_text(line).lstrip("# ") for line in above if line.text.startswith("#")]
    for separator in options:
        cells = cells_of(text, separator)
        if _is_header(cells, roles):
            return Form("csv", [first], separator, True, [], above)
        named = cells_of(comments[-1], separator) if comments else []
        if len(named) == len(cells) and roles.input and set(roles.input) <= set(named):
            return Form("csv", [first], separator, False, named, above)
        if len(cells) == len(roles.columns) > 1 and _is_row(cells, text, roles, labels):
            return Form("csv", [first], separator, False, [], above)
    return None


def _under_titles(
    source: Iterator[Line], first: Line, above: list[Line], options: list[str], roles: Roles, labels: Container[str]
) -> Form:
    """Return the form of what is said to be a table, whose header may be under titles."""
    widths = {separator: len(cells_of(_text(first), separator)) for separator in options}
    fitting = [separator for separator in options if widths[separator] == len(roles.columns)]
    seen = [first]
    if not fitting:
        for line in source:
            form = _table(line, [*above, *seen], options, roles, labels)
            if form is not None:
                return form
            seen.append(line)
            if len(seen) > _MOST_TITLES:
                break
    return Form("csv", seen, (fitting or options)[0], False, [], above)


def _under_arrived(
    source: Iterator[Line], first: Line, above: list[Line], ahead: list[str], roles: Roles
) -> Form | None:
    """Return the form of a table whose header is under titles, where one of the next lines names its columns."""
    for place, text in enumerate(ahead[:_MOST_TITLES]):
        separator = _named_by(text, roles)
        if separator is not None:
            titles = [first, *islice(source, place)]
            return Form("csv", list(islice(source, 1)), separator, True, [], [*above, *titles])
    return None


def _named_by(text: str, roles: Roles) -> str | None:
    """Return the separator of a line that names all columns, or all that are read and predicted; else None."""
    needed = {*roles.input, *roles.target}
    for separator in _SEPARATORS if len(roles.columns) > 1 else ():
        cells = set(cells_of(text, separator)) if separator in text else set()
        if cells == set(roles.columns) or (len(needed) > 1 and needed <= cells):
            return separator
    return None


def _is_header(cells: Sequence[str], roles: Roles) -> bool:
    """Whether cells name columns: those that are read, or some of the columns where a value is none of them."""
    if roles.input and set(roles.input) <= set(cells):
        return True
    if len(cells) < 2 or not roles.input:
        return False
    if {cell.lower() for cell in cells} == {name.lower() for name in roles.columns}:
        # names in other letters are refused, and no text
        return True
    if roles.input_kind.numeric:
        return bool(set(cells) & set(roles.columns)) and not any(is_number(cell) for cell in cells if cell)
    return bool(roles.target) and set(roles.target) <= set(cells)


def _is_row(cells: Sequence[str], text: str, roles: Roles, labels: Container[str]) -> bool:
    """Whether the cells of a first line are a row of the table that the network learned from."""
    row = dict(zip(roles.columns, cells, strict=True))
    if roles.labels_rows and row.get(roles.target[0]) in labels:
        return True
    if roles.input_kind.text:
        return text.startswith('"')
    read = [row[name] for name in roles.input if name in row]
    if not roles.input_kind.numeric or not all(map(is_number, read)):
        return False
    # numbers of a series that is typed are its steps; a time beside them is none
    others = [cell for name, cell in row.items() if name not in (*roles.input, *roles.target)]
    return not roles.reads_a_sequence or any(map(is_moment, others))


def _text(line: Line) -> str:
    return line.text.removesuffix("\n")
