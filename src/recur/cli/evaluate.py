"""``recur evaluate``: the figures of a trained network on a file."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import Waiting, emit, emit_json, table


def evaluate(run: Path, data: Path, /, *, last_word: bool = False, json: bool = False) -> None:
    """Measure a trained network on a file with the columns it was trained on.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    data
        File or folder to measure on.
    last_word
        Measure the last word of each line alone: how often it is right, and its perplexity.
    json
        Write one JSON document to stdout.
    """
    import recur

    figures = recur.load(run).evaluate(data, last_word=last_word, tell=Waiting("measuring").tell)
    if json:
        emit_json(figures)
        return
    for line in table(figures):
        emit(line)
