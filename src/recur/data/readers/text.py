"""Plain text: one row per line, in the order of the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from recur.data.readers.lines import check_text_file, lines, lines_of
from recur.data.readers.table import FileTable, Mark, Row


class TextTable(FileTable):
    """The lines of a text file.

    A row's ``text`` is the line without its end; `piece` has the end too, so that all pieces together are the file.
    A line of more than a million bytes comes in several rows.

    Attributes
    ----------
    cut_line : int
        Number of the first line that is in several rows, 0 where there is none.
    """

    def __init__(self, path: Path) -> None:
        check_text_file(path)
        self.cut_line = 0

        def parse(raw: bytes) -> list[tuple[int, Row]]:
            # cut as the scan cuts: the pieces of a long line have no line end between them
            pieces = lines_of(io.BytesIO(raw), path, cut=True)
            return [(piece.number - 1, {"piece": piece.text}) for piece in pieces]

        super().__init__(path, ["text"], self._scan(path), parse, "text")

    def _scan(self, path: Path) -> Iterator[Mark]:
        for line in lines(path, cut=True):
            if line.cut and not self.cut_line:
                self.cut_line = line.number
            yield Mark(line.offset, line.number)

    def piece(self, index: int) -> str:
        """Return a line with its end (``\\n``, however the file writes it)."""
        return str(self._read(index // self._stride)[index % self._stride][1]["piece"])

    def row(self, index: int) -> Row:
        """Return the line without its end."""
        return {"text": self.piece(index).removesuffix("\n")}
