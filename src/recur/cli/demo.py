"""``recur demo``: a network that learns while one watches."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.cli.output import emit, emit_json, stopped
from recur.errors import ConfigError, did_you_mean
from recur.views.terminal import width

DEMOS = {
    "last-word": (
        "recur.demos.last_word",
        "an Elman network and an LSTM learn side by side to say the last word, over short and long distances",
    )
}


def demo(
    name: Annotated[str, Parameter(show_default=True)] = "last-word",
    /,
    *,
    out: Path | None = None,
    list_all: Annotated[bool, Parameter(name="--list")] = False,
    json: bool = False,
) -> int | None:
    """Train a small network here and now, and ask it for the last word.

    Parameters
    ----------
    name
        Which demonstration.
    out
        Folder for the run folders.
    list_all
        Say which demonstrations there are.
    json
        Write one JSON document to stdout.
    """
    if list_all:
        if json:
            emit_json({each: about for each, (_, about) in DEMOS.items()})
        else:
            for each, (_, about) in DEMOS.items():
                emit(f"{each}  {about}")
        return None
    if name not in DEMOS:
        raise ConfigError(f'no demonstration "{name}".{did_you_mean(name, DEMOS)}', "recur demo --list")
    shown = importlib.import_module(DEMOS[name][0])
    from recur.training import Paused

    try:
        result = shown.main(out)
    except Paused as pause:
        return stopped(pause.message, pause.hint)
    if json:
        emit_json(result)
    else:
        for line in shown.report(result, width()):
            emit(line)
    return None
