"""Inputs that arrive on a pipe: read as a file of the same bytes is read, and handed on as they come.

    "text,label" first                a table with a header that names the columns that are read
    "a warm meal,good" first          a row of all columns, where its last cell is a class that the network knows
    {"text": "a warm meal"} first     JSON lines
    a comment or "1<tab>" first       CoNLL columns, of a network that tags words
    anything else                     one input a line

Rows that are steps of one series (a forecast, groups) and CoNLL columns are answered at the end of the input; all
others are answered as soon as they are there, and no more of them are kept than are answered together.
"""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np

from recur.config import Config
from recur.data.examples import is_one_series
from recur.data.header import column_names, is_number
from recur.data.jsonl import object_of
from recur.data.lines import BOM, Line, check_head, lines_of
from recur.data.ordered import OrderedTable
from recur.data.places import Place
from recur.data.questions import Question, Questions
from recur.data.records import reader_of, records_of
from recur.data.roles import TEXTS, Roles
from recur.errors import DataError

NAME = Path("stdin")
AT_ONCE = 64  # inputs that are answered together, where so many are there
BLOCK = 16  # rows of a product whose sums are added up in the same order however many there are

_SEPARATORS = (",", ";", "\t", "|")
_BY_NAME = {"csv": ",", "tsv": "\t"}
Item = TypeVar("Item")


class _Row(NamedTuple):
    """A row that was read: its number from 1, its place, and its cells by column, or its text."""

    number: int
    where: str
    value: Any


class _Pipe:
    """A stream that is read line by line and tells where it is, without a byte order mark."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._place = stream, 0

    def readline(self, most: int) -> bytes:
        """Return the next line, or its first bytes."""
        raw = self._stream.readline(most)
        if not self._place:
            check_head(raw, NAME)
            raw = raw.removeprefix(BOM) or self._stream.readline(most)
        self._place += len(raw)
        return raw

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._place


def incoming(
    stream: BinaryIO, roles: Roles, config: Config, *, typed: Callable[[str], Any], labels: Container[str] = (),
    format: str | None = None, tell: Callable[[str], object] | None = None,
) -> Iterator[list[Question]]:  # fmt: skip
    """Yield the inputs of a stream in groups that are answered together.

    Parameters
    ----------
    stream : BinaryIO
        What is read, once.
    roles : Roles
        Of the network that answers.
    config : Config
    typed : callable
        The input that a line alone stands for.
    labels : container of str
        Classes that the network knows, by which a row without a header is told from a text with a comma in it.
    format : str, optional
        csv, tsv, jsonl, conll or text; default: what the first line looks like.
    tell : callable, optional
        Told what was sorted, filled or left out.

    Raises
    ------
    DataError
        When the stream is no UTF-8 text, or a row is not like the others.
    """
    source = lines_of(_Pipe(stream), NAME)
    blank, first = _first_filled(source)
    if first is None and not blank:
        return
    kind, separator, header = _judged(first, roles, labels, format)
    everything = chain(blank, [] if first is None else [first], source)
    if kind == "text":
        yield from arriving(_typed(line, typed) for line in everything)
        return
    if kind == "conll":
        yield from batched(_tagged(everything, roles, config))
        return
    rows = _objects(everything) if kind == "jsonl" else _table(everything, separator, header, roles)
    if roles.forecast or roles.group or is_one_series(roles):
        yield from batched(_in_series(list(rows), roles, config, tell))
        return
    for group in arriving(rows):
        made = Questions([row.value for row in group], roles, config)
        yield [question._replace(row=row.number, where=row.where) for question, row in zip(made, group, strict=True)]


def _in_series(
    rows: Sequence[_Row], roles: Roles, config: Config, tell: Callable[[str], object] | None
) -> list[Question]:
    """The inputs whose steps are rows, each with the lines of its steps."""
    if not rows:
        return []
    made = Questions([row.value for row in rows], roles, config)
    if tell is not None:
        for note in made.notes:
            tell(note)

    def line(row: int) -> str:
        """The place of a row of the table, which may be in another order than the lines, and have more rows."""
        number = made.table.row_number(row) if isinstance(made.table, OrderedTable) else row + 1
        return rows[number - 1].where if number else f"{NAME}, a row that fills a gap"

    def line_of(steps: np.ndarray) -> Callable[[int], str]:
        return lambda step: line(int(steps[step]))

    found = []
    for index, question in enumerate(made):
        steps = made.rows_of(index)
        where = Place(line(int(steps[0])), line_of(steps)) if len(steps) else str(NAME)
        found.append(question._replace(where=where))
    return found


def _tagged(source: Iterable[Line], roles: Roles, config: Config) -> list[Question]:
    """The sentences of a stream in CoNLL columns, read as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.conllu"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(line.text for line in source)
        return list(Questions(path, roles, config))


def arriving(items: Iterable[Item], most: int = AT_ONCE) -> Iterator[list[Item]]:
    """Yield items in lists of at most ``most``: those that are there, and at least one.

    They are made in a thread of their own, which waits while as many as that are not yet taken.
    """
    waiting: queue.Queue[tuple[str, Any]] = queue.Queue(most)

    def read() -> None:
        try:
            for item in items:
                waiting.put(("item", item))
            waiting.put(("end", None))
        except BaseException as error:
            waiting.put(("error", error))

    threading.Thread(target=read, name="inputs", daemon=True).start()
    while True:
        kind, value = waiting.get()
        found: list[Item] = []
        while kind == "item":
            found.append(value)
            if len(found) == most:
                break
            try:
                kind, value = waiting.get_nowait()
            except queue.Empty:
                break
        if found:
            yield found
        if kind == "error":
            raise value
        if kind == "end":
            return


def batched(items: Iterable[Item], most: int = AT_ONCE) -> Iterator[list[Item]]:
    """Yield items in lists of ``most``, the last one shorter.

    >>> list(batched([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    group: list[Item] = []
    for item in items:
        group.append(item)
        if len(group) == most:
            yield group
            group = []
    if group:
        yield group


def in_blocks(group: Sequence[Item]) -> list[Item]:
    """Return inputs followed by copies of the last, so that they are a multiple of `BLOCK`.

    Matrix libraries add up in another order for a few rows than for many, and the last digits of an answer would
    depend on how many inputs arrived together with its own.

    >>> len(in_blocks(["a", "b"])), len(in_blocks(["a"] * 17))
    (16, 32)
    """
    return [*group, *group[-1:] * (-len(group) % BLOCK)]


def _typed(line: Line, typed: Callable[[str], Any]) -> Question:
    where = f"{NAME}:{line.number}"
    try:
        return Question(typed(_text(line)), line.number, where)
    except DataError as error:
        raise DataError(f"{where}: {error.message}", hint=error.hint) from error


def _text(line: Line) -> str:
    return line.text.removesuffix("\n")


def _first_filled(source: Iterator[Line]) -> tuple[list[Line], Line | None]:
    """Return the empty lines at the beginning, and the first that is not."""
    blank: list[Line] = []
    for line in source:
        if line.text.strip():
            return blank, line
        blank.append(line)
    return blank, None


def _judged(
    first: Line | None, roles: Roles, labels: Container[str], format: str | None
) -> tuple[str, str, bool | None]:
    """Return how a stream is read (text, jsonl, conll, csv), the separator of its cells, whether it has a header."""
    if first is None or format == "text":
        return "text", "", None
    text = _text(first)
    if format == "jsonl" or (format is None and text.lstrip().startswith("{") and text.rstrip().endswith("}")):
        return "jsonl", "", None
    if format == "conll" or (format is None and roles.target_codec == "tags" and text.startswith(("# ", "1\t"))):
        return "conll", "", None
    options = _SEPARATORS if format is None else (_BY_NAME[format], *(";|" if format == "csv" else ""))
    for separator in options:
        cells = [cell.strip() for cell in _cells(text, separator)]
        if roles.input and set(roles.input) <= set(cells):
            return "csv", separator, True
        if len(cells) == len(roles.columns) > 1 and _is_row(cells, roles, labels):
            return "csv", separator, False
    if format is not None:
        return "csv", _BY_NAME[format], False
    return "text", "", None


def _is_row(cells: Sequence[str], roles: Roles, labels: Container[str]) -> bool:
    """Whether the cells of a first line are a row of the table that the network learned from."""
    row = dict(zip(roles.columns, cells, strict=True))
    if roles.target_codec == "class" and roles.input_codec in TEXTS:
        return row.get(roles.target[0]) in labels
    # numbers of a series that is typed are its steps
    alone = roles.input_codec == "numbers" and not roles.reads_a_sequence
    return alone and all(is_number(row[name]) for name in roles.input if name in row)


def _cells(text: str, separator: str) -> list[str]:
    """Return the cells of a line, those of one with an open quotation mark as well as they can be told."""
    return next(reader_of(iter([text]), separator), [])


def _table(source: Iterable[Line], separator: str, header: bool | None, roles: Roles) -> Iterator[_Row]:
    columns = list(roles.columns)
    number = 0
    for place, (line, record) in enumerate(records_of(NAME, separator, source)):
        where = f"{NAME}:{line.number}"
        if not place and header:
            columns = column_names(record, where)
            continue
        if len(record) != len(columns):
            raise DataError(
                f"{where}: {len(record)} cells where {len(columns)} are expected ({', '.join(columns[:6])})",
                hint="put quotation marks around a cell that has the separator in it; --format text reads whole lines",
            )
        number += 1
        yield _Row(number, where, dict(zip(columns, record, strict=True)))


def _objects(source: Iterable[Line]) -> Iterator[_Row]:
    number = 0
    for line in source:
        if line.text.strip():
            number += 1
            where = f"{NAME}:{line.number}"
            yield _Row(number, where, object_of(line.text, where))
