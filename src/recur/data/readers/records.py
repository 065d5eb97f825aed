"""The records of a delimited file: its separator, quoted cells, and where each record begins."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from recur.codecs.missing import is_missing_number
from recur.codecs.number_notation import notation_of
from recur.codecs.plain_text import shorten
from recur.data.readers.lines import LONGEST, Line, first_lines, lines
from recur.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

csv.field_size_limit(max(csv.field_size_limit(), LONGEST))

SPACE = " "


def reader_of(source: Iterator[str] | io.StringIO, delimiter: str) -> Reader:
    """Return the records of text lines; a space as the delimiter is any white space."""
    if delimiter == SPACE:
        stripped = (line.replace("\t", SPACE).strip() + "\n" for line in source)
        return csv.reader(stripped, delimiter=SPACE, skipinitialspace=True, strict=True)
    if delimiter == "\t":
        return csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(source, delimiter=delimiter, strict=True)


def records_of(
    path: Path, delimiter: str, source: Iterable[Line] | None = None, *, skip: int = 0
) -> Iterator[tuple[Line, list[str]]]:
    """Yield every record of a file, or of lines that come from elsewhere, with its first line.

    Empty lines are no records, and the ``skip`` first lines are left out.
    """
    begun: list[Line] = []
    length = 0

    def texts() -> Iterator[str]:
        nonlocal length
        for line in lines(path) if source is None else source:
            if line.number <= skip:
                continue
            length = length + len(line.text) if begun else 0
            begun.append(line)
            if length > LONGEST:
                raise _unclosed(path, begun[0])
            yield line.text

    reader = reader_of(texts(), delimiter)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            first = begun[0]
            if _at_end(error) or "field limit" in str(error):
                raise _unclosed(path, first) from None
            if "new-line" in str(error):
                raise DataError(
                    f"{path}:{first.number}: a carriage return (\\r) within the row, near {shorten(first.text, 50)!r}; "
                    "expected lines that end with \\n or \\r\\n",
                    hint=f"if it is to end a row: tr '\\r' '\\n' < {path.name} > lines-{path.name}",
                ) from None
            raise DataError(
                f"{path}:{first.number}: {error}, near {shorten(first.text, 50)!r}",
                hint='write a quotation mark inside a quoted cell twice: "he said ""yes"""',
            ) from None
        if record:
            yield begun[0], record
        begun.clear()


def _at_end(error: csv.Error) -> bool:
    """Return whether the lines ended within quotation marks."""
    return "unexpected end" in str(error)


def _unclosed(path: Path, line: Line) -> DataError:
    return DataError(
        f'{path}:{line.number}: a quotation mark is opened and not closed, in "{shorten(line.text, 50)}"',
        hint='close it, or write it twice ("") where it is part of the text; in a .tsv file it needs no closing',
    )


def delimiter_of(path: Path, *, allow_tabs: bool) -> str:
    """Return the sign that gives most first records the same number of cells, more than one; else white space."""
    first = [line.text for line in first_lines(path, 50, filled=True)]
    first = [text for text in first if not text.startswith("#")] or first
    best, best_score = ",", 0.0
    # commas stand in running text and in numbers too: another sign that divides all lines alike goes first
    for sign in ("\t", ";", "|", ",") if allow_tabs else (";", "|", ","):
        widths = widths_of(first, sign)
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        score = count / max(widths.total(), 1)
        if width == 2 and all(text.rstrip().endswith(sign) for text in first[1:]) and len(first) > 1:
            # a mark at the end of lines divides nothing
            continue
        if width > 1 and score > best_score:
            best, best_score = sign, score
    return SPACE if best_score < 1 and allow_tabs and are_columns_of_numbers(first) else best


def are_columns_of_numbers(texts: list[str]) -> bool:
    """Return whether lines have equally many cells between white space, of which most columns are numbers."""
    cells = [text.split() for text in texts]
    widths = {len(each) for each in cells}
    # names in the first line may be fewer or more
    rows = cells[1:] if len(widths) > 1 else cells
    if len(rows) < 2 or len({len(each) for each in rows}) != 1 or len(rows[0]) < 2:
        return False
    numbers = sum(notation_of(cell) is not None or is_missing_number(cell) for row in rows for cell in row)
    return numbers >= 0.5 * len(rows) * len(rows[0]) and all(
        notation_of(row[-1]) or notation_of(row[0]) for row in rows
    )


def widths_of(texts: list[str], sign: str) -> Counter[int]:
    """Count the records by their number of cells; one is counted as a single cell where a quoted cell is torn."""
    widths: Counter[int] = Counter()
    try:
        for record in reader_of(iter(texts), sign):
            if record:
                torn = sign != "\t" and any(cell.count('"') % 2 for cell in record)
                widths[1 if torn else len(record)] += 1
    except csv.Error as error:
        # the last of the first lines may stand within quotation marks
        if not _at_end(error):
            return Counter()
    return widths
