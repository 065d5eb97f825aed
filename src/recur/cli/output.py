"""What a command writes: data to stdout, messages to stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from recur.atomic import write_text
from recur.errors import DataError, WriteError
from recur.figures import any_figure, duration, finite
from recur.printable import TEXT, printable

_PATIENCE = 3.0
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


def emit(text: str = "", end: str = "\n", *, styled: bool = False) -> None:
    """Write a piece of the answer to stdout at once; line ends and tabs of a text are kept.

    Parameters
    ----------
    text, end : str
    styled : bool
        Whether the text is from a view, which removes control characters itself and adds colours.
    """
    _write((text if styled else printable(text, TEXT)) + end)


def write_out(text: str) -> None:
    """Write data to stdout at once, unchanged; on a terminal without control characters."""
    _write(printable(text, TEXT) if sys.stdout.isatty() else text)


def _write(text: str) -> None:
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            # a terminal or a pipe of another encoding
            coding = sys.stdout.encoding or "ascii"
            sys.stdout.write(text.encode(coding, "backslashreplace").decode(coding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_stdout()
        raise WriteError(
            f"stdout cannot be written: {(error.strerror or str(error)).lower()}; the output is incomplete",
            hint="free some space, or write to another disk",
        ) from error


def _discard_stdout() -> None:
    """Discard what is still buffered: every later flush, also that of the interpreter at exit, would fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(value: Any) -> None:
    """Write the answer as one JSON document to stdout."""
    emit(json.dumps(finite(json.loads(json.dumps(value, default=_encodable))), ensure_ascii=False, indent=2))


def refuse_folders(*paths: Path | None) -> None:
    """Refuse folders where files are to be written, before the work is done.

    Raises
    ------
    DataError
    """
    for path in paths:
        if path is not None and path.is_dir():
            raise DataError(f"{path} is a folder, expected a file to write", hint="name a file in it")


def draw(
    *,
    html: Path | None,
    png: Path | None,
    page: Callable[[], str],
    picture: Callable[[Path], None],
) -> bool:
    """Write the page and the picture that were requested, with a note; return whether any was requested."""
    if html is not None:
        write_text(html, page())
        note(f"wrote {html}; open it in a browser")
    if png is not None:
        picture(png)
        note(f"wrote {png}")
    return html is not None or png is not None


def note(text: str) -> None:
    """Write a message to stderr."""
    print(printable(text, TEXT), file=sys.stderr, flush=True)


class WorkProgress:
    """Reports the progress of long work every three seconds.

    Parameters
    ----------
    what : str
        The work, in a word.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._start = time.monotonic()
        self._last_report = self._start

    def tell(self, share: float) -> None:
        """Report the share of the work that is done."""
        now = time.monotonic()
        if now - self._last_report < _PATIENCE:
            return
        self._last_report = now
        remaining = f", {duration((now - self._start) * (1 - share) / share)} left" if share > 0 else ""
        note(f"{self._what}: {100 * share:.0f} %{remaining}")


def report_stop(message: str, hint: str | None) -> int:
    """Report that the user stopped the work, and how to resume; return the exit code."""
    note(f"stopped: {message}" + (f"\nhint: {hint}" if hint else ""))
    return INTERRUPTED


def table(figures: Mapping[str, Any]) -> Iterable[str]:
    """Lay out names and values in two columns."""
    longest = max((len(name) for name in figures), default=0)
    for name, value in figures.items():
        yield f"{name.replace('_', ' '):<{longest}}  {any_figure(name, value)}"


def grid(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Lay out rows of metrics under their names, numbers aligned to the right.

    >>> print("\\n".join(grid([{"step": 1, "mse": 0.25}, {"step": 12, "mse": 1.5}])))
    step    mse
       1  0.250
      12  1.500
    """
    names = list(rows[0]) if rows else []
    cells = [[name.replace("_", " ") for name in names]]
    cells += [[any_figure(name, row[name]) for name in names] for row in rows]
    wide = [max(len(row[place]) for row in cells) for place in range(len(names))]
    texts = [isinstance(rows[0][name], str) for name in names]
    for row in cells:
        cells_of_row = (
            f"{cell:<{size}}" if text else f"{cell:>{size}}" for cell, size, text in zip(row, wide, texts, strict=True)
        )
        yield "  ".join(cells_of_row).rstrip()


def _encodable(value: Any) -> Any:
    """Convert a value that json cannot encode: paths, sets, numbers and arrays of numpy and torch."""
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
