"""``recur demo``: train a small network live, then query it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.cli.output import emit, emit_json, note, report_stop
from recur.errors import ConfigError, did_you_mean
from recur.views.terminal import width

FIRST = "last-word"
DEMOS = {
    "last-word": (
        "recur.demos.last_word",
        "synced: an Elman network and an LSTM side by side predict the last word, from near and from far",
    ),
    "classify": ("recur.demos.classify", "one-to-one: a digit in an unknown handwriting -> which digit"),
    "captions": (
        "recur.demos.captions",
        "one-to-many: a picture of shapes -> a sentence that describes the shapes and their places",
    ),
    "sentiment": ("recur.demos.sentiment", 'many-to-one: a review with "not" and "but" -> good or bad'),
    "translate": ("recur.demos.translate", "many-to-many: a number in English words -> the number in French words"),
    "melody": (
        "recur.demos.melody",
        "synced: well-known tunes, note by note -> the next note; continued as MIDI and as a piano roll",
    ),
    "frames": ("recur.demos.frames", "synced: a film of a moving shape -> for every frame, what just happened"),
}


def demo(
    name: str | None = None,
    /,
    *,
    out: Path | None = None,
    list_all: Annotated[bool, Parameter(name="--list")] = False,
    json: bool = False,
) -> int | None:
    """Train a small network in a minute or two, and show what it learned.

    Parameters
    ----------
    name
        Which demonstration; default: last-word.
    out
        Folder in which the run folders are written.
    list_all
        List the demonstrations.
    json
        Write one JSON document to stdout.
    """
    if list_all:
        if json:
            emit_json({each: about for each, (_, about) in DEMOS.items()})
        else:
            longest = max(map(len, DEMOS))
            for each, (_, about) in DEMOS.items():
                emit(f"{each:<{longest}}  {about}")
        return None
    key = name or FIRST
    if key not in DEMOS:
        raise ConfigError(f'no demonstration "{key}".{did_you_mean(key, DEMOS)}', "recur demo --list")
    demonstration = importlib.import_module(DEMOS[key][0])
    from recur.training import Paused

    try:
        result = demonstration.main(out)
    except Paused as pause:
        return report_stop(pause.message, pause.hint)
    if json:
        emit_json(result)
    else:
        for line in demonstration.report(result, width()):
            emit(line, styled=True)
    if name is None:
        others = [each for each in DEMOS if each != FIRST]
        note(f"\nthere are {len(others)} more: recur demo {' | '.join(others)}; `recur demo --list` describes them")
    return None
