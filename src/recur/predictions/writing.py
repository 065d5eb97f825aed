"""Tables of predictions as files: CSV, JSON lines, Parquet; a file appears only when it is complete.

A CSV file has commas, a header, quotation marks where they are needed, and ends its lines with ``\\n``. A text that a
spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return, and is not a number) is
written with an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.atomic import replacing
from recur.codecs.plain_text import without_surrogates
from recur.errors import ConfigError, require
from recur.figures import finite

if TYPE_CHECKING:
    from recur.data import InputQuery
    from recur.heads import Prediction
    from recur.predictions.records import Sheet

FORMATS = (".csv", ".jsonl", ".parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Writer = Callable[["Sheet", "InputQuery", "Prediction"], None]
"""Writes one answer after another."""


def csv_writer(write: Callable[[str], object]) -> Writer:
    """Return a writer of CSV; the header comes with the first answer."""
    begun = False

    def one(sheet: Sheet, question: InputQuery, answer: Prediction) -> None:
        nonlocal begun
        lines = io.StringIO()
        rows = csv.writer(lines, lineterminator="\n")
        if not begun:
            rows.writerow([cell(name) for name in sheet.columns])
            begun = True
        for record in sheet.records(question, answer):
            rows.writerow([cell(record[name]) for name in sheet.columns])
        write(lines.getvalue())

    return one


def jsonl_writer(write: Callable[[str], object]) -> Writer:
    """Return a writer of JSON lines, one for each input."""

    def one(sheet: Sheet, question: InputQuery, answer: Prediction) -> None:
        write(document(sheet, question, answer) + "\n")

    return one


def document(sheet: Sheet, question: InputQuery, answer: Prediction, *, indent: int | None = None) -> str:
    """Return one answer as JSON."""
    record = finite(sheet.document(question, answer))
    return without_surrogates(json.dumps(record, ensure_ascii=False, indent=indent, default=str))


def cell(value: Any) -> str:
    """Return a value as the text of a cell: floats without rounding, texts that are safe in a spreadsheet.

    >>> cell(124071.996), cell(["NOUN", "VERB"]), cell("=1+1"), cell("-12.5"), cell(None)
    ('124071.996', 'NOUN VERB', "'=1+1", '-12.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, list):
        # tags, pitches and their names; lists of lists are JSON
        plain = all(isinstance(each, (str, int)) for each in value)
        value = " ".join(map(str, value)) if plain else json.dumps(value, ensure_ascii=False)
    # some readers end a cell at a zero byte
    text = without_surrogates(str(value)).replace("\0", "\ufffd")
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


@contextmanager
def open_writer(path: Path) -> Iterator[Writer]:
    """Return a writer of the format that the name of a file ends with; the file is replaced when all is written.

    Raises
    ------
    ConfigError
        When the name has another ending.
    MissingExtraError
        For Parquet without pyarrow.
    WriteError
    """
    kind = check_name(path)
    if kind == ".parquet":
        with _parquet(path) as writer:
            yield writer
        return
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield (csv_writer if kind == ".csv" else jsonl_writer)(file.write)


def check_name(path: Path) -> str:
    """Return the ending of a file that predictions can be written to, after its package was imported.

    Raises
    ------
    ConfigError, MissingExtraError
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ConfigError(
            f'predictions are written as {", ".join(FORMATS)}, and "{path}" has none of these endings',
            hint=f"--out {path.stem or 'predictions'}.csv",
        )
    if kind == ".parquet":
        require("pyarrow.parquet", "data")
    return kind


@contextmanager
def _parquet(path: Path) -> Iterator[Writer]:
    """Write Parquet, whose columns have types: all rows are kept until the end."""
    arrow, parquet = require("pyarrow", "data"), require("pyarrow.parquet", "data")
    columns: dict[str, list[Any]] = {}

    def one(sheet: Sheet, question: InputQuery, answer: Prediction) -> None:
        for record in sheet.records(question, answer):
            for name in sheet.columns:
                columns.setdefault(name, []).append(record[name])

    yield one
    arrays = {name: arrow.array(_of_one_type(values)) for name, values in columns.items()}
    with replacing(path) as part:
        parquet.write_table(arrow.table(arrays), part)


def _of_one_type(values: list[Any]) -> list[Any]:
    """Return numbers unchanged, and anything else as the text of its cells."""
    present = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in present) or not any(isinstance(value, bool) for value in present):
        if all(isinstance(value, int) for value in present):
            return values
        if all(isinstance(value, (int, float)) for value in present):
            return [None if value is None else float(value) for value in values]
    return [None if value is None else value if isinstance(value, str) else cell(value) for value in values]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
