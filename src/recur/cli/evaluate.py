"""``recur evaluate``: the figures of a trained network on a file."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import Waiting, emit, emit_json, grid, table
from recur.views import matrix


def evaluate(run: Path, data: Path, /, *, last_word: bool = False, confusion: bool = False, json: bool = False) -> None:
    """Measure a trained network on a file with the columns it was trained on.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    data
        File or folder to measure on.
    last_word
        Measure the last word of each line alone: how often it is right, and its perplexity.
    confusion
        Show which class or tag is taken for which, and precision, recall and F1 of each.
    json
        Write one JSON document to stdout.
    """
    import recur

    tell = Waiting("measuring").tell
    figures = recur.load(run).evaluate(data, last_word=last_word, confusion=confusion, tell=tell)
    if json:
        emit_json(figures)
        return
    counted = figures.pop("confusion", None)
    tables = {name: figures.pop(name) for name in list(figures) if isinstance(figures[name], list)}
    for line in table(figures):
        emit(line)
    for name, rows in tables.items():
        emit(f"\n{name.replace('_', ' ')}")
        for line in grid(rows):
            emit(line)
    if counted is not None:
        emit("\nconfusion")
        for line in matrix.lines(counted["labels"], counted["counts"]):
            emit(line)
