"""JSON lines: one object per line; values may be texts, numbers, or lists of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recur.bounded import too_deep
from recur.codecs.plain_text import shorten, without_surrogates
from recur.data.readers.lines import check_text_file, lines
from recur.data.readers.table import FileTable, Mark, Row
from recur.errors import DataError

_SHOWN = 3  # names of a note
DEEPEST = 16  # lists within lists; of pictures a batch of sequences would need six
_BRACKETS = re.compile(r"[\[\]{}]")


def read_jsonl(path: Path, expected: Sequence[str] = ()) -> FileTable:
    """Return the objects of a JSON-lines file: the first one gives the columns, further ones are left out and noted.

    Parameters
    ----------
    path : Path
    expected : sequence of str
        The columns, where another shard gave them.

    Raises
    ------
    DataError
        When a line is no JSON object, or lacks a column of the first.
    """
    check_text_file(path)
    columns: list[str] = list(expected)
    further: dict[str, str] = {}  # a name that the first row does not have -> the place of its first row

    def marks() -> Iterator[Mark]:
        for line in lines(path):
            if not line.text.strip():
                continue
            row = object_of(line.text, f"{path}:{line.number}")
            if not columns:
                columns.extend(map(str, row))
            refuse_absent(row, columns, f"{path}:{line.number}")
            if len(row) > len(columns):
                for name in row:
                    if name not in columns:
                        further.setdefault(name, f"{path.name}:{line.number}")
            yield Mark(line.offset, line.number)

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        texts = raw.decode("utf-8").split("\n")
        objects = [(number, object_of(text, path.name)) for number, text in enumerate(texts) if text.strip()]
        return [(number, {name: row[name] for name in columns}) for number, row in objects]

    table = FileTable(path, columns, marks(), parse)
    if further:
        shown = ", ".join(f'"{shorten(name, 40)}" ({where})' for name, where in list(further.items())[:_SHOWN])
        more = f" and {len(further) - _SHOWN} more" if len(further) > _SHOWN else ""
        table.notes = [f"left out, since the first row does not have it: {shown}{more}"]
    return table


def refuse_absent(row: Row, columns: list[str], where: str) -> None:
    """Refuse an object that lacks a column of the first.

    Raises
    ------
    DataError
    """
    absent = [name for name in columns if name not in row]
    if absent:
        raise DataError(
            f'{where}: there is no "{absent[0]}" where the first row has {", ".join(columns)}',
            hint=f'give it, or null: {{"{absent[0]}": null}}',
        )


def object_of(text: str, where: str) -> dict[str, Any]:
    """Return a line as a JSON object with at least one key."""
    try:
        value = json.loads(text)
        if _brackets_deep(text) > DEEPEST and too_deep(value, DEEPEST):
            raise RecursionError
    except (ValueError, RecursionError) as error:
        # a whole number of thousands of digits is a ValueError without a msg
        reason = "nested too deep" if isinstance(error, RecursionError) else getattr(error, "msg", "a number too long")
        raise DataError(
            f'{where}: not JSON ({reason}): "{shorten(text, 60)}"; expected one object per line',
            hint='each line reads {"text": "...", "label": "..."}',
        ) from None
    if "\\u" in text:
        # JSON can write half of a surrogate pair, which no file can hold
        value = _clean(value)
    if not isinstance(value, dict) or not value:
        raise DataError(
            f'{where}: expected one JSON object per line, found {type(value).__name__} "{shorten(text, 60)}"',
            hint='each line reads {"text": "...", "label": "..."}',
        )
    return value


def _brackets_deep(text: str) -> int:
    """Return how deep the brackets of a line are nested, those within its texts counted too."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _clean(value: Any) -> Any:
    """Return a value whose texts, names included, can be written in UTF-8."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return value
