"""Columns with one token per line and an empty line after each sentence: CoNLL-U, or word and tag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recur.codecs.plain_text import shorten
from recur.data.readers.lines import check_text_file, first_lines, lines
from recur.data.readers.table import FileTable, Mark, Row
from recur.errors import DataError

CONLLU = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]


def read_conll(path: Path) -> FileTable:
    """Return the sentences of a file; each column of a row is a list with one value per token.

    Lines that begin with ``#`` before a sentence are comments (CoNLL-U). Ranges (``1-2``) and empty nodes (``1.1``)
    are no tokens. Ten columns have the names of CoNLL-U, two are word and tag, others word, column2, ... and tag.

    Raises
    ------
    DataError
        When a line has another number of columns than the first.
    """
    check_text_file(path)
    columns, separator = _layout(path)
    universal = columns == CONLLU

    def marks() -> Iterator[Mark]:
        begun = False
        for line in lines(path):
            text = line.text.rstrip("\n")
            if not text.strip():
                begun = False
            elif not _is_comment(text, begun, universal):
                cells = _cells(text, separator)
                if len(cells) != len(columns):
                    raise DataError(
                        f"{path}:{line.number}: {len(cells)} columns where the first line has {len(columns)} "
                        f'({", ".join(columns)}): "{shorten(text, 60)}"',
                        hint="an empty line separates sentences; columns are separated by one tab",
                    )
                if not begun and not _is_no_token(cells[0], universal):
                    begun = True
                    yield Mark(line.offset, line.number)

    def sentences_of(raw: bytes) -> list[list[tuple[int, list[str]]]]:
        """Return the tokens of each sentence, each with its line."""
        sentences: list[list[tuple[int, list[str]]]] = []
        begun = False
        for number, text in enumerate(raw.decode("utf-8").replace("\r\n", "\n").split("\n")):
            if not text.strip():
                begun = False
            elif not _is_comment(text, begun, universal):
                cells = _cells(text, separator)
                if _is_no_token(cells[0], universal):
                    continue
                if not begun:
                    begun = True
                    sentences.append([])
                sentences[-1].append((number, cells))
        return sentences

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        return [
            (tokens[0][0], {name: [cells[place] for _, cells in tokens] for place, name in enumerate(columns)})
            for tokens in sentences_of(raw)
        ]

    def lines_of_steps(raw: bytes) -> list[list[int]]:
        return [[number for number, _ in tokens] for tokens in sentences_of(raw)]

    table = FileTable(path, columns, marks(), parse, "tagged", lines_of_steps)
    if not len(table):
        raise _no_sentence(path)
    return table


def _is_no_token(first: str, universal: bool) -> bool:
    """Return whether a line is a range or an empty node of CoNLL-U, or the mark of a document of CoNLL-2003."""
    return first == "-DOCSTART-" or (universal and _is_skipped(first))


def looks_like_conll(path: Path) -> bool:
    """Return whether the first lines are tokens with tags: equal columns, empty lines, few tags."""
    blocks: list[list[list[str]]] = [[]]
    for line in first_lines(path, 400, cut=True):
        text = line.text.strip()
        if not text:
            blocks.append([])
        elif not text.startswith("#"):
            blocks[-1].append(_cells(text, "\t" if "\t" in text else None))
    blocks = [block for block in blocks if block]
    rows = [row for block in blocks for row in block]
    if len(blocks) < 2 or len(rows) < 2 * len(blocks):
        return False
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return False
    # an example and its label may be followed by an empty line too, but an example has several words
    if any(" " in row[0].strip() for row in rows):
        return False
    # running text could have two words on every line, but its last words would not be so few
    return len({row[-1] for row in rows}) <= max(len(rows) / 4, 3)


def _layout(path: Path) -> tuple[list[str], str | None]:
    """Return the names of the columns and what separates them (None: white space)."""
    for line in lines(path):
        text = line.text.rstrip("\n")
        if not text.strip() or text.startswith("#"):
            continue
        separator = "\t" if "\t" in text else None
        width = len(_cells(text, separator))
        if width == len(CONLLU) and separator:
            return CONLLU, separator
        if width < 2:
            raise DataError(
                f'{path}:{line.number}: one column ("{shorten(text, 40)}"); expected a word and a tag on each line',
                hint="--format text, if this is running text",
            )
        return ["word", *(f"column{place + 1}" for place in range(1, width - 1)), "tag"], separator
    raise _no_sentence(path)


def _no_sentence(path: Path) -> DataError:
    """Say that a file has nothing but comments, ranges and empty nodes."""
    return DataError(f"{path} has no sentence, only comments or ranges of words", hint="give a file with rows")


def _is_comment(text: str, begun: bool, universal: bool) -> bool:
    """Return whether a line is a comment; within a sentence of word and tag, ``#`` is a word."""
    return text.startswith("#") and (universal or (not begun and "\t" not in text))


def _is_skipped(token_id: str) -> bool:
    """Return whether an id is a range (1-2) or an empty node (1.1)."""
    return "-" in token_id or "." in token_id


def _cells(text: str, separator: str | None) -> list[str]:
    """Return the columns of a line."""
    return text.split(separator)
