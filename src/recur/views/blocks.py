"""Small pictures made of characters, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from recur.views.terminal import decorated, unicode

Row = TypeVar("Row")

_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_PLAIN_HALVES = {(False, False): " ", (True, False): "'", (False, True): ".", (True, True): ":"}
_SHADES, _PLAIN_SHADES = " ░▒▓█", " .:*#"


def ink(cells: Sequence[float], columns: int, *, threshold: float = 0.5) -> list[str]:
    """Draw cells as ink or paper, two rows of cells per line of text, so that a cell is about as high as wide.

    Parameters
    ----------
    cells : sequence of float
        0 (paper) to 1 (ink), row by row.
    columns : int
        Cells of a row.
    threshold : float
        Least value of a cell with ink.

    >>> ink([1, 0, 1, 1], 2)
    ['█▄']
    """
    marks = _HALVES if unicode() else _PLAIN_HALVES
    rows = [[cell >= threshold for cell in cells[start : start + columns]] for start in range(0, len(cells), columns)]
    if len(rows) % 2:
        rows.append([False] * columns)
    return ["".join(marks[pair] for pair in zip(*pair_of_rows, strict=True)) for pair_of_rows in _pairs(rows)]


def shade(values: Sequence[float]) -> str:
    """Draw values from 0 to 1 as one line of darker and lighter cells, two characters each.

    >>> shade([0, 0.5, 1])
    '  ▒▒██'
    """
    marks = _SHADES if unicode() else _PLAIN_SHADES
    return "".join(2 * marks[min(len(marks) - 1, int(max(0.0, value) * len(marks)))] for value in values)


def coloured(cells: Sequence[tuple[int, int, int]], columns: int, names: Sequence[str]) -> list[str]:
    """Draw coloured cells: in colour on a terminal that supports it, else as letters.

    Parameters
    ----------
    cells : sequence of (red, green, blue)
        0 to 255 each, row by row.
    columns : int
        Cells of a row.
    names : sequence of str
        One character for each cell, where there are no colours.
    """
    rows = [list(range(start, start + columns)) for start in range(0, len(cells), columns)]
    if not decorated() or not unicode():
        return ["".join(2 * names[place] for place in row) for row in rows]
    return [
        "".join(_half(cells[top], cells[bottom]) for top, bottom in zip(*pair, strict=True)) for pair in _pairs(rows)
    ]


def beside(blocks: Sequence[Sequence[str]], widths: Sequence[int], columns: int, *, gap: int = 3) -> Iterable[str]:
    """Lay blocks of lines side by side, as many as fit, the rest below.

    Parameters
    ----------
    blocks : sequence of sequence of str
        Lines of each.
    widths : sequence of int
        Columns of each on the screen; its lines may hold more characters, such as codes of colours.
    columns : int
        Columns of the terminal.
    """
    row: list[int] = []
    row_width = 0
    for place, width in enumerate(widths):
        if row and row_width + gap + width > columns:
            yield from _joined([blocks[each] for each in row], [widths[each] for each in row], gap)
            yield ""
            row, row_width = [], 0
        row_width += width + (gap if row else 0)
        row.append(place)
    yield from _joined([blocks[each] for each in row], [widths[each] for each in row], gap)


def _joined(blocks: Sequence[Sequence[str]], widths: Sequence[int], gap: int) -> Iterable[str]:
    for line in range(max(map(len, blocks), default=0)):
        cells = [
            (block[line] + " " * (width - _visible_width(block[line]))) if line < len(block) else " " * width
            for block, width in zip(blocks, widths, strict=True)
        ]
        yield (" " * gap).join(cells).rstrip()


def _visible_width(text: str) -> int:
    """The width of a text in columns, without its colour codes."""
    visible, rest = 0, text
    while rest:
        if rest.startswith("\x1b["):
            rest = rest[rest.index("m") + 1 :]
        else:
            visible, rest = visible + 1, rest[1:]
    return visible


def _half(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> str:
    above, below = (";".join(map(str, colour)) for colour in (top, bottom))
    return f"\x1b[38;2;{above}m\x1b[48;2;{below}m▀\x1b[0m"


def _pairs(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    return list(zip(rows[::2], rows[1::2], strict=True))
