"""Limits of every reader: how large one value may become in memory, and why.

A header of a few bytes can ask for terabytes (a MIDI file of 35 bytes with one note of 2^28 beats, a compressed picture
of one colour, a sound of 1 Hz read at 16 kHz). So a reader multiplies what a header says, steps x features x bytes,
and looks here before it allocates. Training and serving use the same limits; a server narrows them with `within`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from math import prod

from recur.context import setting
from recur.errors import TooLargeError
from recur.figures import size

SKIP = "--damaged skip leaves out all such rows"


@dataclass(frozen=True)
class Bounds:
    """The limits.

    Attributes
    ----------
    bytes : int
        Memory of one value while it is read. An hour of stereo sound, or a video of 10,000 frames of 224 x 224, fits.
    steps : int
        Steps of one value (frames of a video, steps of a piece). A million beats on a fine grid fit; Python lists of
        more are slow before they are large.
    characters : int
        Characters of one text that is split into words or subwords: an encyclopedia article, or a long novel. The
        regular expressions of the tokenizer give up, with a crash, after ten million steps within one word.
    table : int
        Memory of the arrays of one compressed file (.npz, idx.gz), which are read whole.
    columns : int
        Columns of a table. Every row is a dictionary and every column is judged by a sample.
    cells : int
        Cells by which the columns of a table are judged: rows x columns.
    """

    bytes: int = 2 * 2**30
    steps: int = 10_000_000
    characters: int = 5_000_000
    table: int = 4 * 2**30
    columns: int = 50_000
    cells: int = 2_000_000


_DEFAULT = Bounds()
_bounds: ContextVar[Bounds] = ContextVar("bounds", default=_DEFAULT)


def bounds() -> Bounds:
    """Return the current limits."""
    return _bounds.get()


@contextmanager
def within(**limits: int) -> Iterator[Bounds]:
    """Narrow limits for a block; a wider limit than the current one has no effect.

    >>> with within(steps=2000) as narrowed:
    ...     narrowed.steps, bounds().steps
    (2000, 2000)
    """
    current = bounds()
    narrowed = replace(current, **{name: min(value, getattr(current, name)) for name, value in limits.items()})
    with setting(_bounds, narrowed):
        yield narrowed


def check_memory(name: object, *factors: tuple[int, str], item: int, hint: str = SKIP, most: int | None = None) -> None:
    """Refuse an allocation of ``factors`` x ``item`` bytes that is above the limit, before it is made.

    Parameters
    ----------
    name : object
        The file or value, for the message.
    *factors : (int, str)
        A count and what is counted.
    item : int
        Bytes of one element.
    hint : str
        What to type.
    most : int, optional
        The limit in bytes; default: that of one value.

    Raises
    ------
    TooLargeError

    >>> check_memory("a.mid", (10**10, "steps"), (88, "keys"), item=4)
    Traceback (most recent call last):
    ...
    recur.errors.TooLargeError: a.mid takes 3520.0 GB of memory (10,000,000,000 steps x 88 keys x 4 bytes); expected \
at most 2.1 GB
    hint: --damaged skip leaves out all such rows
    """
    most = bounds().bytes if most is None else most
    needed = prod(count for count, _ in factors) * item
    if needed > most:
        product = " x ".join(f"{count:,} {what}" for count, what in factors)
        unit = "byte" if item == 1 else "bytes"
        raise TooLargeError(
            f"{name} takes {size(needed)} of memory ({product} x {item} {unit}); expected at most {size(most)}",
            hint=hint,
        )


def check_steps(name: object, steps: int, what: str = "steps", hint: str = SKIP) -> None:
    """Refuse a value of more steps than the limit.

    Raises
    ------
    TooLargeError
    """
    if steps > bounds().steps:
        raise TooLargeError(f"{name} has {steps:,} {what}; expected at most {bounds().steps:,}", hint=hint)


def check_characters(text: str) -> str:
    """Return a text, refused when it has more characters than one value may have.

    Raises
    ------
    TooLargeError
    """
    most = bounds().characters
    if len(text) > most:
        raise TooLargeError(
            f"a text of {len(text):,} characters; expected at most {most:,} in one value",
            hint="divide it into several rows, or read it as one long text: --format text --documents file",
        )
    return text
