"""Inputs that arrive on a pipe: read like a file with the same bytes, and passed on as they arrive.

    "text,label" first                a table with a header that names the columns that are read
    "a warm meal,good" first          a row of all columns, where its last cell is a class that the network knows
    {"text": "a warm meal"} first     JSON lines
    a comment or tabs first           CoNLL columns, of a network that tags words
    anything else                     one input a line

Above a table, ``sep=;``, comments and titles are skipped: titles where the header has arrived with them, as from a
file, or where the table is said to be one (``--format csv``).
Rows that are steps of one series (a forecast, groups) and CoNLL columns are answered at the end of the input; all
others are answered as soon as they are there, and no more of them are kept than are answered together.
"""

from __future__ import annotations

import io
import queue
import select
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from recur.config import Config
from recur.data.examples.examples import is_one_series
from recur.data.load import no_column
from recur.data.queries.queries import InputQueries, InputQuery
from recur.data.queries.stream_format import Form, form_of, refuse_late_header
from recur.data.readers.delimited import lone_header, ragged
from recur.data.readers.header import column_names
from recur.data.readers.jsonl import object_of, refuse_absent
from recur.data.readers.lines import BOM, STDIN, Line, check_head, lines_of
from recur.data.readers.preamble import Between
from recur.data.readers.records import records_of
from recur.data.roles.roles import Roles
from recur.errors import DataError

NAME = STDIN
_AHEAD = 2**16  # bytes of a stream that are looked at before they are read
AT_ONCE = 64  # inputs that are answered together, where that many are there
BLOCK = 16  # rows of a product whose sums are added up in the same order however many there are

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
        self._kept = b""

    def readline(self, most: int) -> bytes:
        """Return the next line, or its first bytes."""
        raw = self._line(most)
        if not self._place:
            check_head(raw, NAME)
            raw = raw.removeprefix(BOM) or self._line(most)
        self._place += len(raw)
        return raw

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._place

    def arrived(self) -> list[str]:
        """Return the next lines that are there already, without waiting for others; they are read later."""
        while len(self._kept) < _AHEAD and _is_ready(self._stream):
            more = self._more()
            if not more:
                break
            self._kept += more
        return self._kept[:_AHEAD].decode("utf-8", "replace").splitlines()

    def _line(self, most: int) -> bytes:
        while (end := self._kept.find(b"\n", 0, most)) < 0 and len(self._kept) < most:
            more = self._more()
            if not more:
                break
            self._kept += more
        end = min(len(self._kept), most) if end < 0 else end + 1
        raw, self._kept = self._kept[:end], self._kept[end:]
        return raw

    def _more(self) -> bytes:
        """Return what comes next: all that is there, or what comes first."""
        read = getattr(self._stream, "read1", None)
        return self._stream.readline(_AHEAD) if read is None else read(_AHEAD)


def _is_ready(stream: BinaryIO) -> bool:
    """Return whether something of a stream can be read at once."""
    try:
        return bool(select.select([stream.fileno()], [], [], 0)[0])
    except (AttributeError, OSError, ValueError):
        # in memory, or a system that cannot tell
        return isinstance(stream, io.BytesIO)


def stream_queries(
    stream: BinaryIO, roles: Roles, config: Config, *, typed: Callable[[str], Any], labels: Container[str] = (),
    format: str | None = None, tell: Callable[[str], object] | None = None,
) -> Iterator[list[InputQuery]]:  # fmt: skip
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
        Classes that the network knows, by which a row without a header is distinguished from a text with a comma in it.
    format : str, optional
        csv, tsv, jsonl, conll or text; default: what the first line looks like.
    tell : callable, optional
        Told what was sorted, filled or left out.

    Raises
    ------
    DataError
        When the stream is no UTF-8 text, or a row is not like the others.
    """
    pipe = _Pipe(stream)
    source = lines_of(pipe, NAME)
    form = form_of(source, roles, labels, format, pipe.arrived)
    everything = chain(form.lines, source)
    if form.kind == "text":
        # empty lines to a network that reads numbers are refused by their number
        if not form.lines or (not roles.input_kind.numeric and not any(line.text.strip() for line in form.lines)):
            raise DataError(f"{NAME} is empty: expected at least one line of text", hint="give a file with rows")
        yield from batches_on_arrival(_texts(everything, typed, roles, format))
        return
    if form.kind == "conll" or roles.forecast or roles.group or is_one_series(roles):
        yield from _as_file(chain(form.above, everything), form.kind, roles, config, tell)
        return
    rows = _objects(everything) if form.kind == "jsonl" else _table(everything, form, roles, tell)
    for group in batches_on_arrival(rows):
        queries = InputQueries([row.value for row in group], roles, config)
        yield [question._replace(row=row.number, where=row.where) for question, row in zip(queries, group, strict=True)]


def _as_file(
    source: Iterable[Line], kind: str, roles: Roles, config: Config, tell: Callable[[str], object] | None
) -> Iterator[list[InputQuery]]:
    """The inputs of a stream whose lines are steps, written to a file and read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(line.text for line in source)
        try:
            queries = InputQueries(path, roles, config.replaced(source=str(path), format=kind))
        except DataError as error:
            # named as the stream is, and not as the file
            hint = error.hint and error.hint.replace(str(path), str(NAME))
            raise DataError(error.message.replace(str(path), str(NAME)), hint=hint) from error
        if tell is not None:
            for note in queries.notes:
                tell(note)
        yield from batched(queries)


def batches_on_arrival(items: Iterable[Item], most: int = AT_ONCE) -> Iterator[list[Item]]:
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
        batch: list[Item] = []
        while kind == "item":
            batch.append(value)
            if len(batch) == most:
                break
            try:
                kind, value = waiting.get_nowait()
            except queue.Empty:
                break
        if batch:
            yield batch
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
    return [*group, *list(group[-1:]) * (-len(group) % BLOCK)]


def _texts(
    source: Iterable[Line], typed: Callable[[str], Any], roles: Roles, format: str | None
) -> Iterator[InputQuery]:
    """The inputs that lines alone stand for."""
    for place, line in enumerate(source):
        if place and format is None:
            refuse_late_header(line, roles, NAME)
        where = f"{NAME}:{line.number}"
        try:
            yield InputQuery(typed(line.text.removesuffix("\n")), line.number, where)
        except DataError as error:
            raise DataError(f"{where}: {error.message}", hint=error.hint) from error


def _table(source: Iterable[Line], form: Form, roles: Roles, tell: Callable[[str], object] | None) -> Iterator[_Row]:
    columns = form.names or list(roles.columns)
    number, between = 0, Between()
    for place, (line, record) in enumerate(records_of(NAME, form.separator, source)):
        where = f"{NAME}:{line.number}"
        if not place and form.header:
            columns = column_names(record, where)
        if not place:
            absent = [name for name in roles.input if name not in columns]
            if absent:
                raise no_column(str(NAME), absent[0], columns)
            if form.header:
                between.head = record if len(record) > 1 else None
                continue
        if not between.is_row(record, len(columns)):
            continue
        if len(record) != len(columns):
            raise ragged(NAME, line.number, record, columns)
        number += 1
        yield _Row(number, where, dict(zip(columns, record, strict=True)))
    if form.header and not number:
        raise lone_header(NAME, columns)
    if tell is not None:
        for note in between.notes():
            tell(note)


def _objects(source: Iterable[Line]) -> Iterator[_Row]:
    number = 0
    columns: list[str] = []
    for line in source:
        if line.text.strip():
            number += 1
            where = f"{NAME}:{line.number}"
            row = object_of(line.text, where)
            columns = columns or list(map(str, row))
            refuse_absent(row, columns, where)
            yield _Row(number, where, {name: row[name] for name in columns})
