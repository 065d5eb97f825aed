"""A piece of notes as files: a MIDI file to hear and a piano roll to see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.codecs.notes import NotesCodec
from recur.errors import ConfigError, MissingExtraError, WriteError
from recur.views import roll
from recur.views.terminal import unicode


def write(
    codec: Codec, piece: Any, path: Path | str, *, opening: int = 0, title: str = "", tempo: float = 120.0
) -> list[Path]:
    """Write a piece as a MIDI file and, beside it under the same name, as a picture of its piano roll.

    Parameters
    ----------
    codec : Codec
        A codec of notes.
    piece : object
        Any value that it reads.
    path : path
        The MIDI file; ``.mid`` is added where it ends otherwise.
    opening : int
        Steps that were given.
    title : str
        Title of the picture.
    tempo : float
        Beats a minute.

    Returns
    -------
    list of Path
        What was written: without matplotlib (extra ``plot``) the MIDI file alone.
    """
    notes = of_notes(codec)
    target = Path(path)
    if target.suffix.lower() not in (".mid", ".midi"):
        target = target.with_name(target.name + ".mid")
    written = [notes.write_midi(piece, target, tempo=tempo)]
    try:
        picture = target.with_suffix(".png")
        frames = notes.frames(piece)
        written.append(roll.write_png(frames, picture, title=title, opening=opening, beat=notes.frames_per_beat))
    except MissingExtraError:
        pass
    except WriteError as error:
        raise WriteError(f"{error.message}; the notes are in {target}", hint=error.hint) from error
    return written


def lines(codec: Codec, piece: Any, width: int, *, opening: int = 0) -> Iterator[str]:
    """Yield a piece as a piano roll in text, for the terminal."""
    return roll.lines(of_notes(codec).frames(piece), width, opening=opening, plain=not unicode())


def steps(codec: Codec, piece: Any) -> int:
    """Return the number of steps of a piece; None has none."""
    return 0 if piece is None else int(np.shape(of_notes(codec).frames(piece))[0])


def of_notes(codec: Codec) -> NotesCodec:
    """Return a codec of notes as such.

    Raises
    ------
    ConfigError
        When it is a codec of something else.
    """
    notes = NotesCodec.of(codec)
    if notes is None:
        raise ConfigError(
            f"a MIDI file is written by a model of notes, and this one answers with {codec.describe()}",
            hint="leave out --out",
        )
    return notes
