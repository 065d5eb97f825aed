"""Continued notes over HTTP: pitches and a MIDI file."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

from recur.continuation import notes as playing
from recur.decoding import Decoding
from recur.serve.service import ModelService


def play(service: ModelService, opening: Any, decoding: Decoding) -> dict[str, Any]:
    """Continue an opening.

    Returns
    -------
    dict
        ``given``, the steps of the opening; ``pitches``, the MIDI pitches that sound at every step, the opening among
        them; ``steps_per_beat``; ``line`` of a melody; ``midi``, the piece as ``data:audio/midi;base64,...``.
    """
    mode = service.language()
    codec = playing.codec_of(mode)
    start = opening or None
    piece = playing.whole(codec, start, list(playing.generate(mode, start, decoding)))
    with tempfile.TemporaryDirectory() as folder:
        midi = codec.write_midi(piece, Path(folder) / "piece.mid").read_bytes()
    return {
        "given": 0 if start is None else len(codec.frames(start)),
        "pitches": playing.pitches(codec, piece),
        "steps_per_beat": codec.frames_per_beat,
        "line": piece if isinstance(piece, str) else None,
        "midi": "data:audio/midi;base64," + base64.b64encode(midi).decode(),
    }
