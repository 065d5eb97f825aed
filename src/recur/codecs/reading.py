"""Reader errors: turn any exception of a library into one sentence that names the file.

What is translated, and what is not:

- `RecurError`: already a sentence.
- ``MemoryError``, ``RecursionError``, ``OverflowError``, ``OSError`` with a number (no such file, no space left, ...):
  the size, the nesting or the state of the disk is the user's to change, wherever it was raised.
- Exceptions that passed through a frame of a named library (Pillow's decoders raise ``struct.error``, ``IndexError``,
  ``TypeError`` and others for a damaged file), and classes that a reader names because its library is compiled and has
  no frames.
- Everything else is a programming error of recur and stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recur.codecs.bounds import SKIP
from recur.errors import DamagedError, DataError, RecurError

_LONGEST = 200  # characters of a library's own words
# a panic of a Rust library is a BaseException whose class cannot be imported
_PANIC = "pyo3_runtime"


@contextmanager
def reading(
    name: object, kind: str, *, libraries: tuple[str, ...] = (), faults: tuple[type[BaseException], ...] = (),
    error: type[DataError] = DamagedError, hint: str | None = SKIP,
) -> Iterator[None]:  # fmt: skip
    """Translate exceptions of a block into an error about the file that it reads.

    Parameters
    ----------
    name : object
        The file, or the place of a value.
    kind : str
        The kind of file that is expected: ``picture``, ``sound``.
    libraries : tuple of str
        Packages whose exceptions mean that the file is at fault.
    faults : tuple of type
        Exceptions that mean so wherever they are raised, for compiled libraries.
    error : type
        The class to raise.
    hint : str, optional
        What to type.

    Raises
    ------
    DataError
        Of the class requested, with the library's exception as its cause.
    """
    try:
        yield
    except BaseException as fault:
        sentence = translate(fault, kind, libraries, faults)
        if sentence is None:
            raise
        message, advice = sentence
        raise error(f"{name} {message}", hint=advice or hint) from fault


def translate(
    fault: BaseException, kind: str, libraries: tuple[str, ...] = (), faults: tuple[type[BaseException], ...] = ()
) -> tuple[str, str | None] | None:
    """Return (message, hint or None) for an exception that the file caused, or None for any other."""
    if isinstance(fault, (RecurError, KeyboardInterrupt, SystemExit, GeneratorExit)):
        return None
    reason = _reason(fault)
    if isinstance(fault, MemoryError):
        return f"needs more memory than there is{reason}", "free memory, or use smaller files"
    if isinstance(fault, RecursionError):
        return "is nested too deep; expected a value, a list or a list of lists", None
    if isinstance(fault, OverflowError):
        return f"holds a number that is too large{reason}", None
    if isinstance(fault, OSError) and fault.errno is not None and fault.strerror:
        return f"cannot be read: {fault.strerror}", None
    if isinstance(fault, faults) or type(fault).__module__ == _PANIC or _passed_through(fault, libraries):
        article = "an" if kind[0] in "aeiou" else "a"
        return f"is damaged or not {article} {kind}{reason}", None
    return None


def _reason(fault: BaseException) -> str:
    text = " ".join(str(fault).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f" ({text or type(fault).__name__})"


def _passed_through(fault: BaseException, libraries: tuple[str, ...]) -> bool:
    """Return whether a frame of one of the libraries is in the traceback of an exception."""
    place = fault.__traceback__
    while place is not None:
        # frames of Cython have no globals, and name their file by the package
        module = place.tb_frame.f_globals.get("__name__") or place.tb_frame.f_code.co_filename.replace("/", ".")
        if str(module).partition(".")[0] in libraries:
            return True
        place = place.tb_next
    return False
