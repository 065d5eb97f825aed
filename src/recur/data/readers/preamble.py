"""Lines of a delimited file that are not rows: ``sep=;``, title rows above the header, ``#`` comments."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

from recur.codecs.number_notation import notation_of
from recur.codecs.plain_text import shorten
from recur.data.readers.header import has_header
from recur.data.readers.lines import first_lines
from recur.data.readers.records import records_of

STATED = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_FIRST = 200
_MOST_TITLES = 30


class Preamble(NamedTuple):
    """What is above the rows of a file.

    Attributes
    ----------
    lines : int
        Lines to skip.
    names : list of str
        Names of the columns where a comment has them.
    notes : list of str
        What is skipped, in words.
    """

    lines: int
    names: list[str]
    notes: list[str]


def stated_delimiter(path: Path) -> str | None:
    """Return the separator that the first line of a file states for Excel (``sep=;``)."""
    first = next((line.text for line in first_lines(path, 1, cut=True)), "")
    match = STATED.fullmatch(first)
    return match[1] if match else None


def is_comment(record: list[str], width: int) -> bool:
    """Return whether a record is a comment: it begins with ``#`` and does not have the cells of a row."""
    return record[0].startswith("#") and len(record) != width


@dataclass
class Between:
    """What is between rows and is none: comments, and the header once more, where files were put together.

    Attributes
    ----------
    head : list of str or None
        The header, where there is one of several columns.
    """

    head: list[str] | None = None
    comments: int = 0
    headers: int = 0

    def is_row(self, record: list[str], width: int) -> bool:
        """Return whether a record is a row, and count it where it is none."""
        comment, header = is_comment(record, width), record == self.head
        self.comments += comment
        self.headers += header and not comment
        return not comment and not header

    def notes(self) -> list[str]:
        """What is left out, in words."""
        counts = {"comment": self.comments, "repeated header": self.headers}
        return [f"{count} {what}{'s' * (count > 1)} between the rows" for what, count in counts.items() if count]


def preamble(path: Path, delimiter: str, *, header: bool | None) -> Preamble:
    """Return what is above the rows.

    Title rows are leading records of another width than the others, or with one filled cell, above a header. Comments
    are leading lines that begin with ``#``; the last one names the columns where it has as many cells as the rows.

    Parameters
    ----------
    path : Path
    delimiter : str
    header : bool or None
        What the user says of the first row: with False nothing above the rows is a header.
    """
    skipped, notes = 0, []
    if stated_delimiter(path):
        skipped, notes = 1, [f'line 1, "sep={delimiter}"']
    head = [line for line in first_lines(path, _FIRST, cut=True) if line.number > skipped]
    lead = list(takewhile(lambda line: line.text.startswith("#") or not line.text.strip(), head))
    comments = [line.text[1:].strip() for line in lead if line.text.strip()]
    after = lead[-1].number if comments else skipped
    records = [record for _, record in islice(records_of(path, delimiter, skip=after), _FIRST)]
    width, count = Counter(map(len, records)).most_common(1)[0] if records else (0, 0)
    if comments and width:
        own = next((record for _, record in records_of(path, delimiter, skip=after - 1)), [])
        named = [cell.strip() for cell in [own[0].lstrip("# "), *own[1:]]] if own and own[0].startswith("#") else []
        if not named and len(comments[-1].split()) == width:
            named = comments[-1].split()
        in_rows = len(own) == width and not has_header([named, *records])
        if in_rows:
            # a row like the others, which begins with a hash sign
            return Preamble(skipped, [], notes)
        headed = len(named) == width > 1 and header is not False and not has_header(records)
        names = named if headed and not any(map(_is_number, named)) else []
        note = f'{len(comments)} comment{"s" * (len(comments) > 1)} ("# {shorten(comments[0], 30)}")'
        return Preamble(after, names, [*notes, note])
    titles = _titles(records, width, count) if header is not False else 0
    if titles and has_header(records[titles:]):
        lines = [line for line, _ in islice(records_of(path, delimiter, skip=skipped), titles + 1)]
        text = " ".join(cell for cell in records[0] if cell.strip())
        note = f'{titles} row{"s" * (titles > 1)} above the header ("{shorten(text, 30)}")'
        return Preamble(lines[-1].number - 1, [], [*notes, note])
    return Preamble(skipped, [], notes)


def _titles(records: list[list[str]], width: int, count: int) -> int:
    """Return how many leading records are titles and not rows."""
    titles = 0
    for record in records:
        if len(record) == width and sum(bool(cell.strip()) for cell in record) > 1:
            break
        titles += 1
    few = titles <= min(_MOST_TITLES, len(records) // 2) and width > 1
    return titles if few and count >= 0.9 * (len(records) - titles) and len(records) - titles > 1 else 0


def _is_number(cell: str) -> bool:
    return notation_of(cell) is not None
