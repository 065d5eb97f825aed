"""Notes on the command line: draw a piece in the terminal and write it as MIDI and PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.cli.output import emit, emit_json, note
from recur.views import pieces
from recur.views.terminal import width

if TYPE_CHECKING:
    from recur.model import Model


def play(model: Model, prompt: str, out: Path | None, options: Mapping[str, Any], *, json: bool) -> None:
    """Continue a prompt of notes, show the piece and write it.

    Parameters
    ----------
    model : Model
    prompt : str
        A .mid file, a line of notes, or nothing.
    out : Path or None
        The MIDI file.
    options : mapping
        Options of decoding.
    json : bool
        Write one JSON document in place of the roll.

    Raises
    ------
    ConfigError
        When the model does not continue notes.
    """
    codec = pieces.of_notes(model.target_codec)
    opening_steps = pieces.steps(codec, prompt or None)
    piece = model.generate(prompt, **options)
    files = [] if out is None else pieces.write(codec, piece, out, opening=opening_steps, title=_title(prompt))
    if json:
        emit_json(
            {"prompt": prompt, "steps_given": opening_steps, "notes": piece, "files": [str(path) for path in files]}
        )
        return
    for line in pieces.lines(codec, piece, width(), opening=opening_steps):
        emit(line)
    if isinstance(piece, str):
        emit(piece)
    for path in files:
        emit(str(path))
    if out is not None and len(files) == 1:
        note('the picture of the roll requires matplotlib: pip install "recur-nn[plot]"')


def _title(prompt: str) -> str:
    if not prompt:
        return "made by the network"
    return f"{Path(prompt).name}, continued" if prompt.lower().endswith((".mid", ".midi")) else "continued"
