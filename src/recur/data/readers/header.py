"""The header of a table: whether its first row names the columns, and names for columns that have none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from recur.codecs.missing import is_missing_number
from recur.codecs.number_notation import notation_of
from recur.data.cells.names import is_known
from recur.errors import DataError

UNNAMED = "Unnamed"
_IDENTIFIER = re.compile(r"[^\W\d]([\w .\-/()\[\]°%]*[\w)\]%])?")
_MOMENT = re.compile(
    r"\d{1,4}([-/.])\d{1,2}(\1\d{1,4})?\.?([T ]{1,2}\d{1,2}[:.]\d{2}\S{0,20})?"
    r"|\d{1,2}:\d{2}(:\d{2}\S{0,12})?|\d{8}T\d{4,6}Z?"
)


def is_number(cell: str) -> bool:
    """Return whether a cell is a number in some style, or a missing one."""
    return notation_of(cell) is not None or is_missing_number(cell)


def is_moment(cell: str) -> bool:
    """Return whether a cell looks like a date or a time of the day."""
    return _MOMENT.fullmatch(cell.strip()) is not None


def has_header(records: list[list[str]]) -> bool:
    """Return whether the first record names the columns.

    It does when a column of numbers begins with a word, or a column of a few labels begins with something else, or
    its cells are usual names; it does not when it repeats a label, has a long cell, or is like the others.
    """
    first, rest = records[0], [record for record in records[1:] if record != records[0] or len(record) < 2]
    repeated = len(records) - 1 - len(rest)
    named = {place: cell.strip() for place, cell in enumerate(first) if cell.strip()}
    names = list(named.values())
    if len(set(names)) < len(names) or not names:
        return False
    # an index that other tools write has no name, and columns without values have none either
    for place in range(1, len(first)):
        if place not in named and not _is_blank([record[place] for record in rest if len(record) == len(first)]):
            return False
    if not rest:
        return len(names) == len(first) and all(map(is_known, names))
    evidence, labels = 0, 0
    for place, name in named.items():
        column = [record[place].strip() for record in rest if len(record) == len(first)]
        if len(name.split()) > 4:
            return False
        if name in column and not is_number(name):
            labels += 1
            continue
        filled = [cell for cell in column if cell]
        if filled and all(map(is_number, filled)):
            evidence += not is_number(name)
        elif filled and all(map(is_moment, filled)):
            evidence += not is_moment(name)
        elif filled and len(set(filled)) <= len(filled) / 10:
            evidence += 1
    if labels:
        # some formats end every line with a mark, that of the names too
        return labels == 1 and evidence > 2
    if evidence or repeated or any(map(is_known, names)):
        return True
    like_names = all(_IDENTIFIER.fullmatch(name) and len(name.split()) == 1 for name in names)
    return like_names and all(len(cell.split()) > 1 for record in rest[:20] for cell in record)


def repeats_a_name(records: list[list[str]]) -> bool:
    """Return whether a word of the first record is there twice, each time above numbers: two columns of one name."""
    first, rest = records[0], [record for record in records[1:] if len(record) == len(records[0])]
    above = [
        cell.strip()
        for place, cell in enumerate(first)
        if rest and cell.strip() and not is_number(cell) and all(is_number(record[place]) for record in rest)
    ]
    return len(set(above)) < len(above)


def _is_blank(column: list[str]) -> bool:
    """Return whether nearly all cells are empty."""
    return sum(not cell.strip() for cell in column) >= 0.9 * len(column)


def names_without_header(records: list[list[str]], names: Sequence[str]) -> list[str]:
    return list(names) if len(names) == len(records[0]) else default_names(records)


def default_names(records: list[list[str]]) -> list[str]:
    """Return names for columns that have none: text and label, source and target, or column1, column2, ..."""
    width = len(records[0])
    if width == 1:
        return ["value" if all(is_number(record[0]) for record in records) else "text"]
    if width == 2:
        columns = [[record[place] for record in records if len(record) == 2] for place in (0, 1)]
        # short sentences come again and again in a phrase book; labels come far more often
        few = [len(set(column)) <= max(len(column) / 8, min(2, len(column) / 2)) for column in columns]
        if few == [False, True]:
            return ["text", "label"]
        if few == [True, False]:
            return ["label", "text"]
        if not any(all(map(is_number, column)) for column in columns):
            return ["source", "target"]
    return [f"column{place + 1}" for place in range(width)]


def column_names(cells: list[str], where: str) -> list[str]:
    """Return the names in a header."""
    # as pandas calls them
    names = [cell.strip() or f"{UNNAMED}: {place}" for place, cell in enumerate(cells)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f'{where}: two columns are named "{twice[0]}"', hint="give each column its own name")
    return names
