"""CSV and TSV: one row per record; delimiter and header are inferred if they are not given."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from recur.codecs.bounds import bounds
from recur.codecs.number_style import NumberStyle
from recur.codecs.plain_text import shorten
from recur.config import DataConfig
from recur.data.cells.names import is_known
from recur.data.cells.survey import Survey
from recur.data.readers.header import column_names, has_header, names_without_header, repeats_a_name
from recur.data.readers.lines import Line, check_text_file
from recur.data.readers.preamble import Between, Preamble, is_comment, preamble, stated_delimiter
from recur.data.readers.records import delimiter_of, reader_of, records_of
from recur.data.readers.table import FileTable, Mark, NoRowsError, Row
from recur.errors import DataError, TooLargeError

_SAMPLE = 200


class DelimitedTable(FileTable):
    """The records of a CSV or TSV file.

    Attributes
    ----------
    survey : Survey
        What its cells look like; that of several shards is one.
    delimiter : str
    converted : dict
        Column to the style in which its numbers are read.
    """

    survey: Survey
    delimiter: str
    converted: dict[str, NumberStyle]

    def settle(self, config: DataConfig | None, known: Mapping[str, NumberStyle] | None) -> None:
        """Decide how the numbers of each column are written, by what was surveyed."""
        self._sampled = None
        self.styles = self.survey.styles(config, known=known, delimiter=self.delimiter)
        self.converted |= self.survey.converted(self.styles)


def read_delimited(
    path: Path, *, tabs: bool | None = None, header: bool | None = None, required: Sequence[str] = (),
    names: Sequence[str] = (), config: DataConfig | None = None, known: Mapping[str, NumberStyle] | None = None,
) -> DelimitedTable:  # fmt: skip
    """Return the records of a CSV or TSV file; see `scan_delimited`.

    Parameters
    ----------
    path, tabs, header, required, names
        As for `scan_delimited`.
    config : DataConfig, optional
        ``decimal`` and ``thousands``.
    known : mapping, optional
        How the numbers of columns were written in the training data.

    Raises
    ------
    DataError
        As `scan_delimited` does.
    """
    table = scan_delimited(path, tabs=tabs, header=header, required=required, names=names)
    table.settle(config, known)
    return table


def scan_delimited(
    path: Path, *, tabs: bool | None = None, header: bool | None = None, required: Sequence[str] = (),
    names: Sequence[str] = (), survey: Survey | None = None,
) -> DelimitedTable:  # fmt: skip
    """Return the records of a CSV or TSV file, with the styles of its numbers still open.

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
    survey : Survey, optional
        Of other shards, which is continued where the columns have the same names.

    Raises
    ------
    DataError
        When the file is no text, a record has another number of cells than the first, a quotation mark is not
        closed, or two columns have one name.
    """
    begun = _beginning(path, tabs, header, required, names)
    delimiter, above, columns = begun.delimiter, begun.above, begun.columns
    header, cells = begun.header, begun.cells
    if header and begun.alone:
        raise lone_header(path, columns)
    width = len(columns)
    between = Between(cells[0] if header and width > 1 else None)
    if survey is None or set(survey.columns) != set(columns):
        survey = Survey(columns)
    # the columns of this file in the order of the survey
    order = None if survey.columns == columns else [columns.index(name) for name in survey.columns]
    surveyed = survey
    converted: dict[str, NumberStyle] = {}

    def marks() -> Iterator[Mark]:
        for place, (line, record) in enumerate(records_of(path, delimiter, skip=above.lines)):
            if (not place and header) or not between.is_row(record, width):
                continue
            if len(record) != width:
                raise ragged(path, line.number, record, columns)
            surveyed.see(record if order is None else [record[place] for place in order])
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

    table = DelimitedTable(path, columns, marks(), parse)
    table.notes = [*above.notes, *between.notes()]
    table.survey, table.delimiter, table.converted = surveyed, delimiter, converted
    return table


class Beginning(NamedTuple):
    """What the first records of a file say.

    Attributes
    ----------
    delimiter : str
    above : Preamble
    header : bool
        Whether the first record names the columns.
    columns : list of str
    cells : list of list of str
        The first records.
    alone : bool
        Whether there is one record only.
    """

    delimiter: str
    above: Preamble
    header: bool
    columns: list[str]
    cells: list[list[str]]
    alone: bool


def names_columns(path: Path, *, tabs: bool | None = None, required: Sequence[str] = ()) -> bool:
    """Return whether the first record of a CSV or TSV file names its columns; see `scan_delimited`."""
    return _beginning(path, tabs, None, required, ()).header


def _beginning(
    path: Path, tabs: bool | None, header: bool | None, required: Sequence[str], names: Sequence[str]
) -> Beginning:
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
    return Beginning(delimiter, above, bool(header), columns, cells, alone=len(first) == 1)


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


def lone_header(path: Path, columns: list[str]) -> NoRowsError:
    """The error of a table without rows."""
    return NoRowsError(f"{path}: the header ({', '.join(columns)}) has no rows below it", hint="add rows")


def ragged(path: Path, line: int, record: list[str], columns: list[str]) -> DataError:
    """The error of a record that has not the cells of the first."""
    names = ", ".join(columns[:6]) + (", …" if len(columns) > 6 else "")
    return DataError(
        f"{path}:{line}: {len(record)} cells where the first row has {len(columns)} ({names}): "
        f'"{shorten(" | ".join(record), 60)}"',
        hint="put quotation marks around a cell that has the separator in it, or fix the row",
    )
