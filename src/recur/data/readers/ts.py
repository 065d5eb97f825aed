"""The .ts files of the UEA and UCR archives: one series per line, with one or more channels and its class.

    @problemName JapaneseVowels          lines that begin with # are comments
    @dimensions 12
    @classLabel true 1 2 3
    @data
    1.86,1.89,...:-0.20,-0.19,...:...:1  channels between colons, values between commas, the class at the end

Series may differ in length from line to line; within a line all channels have the same.

Source: A. Bagnall et al. (2018), The UEA multivariate time series classification archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recur.codecs.plain_text import shorten
from recur.data.readers.lines import check_text_file, lines
from recur.data.readers.table import FileTable, Mark, Row
from recur.errors import DataError


def read_ts(path: Path) -> FileTable:
    """Return the series of a file: a column ``series``, a list of steps with one value per channel each, and, where the
    file has them, a column ``class`` or ``target``.

    Raises
    ------
    DataError
        When there is no @data, a line has another number of channels than the first, or channels differ in length.
    """
    check_text_file(path)
    header, first_line = _header(path)
    if header.get("timestamps", "false").lower() == "true":
        raise DataError(
            f"{path} has a time stamp at every value (@timeStamps true), which is not read",
            hint="write the values alone, and @timeStamps false",
        )
    answer = next(
        (name for key, name in (("classlabel", "class"), ("targetlabel", "target"))
         if header.get(key, "false").split()[0].lower() == "true"),
        None,
    )  # fmt: skip
    columns = ["series", *([answer] if answer else [])]
    channels: list[int] = []

    def marks() -> Iterator[Mark]:
        for line in lines(path):
            if line.number <= first_line or not line.text.strip():
                continue
            row = _row(line.text, columns, f"{path}:{line.number}")
            length = len(row["series"][0])
            channels.append(length)
            if length != channels[0]:
                raise DataError(
                    f"{path}:{line.number}: {length} channels where the first series has {channels[0]}",
                    hint="channels are separated by colons, the class after the last",
                )
            yield Mark(line.offset, line.number)

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        texts = raw.decode("utf-8").replace("\r\n", "\n").split("\n")
        return [(number, _row(text, columns, path.name)) for number, text in enumerate(texts) if text.strip()]

    table = FileTable(path, columns, marks(), parse)
    if not len(table):
        raise DataError(f"{path} has no series after @data", hint="give a file with rows")
    return table


def _header(path: Path) -> tuple[dict[str, str], int]:
    """Return what the lines before @data say, and the number of the line with @data."""
    fields: dict[str, str] = {}
    for line in lines(path):
        text = line.text.strip()
        if text.lower().startswith("@data"):
            return fields, line.number
        if text.startswith("@"):
            key, _, value = text[1:].partition(" ")
            fields[key.lower()] = value.strip() or "false"
        elif text and not text.startswith("#"):
            break
    raise DataError(
        f"{path} has no line @data before its series, as .ts files of the UEA archive do",
        hint="--format csv, or text, if this is not such a file",
    )


def _row(text: str, columns: list[str], where: str) -> Row:
    """Return one line as a row."""
    parts = text.strip().split(":")
    row: dict[str, Any] = {}
    if len(columns) > 1:
        row[columns[1]] = parts.pop().strip()
    series = [part.split(",") for part in parts]
    lengths = {len(channel) for channel in series}
    if not series or len(lengths) > 1:
        raise DataError(
            f"{where}: channels of {', '.join(map(str, sorted(lengths))) or 'no'} values in one series: "
            f'"{shorten(text, 60)}"',
            hint="every channel of a series has as many values as the others",
        )
    return {"series": [list(step) for step in zip(*series, strict=True)], **row}
