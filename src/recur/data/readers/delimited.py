"""CSV and TSV: one row per record; delimiter and header are inferred if they are not given."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from recur.codecs.bounds import bounds
from recur.codecs.number_style import NumberStyle
from recur.codecs.plain_text import shorten
from recur.config import DataConfig
from recur.data.cells.names import is_known
from recur.data.cells.survey import Survey
from recur.data.readers.header import column_names, has_header, names_without_header, repeats_a_name
from recur.data.readers.lines import Line, check_text_file
from recur.data.readers.preamble import Between, is_comment, preamble, stated_delimiter
from recur.data.readers.records import delimiter_of, reader_of, records_of
from recur.data.readers.table import FileTable, Mark, Row
from recur.errors import DataError, TooLargeError

_SAMPLE = 200


def read_delimited(
    path: Path, *, tabs: bool | None = None, header: bool | None = None, required: Sequence[str] = (),
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
    required : sequence of str
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
    delimiter = stated_delimiter(path) or ("\t" if tabs else delimiter_of(path, allow_tabs=tabs is None))
    above = preamble(path, delimiter, header=header)
    first = _first_records(path, delimiter, above.lines)
    if not first:
        raise DataError(f"{path} is empty: expected at least one row", hint="give a file with rows")
    cells = [each for _, each in first]
    if header is None:
        named = [cell.strip() for cell in cells[0]]
        usual = any(len(cell) > 1 and is_known(cell) for cell in named)
        twice = len(set(named)) < len(named) and (usual or repeats_a_name(cells))
        header = twice or bool(set(required) & set(map(str.strip, cells[0]))) or has_header(cells)
    if above.names:
        header, columns = False, column_names(above.names, f"{path}:{above.lines}")
    elif header:
        columns = column_names(cells[0], f"{path}:{first[0][0].number}")
    else:
        columns = names_without_header(cells, names)
    if header and len(first) == 1:
        raise lone_header(path, columns)
    width = len(columns)
    between = Between(cells[0] if header and width > 1 else None)
    survey = Survey(columns)
    converted: dict[str, NumberStyle] = {}

    def marks() -> Iterator[Mark]:
        for place, (line, record) in enumerate(records_of(path, delimiter, skip=above.lines)):
            if (not place and header) or not between.is_row(record, width):
                continue
            if len(record) != width:
                raise ragged(path, line.number, record, columns)
            survey.see(record)
            yield Mark(line.offset, line.number)

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        # lines end at "\n" alone, as in the scan: a carriage return within quotation marks is a sign of the cell
        reader = reader_of(io.StringIO(raw.decode("utf-8"), newline="\n"), delimiter)
        rows: list[tuple[int, Row]] = []
        before = 0
        for record in reader:
            if record and record != between.head and not is_comment(record, width):
                row: Row = dict(zip(columns, record, strict=True))
                for name, style in converted.items():
                    row[name] = style.read(row[name])
                rows.append((before, row))
            before = reader.line_num
        return rows

    table = FileTable(path, columns, marks(), parse)
    table.notes = [*above.notes, *between.notes()]
    table.styles = survey.styles(config, known=known, delimiter=delimiter)
    converted |= survey.converted(table.styles)
    return table


def _first_records(path: Path, delimiter: str, skip: int) -> list[tuple[Line, list[str]]]:
    """Return the records by which header and names are judged: two hundred, fewer of a very wide table."""
    first: list[tuple[Line, list[str]]] = []
    for line, record in records_of(path, delimiter, skip=skip):
        if len(record) > bounds().columns:
            raise TooLargeError(
                f"{path}:{line.number}: {len(record):,} columns; expected at most {bounds().columns:,}",
                hint="give the numbers of a row as one list (.jsonl), or as an array (.npy)",
            )
        first.append((line, record))
        if len(first) > _SAMPLE or len(first) * len(record) > bounds().cells:
            break
    return first


def lone_header(path: Path, columns: list[str]) -> DataError:
    """The error of a table without rows."""
    return DataError(f"{path}: the header ({', '.join(columns)}) has no rows below it", hint="add rows")


def ragged(path: Path, line: int, record: list[str], columns: list[str]) -> DataError:
    """The error of a record that has not the cells of the first."""
    names = ", ".join(columns[:6]) + (", …" if len(columns) > 6 else "")
    return DataError(
        f"{path}:{line}: {len(record)} cells where the first row has {len(columns)} ({names}): "
        f'"{shorten(" | ".join(record), 60)}"',
        hint="put quotation marks around a cell that has the separator in it, or fix the row",
    )
