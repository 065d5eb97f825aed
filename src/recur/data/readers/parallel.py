"""A parallel corpus: two text files; each line of one is the translation of the same line of the other.

train.de  train.en        the names differ in one part, which is the name of the column
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recur.config import Config, DataConfig
from recur.data.readers.table import Row, Table
from recur.data.readers.text import TextTable
from recur.errors import DataError

_PARTS = re.compile(r"([._\-])")
_SIDES = frozenset(["src", "tgt", "source", "target"])
_LANGUAGES = frozenset([
    "ar", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "ha", "he",
    "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn", "ko", "lt", "lv", "mk", "ml", "mr", "ms",
    "my", "nb", "nl", "nn", "no", "pl", "ps", "pt", "ro", "ru", "si", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta",
    "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "xh", "zh", "zu",
])  # fmt: skip
_TABLES = frozenset([".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".conllu", ".conll"])


class Pair(NamedTuple):
    """The two files of a parallel corpus."""

    source: Path
    target: Path


def names_of(pair: Pair) -> tuple[str, str]:
    """Return what the names of two files differ in, source and target where that is not one part.

    >>> names_of(Pair(Path("train.de"), Path("train.en"))), names_of(Pair(Path("in.txt"), Path("all.de.txt")))
    (('de', 'en'), ('source', 'target'))
    """
    first, second = (_PARTS.split(path.name) for path in pair)
    differ = [(a, b) for a, b in zip(first, second, strict=False) if a != b]
    return differ[0] if len(first) == len(second) and len(differ) == 1 else ("source", "target")


def requested_pair(path: Path, config: DataConfig) -> Pair | None:
    """Return the files that a configuration asks to be read line by line, None for a single file.

    The target is a file (``--source a.de --target a.en``), or the columns of a run are two languages, and the file is
    called after one of them: the other one is in the same folder.

    Raises
    ------
    DataError
        When it does not.
    """
    if path.suffix.lower() in _TABLES or not path.is_file():
        return None
    if config.target is not None and len(config.target) == 1 and Path(config.target[0]).is_file():
        return Pair(path, Path(config.target[0]))
    parts = _PARTS.split(path.name)
    names = config.input or []
    if len(names) != 2 or config.target or len({*names} & {*parts}) != 1:
        return None
    own = names[0] if names[0] in parts else names[1]
    other = names[1] if own == names[0] else names[0]
    beside = path.with_name("".join(other if part == own else part for part in parts))
    if not beside.is_file():
        raise DataError(
            f"{path} is one side of a parallel corpus of {names[0]} and {names[1]}; expected {beside.name} beside it",
            hint="give both files, with the same number of lines",
        )
    return Pair(path, beside) if own == names[0] else Pair(beside, path)


def pairs_of(files: Sequence[Path]) -> list[Pair]:
    """Return the files of a folder whose names differ in one part that is a language, or source and target.

    A name that begins with the language is a label: ``de.txt`` and ``en.txt`` may be texts to tell apart.
    """
    alike: dict[tuple[str, ...], list[Path]] = {}
    for path in files:
        if path.suffix.lower() in _TABLES or not path.is_file():
            continue
        parts = _PARTS.split(path.name)
        for place, part in enumerate(parts):
            if part in _SIDES or (place and part in _LANGUAGES):
                alike.setdefault((*parts[:place], "", *parts[place + 1 :]), []).append(path)
    return [Pair(*paths) for paths in alike.values() if len(paths) == len(Pair._fields)]


def named(table: Table, config: Config) -> Config:
    """Return a configuration whose target is a column, where it was the file of the other side."""
    data = config.data
    if not isinstance(table, ParallelTable) or not data.target or data.target[0] in table.columns:
        return config
    return config.replaced(input=[table.columns[0]], target=[table.columns[1]])


class ParallelTable(Table):
    """Two texts line by line; lines that are empty on one side are skipped.

    Parameters
    ----------
    pair : Pair

    Raises
    ------
    DataError
        When the files have different numbers of lines.
    """

    def __init__(self, pair: Pair) -> None:
        self._texts = [TextTable(path) for path in pair]
        self.columns = list(names_of(pair))
        self.name, self.kind = str(pair.source), "table"
        for text in self._texts:
            if text.cut_line:
                raise DataError(f"{text.path}:{text.cut_line}: a line of more than a million bytes; expected sentences")
        filled = [[bool(text[row]["text"].strip()) for row in range(len(text))] for text in self._texts]
        # empty lines at the end are no lines
        counts = [max((row + 1 for row, full in enumerate(side) if full), default=0) for side in filled]
        if counts[0] != counts[1]:
            raise DataError(
                f"{pair.source} has {counts[0]:,} lines and {pair.target} {counts[1]:,}; expected the "
                "translation of each line on the same line",
                hint="give files with the same number of lines",
            )
        both = np.array(filled[0][: counts[0]]) & np.array(filled[1][: counts[0]])
        self._rows = np.flatnonzero(both)
        empty = counts[0] - len(self._rows)
        self.notes = [f"{empty:,} pair{'s' * (empty > 1)} with an empty side"] if empty else []
        if not len(self._rows):
            raise DataError(f"{pair.source} and {pair.target} have no line with text in both")

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        """Return a line of each file."""
        line = int(self._rows[index])
        return {name: text[line]["text"] for name, text in zip(self.columns, self._texts, strict=True)}

    def where(self, index: int) -> str:
        """Return the line in the first file."""
        return self._texts[0].where(int(self._rows[index]))
