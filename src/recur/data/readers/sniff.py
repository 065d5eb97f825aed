"""Table detection: whether the lines of a file without a telling name are the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from recur.data.readers.header import is_moment, is_number
from recur.data.readers.preamble import STATED
from recur.data.readers.records import are_columns_of_numbers, widths_of

_LEAST = 3  # lines by which text is called a table
_LONGEST = 40  # characters of a usual cell
_LEAST_FIXED = 8  # lines by which columns of a fixed width are recognised
_NEARLY_ALL = 0.9
_MANY = 4  # columns of short cells that no running text has


def table_format(lines: Sequence[str]) -> str | None:
    """Return tsv or csv for lines that a sign divides alike into values, None for running text.

    A tab in every line, equally often, is no running text. Semicolons, bars and commas are: with them one column has to
    be numbers or times, or there are many columns of short cells. Lines of one number each are a column.

    >>> table_format(["5.1,3.5,setosa", "4.9,3.0,setosa", "6.3,3.3,virginica"])
    'csv'
    """
    texts = [line for line in lines if line.strip() and not line.startswith("#")]
    if texts and STATED.fullmatch(texts[0]):
        return "csv"
    tabs = {line.count("\t") for line in texts}
    if len(tabs) == 1 and 0 not in tabs:
        return "tsv"
    if len(texts) < _LEAST:
        return None
    if all(is_number(line) and line.strip() for line in texts[1:]) or are_columns_of_numbers(list(texts)):
        return "csv"
    return "csv" if any(_divides(texts, sign) for sign in ";|,") else None


def are_of_fixed_width(lines: Sequence[str]) -> bool:
    """Return whether lines are cells padded with spaces to columns of a fixed width, which no running text is.

    Columns are divided by places where every line has a space; nearly all cells begin or end with their column.

    >>> are_of_fixed_width(["Anna Smith  New York  30", "Bob         Rome       7"] * 4)
    True
    >>> are_of_fixed_width(["The sky is  blue", "and so is  the sea, too"] * 4)
    False
    """
    texts = [line.rstrip() for line in lines if line.strip()]
    if len(texts) < _LEAST_FIXED or any("\t" in line for line in texts):
        return False
    used = [any(line[place : place + 1].strip() for line in texts) for place in range(max(map(len, texts)))]
    edges = [
        place for place in range(len(used) + 1) if (place < len(used) and used[place]) != (place and used[place - 1])
    ]
    columns = list(zip(edges[::2], edges[1::2], strict=True))
    cells = [[line[first:last] for first, last in columns] for line in texts]
    full = sum(sum(bool(cell.strip()) for cell in row) > 1 for row in cells)
    padded = sum("  " in line.strip() for line in texts)
    flat = [
        (cell, last - first) for row in cells for cell, (first, last) in zip(row, columns, strict=True) if cell.strip()
    ]
    aligned = sum(cell[0] != " " or (len(cell) == width and cell[-1] != " ") for cell, width in flat)
    return len(columns) > 1 and min(full, padded) >= _NEARLY_ALL * len(texts) and aligned >= _NEARLY_ALL * len(flat)


def _divides(texts: Sequence[str], sign: str) -> bool:
    """Return whether a sign divides lines into the cells of a table."""
    widths = widths_of(list(texts), sign)
    if len(widths) != 1 or 1 in widths:
        return False
    rows = [line.split(sign) for line in texts[1:]]
    width = min(map(len, rows))
    cells = [cell.strip() for row in rows for cell in row]
    if median(map(len, cells)) > _LONGEST:
        return False
    values = any(_is_of_values([row[place].strip().strip('"') for row in rows]) for place in range(width))
    return values or (width >= _MANY and all(len(cell.split()) <= 2 for cell in cells))


def _is_of_values(column: Sequence[str]) -> bool:
    """Return whether nearly all cells of a column are numbers or times."""
    filled = [cell for cell in column if cell]
    return bool(filled) and sum(is_number(cell) or is_moment(cell) for cell in filled) >= 0.95 * len(filled)
