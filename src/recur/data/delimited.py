"""CSV and TSV: one row a record; delimiter and header are found out where they are not given."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recur.codecs.bounds import bounds
from recur.codecs.codec import shorten
from recur.codecs.number_style import NumberStyle, is_missing, written
from recur.config import DataConfig
from recur.data.column_styles import Survey
from recur.data.lines import LONGEST, Line, check_text_file, first_lines, lines
from recur.data.names import is_known
from recur.data.table import FileTable, Mark, Row
from recur.errors import DataError, TooLargeError

if TYPE_CHECKING:
    from _csv import Reader

csv.field_size_limit(max(csv.field_size_limit(), LONGEST))

_IDENTIFIER = re.compile(r"[^\W\d]([\w .\-/()\[\]°%]*[\w)\]%])?")
_MOMENT = re.compile(
    r"\d{1,4}([-/.])\d{1,2}(\1\d{1,4})?\.?([T ]{1,2}\d{1,2}[:.]\d{2}\S{0,20})?"
    r"|\d{1,2}:\d{2}(:\d{2}\S{0,12})?|\d{8}T\d{4,6}Z?"
)
_SAMPLE = 200


def read_delimited(
    path: Path, *, tabs: bool | None = None, header: bool | None = None, wanted: Sequence[str] = (),
    names: Sequence[str] = (), config: DataConfig | None = None, known: Mapping[str, NumberStyle] | None = None,
) -> FileTable:  # fmt: skip
    """Return the records of a CSV or TSV file.

    In a TSV file quotation marks are plain signs: they open nothing and swallow no row.

    Parameters
    ----------
    path : Path
        The file.
    tabs : bool, optional
        Whether tabs separate; default: what separates the first lines.
    header : bool, optional
        Whether the first record names the columns; default: found out by comparing it with the others.
    wanted : sequence of str
        Columns that the caller will ask for: a first record that has one of them is a header.
    names : sequence of str
        Names for the columns where there is no header, used when there are as many.
    config : DataConfig, optional
        ``decimal`` and ``thousands``.
    known : mapping, optional
        How the numbers of columns were written in the training data.

    Raises
    ------
    DataError
        When the file is no text, a record has another number of cells than the first, a quotation mark is not
        closed, or two columns have one name.
    """
    check_text_file(path)
    delimiter = "\t" if tabs else _delimiter(path, allow_tabs=tabs is None)
    first = _first_records(path, delimiter)
    if not first:
        raise DataError(f"{path} is empty: expected at least one row", hint="give a file with rows")
    cells = [each for _, each in first]
    if header is None:
        named = [cell.strip() for cell in cells[0]]
        twice = len(set(named)) < len(named) and any(len(cell) > 1 and is_known(cell) for cell in named)
        header = twice or bool(set(wanted) & set(map(str.strip, cells[0]))) or has_header(cells)
    columns = _column_names(cells[0], f"{path}:{first[0][0].number}") if header else _names_without_header(cells, names)
    if header and len(first) == 1:
        raise DataError(f"{path}: there is a header ({', '.join(columns)}) and no row under it", hint="add rows")
    width = len(columns)
    survey = Survey(columns)
    converted: dict[str, NumberStyle] = {}

    def marks() -> Iterator[Mark]:
        for place, (line, record) in enumerate(records_of(path, delimiter)):
            if len(record) != width:
                raise _ragged(path, line.number, record, columns)
            if place or not header:
                survey.see(record)
                yield Mark(line.offset, line.number)

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        # lines end at "\n" alone, as in the scan: a carriage return within quotation marks is a sign of the cell
        reader = reader_of(io.StringIO(raw.decode("utf-8"), newline="\n"), delimiter)
        rows: list[tuple[int, Row]] = []
        before = 0
        for record in reader:
            if record:
                row: Row = dict(zip(columns, record, strict=True))
                for name, style in converted.items():
                    row[name] = style.read(row[name])
                rows.append((before, row))
            before = reader.line_num
        return rows

    table = FileTable(path, columns, marks(), parse)
    table.styles = survey.styles(config, known=known, delimiter=delimiter)
    converted |= survey.converted(table.styles)
    return table


def _first_records(path: Path, delimiter: str) -> list[tuple[Line, list[str]]]:
    """Return the records by which header and names are judged: two hundred, fewer of a very wide table."""
    first: list[tuple[Line, list[str]]] = []
    for line, record in records_of(path, delimiter):
        if len(record) > bounds().columns:
            raise TooLargeError(
                f"{path}:{line.number}: {len(record):,} columns; expected at most {bounds().columns:,}",
                hint="give the numbers of a row as one list (.jsonl), or as an array (.npy)",
            )
        first.append((line, record))
        if len(first) > _SAMPLE or len(first) * len(record) > bounds().cells:
            break
    return first


def reader_of(source: Iterator[str] | io.StringIO, delimiter: str) -> Reader:
    """Return the records of text lines."""
    if delimiter == "\t":
        return csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(source, delimiter=delimiter, strict=True)


def records_of(path: Path, delimiter: str, source: Iterable[Line] | None = None) -> Iterator[tuple[Line, list[str]]]:
    """Yield every record of a file, or of lines that come from elsewhere, with its first line; empty lines are none."""
    begun: list[Line] = []
    length = 0

    def texts() -> Iterator[str]:
        nonlocal length
        for line in lines(path) if source is None else source:
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


def _ragged(path: Path, line: int, record: list[str], columns: list[str]) -> DataError:
    names = ", ".join(columns[:6]) + (", …" if len(columns) > 6 else "")
    return DataError(
        f"{path}:{line}: {len(record)} cells where the first row has {len(columns)} ({names}): "
        f'"{shorten(" | ".join(record), 60)}"',
        hint="put quotation marks around a cell that has the separator in it, or fix the row",
    )


def _delimiter(path: Path, *, allow_tabs: bool) -> str:
    """Return the sign that gives most first records the same number of cells, more than one."""
    first = [line.text for line in first_lines(path, 50, filled=True)]
    best, best_score = ",", 0.0
    # commas stand in running text and in numbers too: another sign that divides all lines alike goes first
    for sign in ("\t", ";", "|", ",") if allow_tabs else (";", "|", ","):
        widths = _widths(first, sign)
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        score = count / max(widths.total(), 1)
        if width > 1 and score > best_score:
            best, best_score = sign, score
    return best


def _widths(texts: list[str], sign: str) -> Counter[int]:
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


def is_number(cell: str) -> bool:
    """Return whether a cell is a number in some style, or a missing one."""
    return written(cell) is not None or is_missing(cell)


def is_moment(cell: str) -> bool:
    """Return whether a cell looks like a date or a time of the day."""
    return _MOMENT.fullmatch(cell.strip()) is not None


def has_header(records: list[list[str]]) -> bool:
    """Return whether the first record names the columns.

    It does when a column of numbers begins with a word, or a column of a few labels begins with something else, or
    its cells are usual names; it does not when it repeats a label, has a long cell, or is like the others.
    """
    first, rest = records[0], records[1:]
    names = [cell.strip() for cell in first]
    if len(set(names)) < len(names) or not all(names):
        # an index column written by other tools has no name
        return len(set(names)) == len(names) and all(names[1:]) and any(map(is_known, names))
    if not rest:
        return all(map(is_known, names))
    evidence = 0
    for place, name in enumerate(names):
        column = [record[place].strip() for record in rest if len(record) == len(names)]
        if len(name.split()) > 4 or (name in column and not is_number(name)):
            return False
        filled = [cell for cell in column if cell]
        if filled and all(map(is_number, filled)):
            evidence += not is_number(name)
        elif filled and all(map(is_moment, filled)):
            evidence += not is_moment(name)
        elif filled and len(set(filled)) <= len(filled) / 10:
            evidence += 1
    if evidence or any(map(is_known, names)):
        return True
    like_names = all(_IDENTIFIER.fullmatch(name) and len(name.split()) == 1 for name in names)
    return like_names and all(len(cell.split()) > 1 for record in rest[:20] for cell in record)


def _names_without_header(records: list[list[str]], names: Sequence[str]) -> list[str]:
    return list(names) if len(names) == len(records[0]) else default_names(records)


def default_names(records: list[list[str]]) -> list[str]:
    """Return names for columns that have none: text and label, source and target, or column1, column2, ..."""
    width = len(records[0])
    if width == 1:
        return ["text"]
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


def _column_names(cells: list[str], where: str) -> list[str]:
    """Return the names in a header."""
    names = [cell.strip() or f"column{place + 1}" for place, cell in enumerate(cells)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f'{where}: two columns are named "{twice[0]}"', hint="give each column its own name")
    return names
