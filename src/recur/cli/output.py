"""What a command writes: data to stdout, words about it to stderr, and bars that need no colour to be read."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def emit(text: str = "", end: str = "\n") -> None:
    """Write a piece of the answer to stdout at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def emit_json(value: Any) -> None:
    """Write the answer as one JSON document to stdout."""
    emit(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def note(text: str) -> None:
    """Write words about the work to stderr."""
    print(text, file=sys.stderr, flush=True)


def stopped(message: str, hint: str | None) -> int:
    """Say that the user stopped the work, and how to go on; return the exit code of that."""
    note(f"stopped: {message}" + (f"\nhint: {hint}" if hint else ""))
    return INTERRUPTED


def width(most: int = 100) -> int:
    """Columns to write in: those of the terminal or of COLUMNS, at most ``most``."""
    return min(shutil.get_terminal_size((80, 24)).columns, most)


def bold(text: str) -> str:
    """The text in bold on a terminal that takes it; the text alone elsewhere."""
    return f"\x1b[1m{text}\x1b[0m" if _decorated() else text


def dim(text: str) -> str:
    """The text in a quieter shade on a terminal that takes it; the text alone elsewhere."""
    return f"\x1b[2m{text}\x1b[0m" if _decorated() else text


def bar(share: float, cells: int) -> str:
    """Draw a share of 1 as a bar of at most ``cells`` characters.

    >>> bar(0.5, 4)
    '██'
    """
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if not _unicode():
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
        Whether a number to pick it by stands before each candidate.
    """
    longest = min(max((len(word) for word, _ in rows), default=0), max(8, columns // 2))
    for place, (word, share) in enumerate(rows, 1):
        lead = f"{place:>3}  " if numbered else "  "
        shown = word if len(word) <= longest else word[: longest - 1] + "…"
        figure = f"{lead}{shown:<{longest}}  {100 * share:5.1f} %  "
        yield (bold(figure) if place == 1 else figure) + bar(share, max(4, columns - len(figure)))


def table(figures: Mapping[str, Any]) -> Iterable[str]:
    """Lay out names and values in two columns."""
    longest = max((len(name) for name in figures), default=0)
    for name, value in figures.items():
        yield f"{name.replace('_', ' '):<{longest}}  {number(value)}"


def number(value: Any) -> str:
    """A figure for people: four significant digits, thousands set apart.

    >>> number(115.93), number(12544), number(0.84944)
    ('115.9', '12,544', '0.8494')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _decorated() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def _unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")


def _plain(value: Any) -> Any:
    """JSON's form of a value that json does not know: paths, sets, numpy's and torch's numbers and arrays."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "_asdict"):
        return value._asdict()
    if hasattr(value, "__dict__"):
        return vars(value)
    return str(value)
