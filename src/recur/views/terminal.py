"""Text on a terminal: bars that can be read without colours, candidates beside their probabilities."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from recur.printable import printable

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def width(most: int = 100) -> int:
    """Columns of the output: those of the terminal or of COLUMNS, at most ``most``."""
    return min(shutil.get_terminal_size((80, 24)).columns, most)


def bold(text: str) -> str:
    """The text in bold on a terminal that supports it; the text alone elsewhere."""
    return f"\x1b[1m{text}\x1b[0m" if decorated() else text


def dim(text: str) -> str:
    """The dimmed text on a terminal that supports it; the text alone elsewhere."""
    return f"\x1b[2m{text}\x1b[0m" if decorated() else text


def wrapped(text: str, columns: int) -> list[str]:
    """The lines of a sentence; all are indented like the first.

    >>> wrapped("  one two three four five", 20)
    ['  one two three four', '  five']
    """
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(text, max(20, columns), subsequent_indent=indent)


def clipped(text: str, columns: int) -> str:
    """The text in at most so many columns; what is cut ends in an ellipsis.

    >>> clipped("gradient", 5)
    'grad…'
    """
    if len(text) <= columns:
        return text
    return text[: max(0, columns - 1)] + ("…" if columns > 0 else "")


def bar(share: float, cells: int) -> str:
    """Draw a share of 1 as a bar of at most ``cells`` characters.

    >>> bar(0.5, 4)
    '██'
    """
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if not unicode():
        return "#" * round(eighths / 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def shares(rows: Sequence[tuple[str, float]], columns: int, numbered: bool = False) -> Iterable[str]:
    """Lay out candidates and their probabilities, a bar beside each number.

    Parameters
    ----------
    rows : sequence of (str, float)
        A candidate and its probability, the best first.
    columns : int
        Width to stay within.
    numbered : bool
        Whether each candidate has a number to pick it by.
    """
    rows = [(printable(word), share) for word, share in rows]
    longest = min(max((len(word) for word, _ in rows), default=0), max(8, columns // 2))
    for place, (word, share) in enumerate(rows, 1):
        lead = f"{place:>3}  " if numbered else "  "
        label = word if len(word) <= longest else word[: longest - 1] + "…"
        line = f"{lead}{label:<{longest}}  {100 * share:5.1f} %  "
        yield (bold(line) if place == 1 else line) + bar(share, max(4, columns - len(line)))


def decorated() -> bool:
    """Whether standard output is a terminal with bold and colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def unicode() -> bool:
    """Whether standard output can show more than ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")
