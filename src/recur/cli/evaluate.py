"""``recur evaluate``: the figures of a trained network on a file."""

from __future__ import annotations

from pathlib import Path

from recur.cli.decoding import between
from recur.cli.output import Waiting, emit, emit_json, grid, note, table
from recur.views import matrix


def evaluate(
    run: Path,
    data: Path,
    /,
    *,
    last_word: bool = False,
    confusion: bool = False,
    cache: int | None = None,
    cache_theta: float | None = None,
    cache_lambda: float | None = None,
    beam: int | None = None,
    length_penalty: float | None = None,
    json: bool = False,
) -> None:
    """Measure a trained network on a file with the columns it was trained on.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    data
        File or folder to measure on.
    last_word
        Measure the last word of each line alone: how often it is right, and its perplexity.
    cache
        Of one long text: size of a continuous cache, in steps; what followed similar states becomes likelier.
    cache_theta
        Of the cache: how much more the most alike steps count; chosen on the dev file where it is left out.
    cache_lambda
        Of the cache: its share; chosen on the dev file where it is left out.
    beam
        Answers followed at once, where BLEU is measured.
    length_penalty
        How much a beam prefers longer answers; 0 compares plain probabilities.
    confusion
        Show which class or tag is taken for which, and precision, recall and F1 of each.
    json
        Write one JSON document to stdout.
    """
    between("--cache", cache, 1, 10_000_000)
    between("--cache-theta", cache_theta, 0, 1e6)
    between("--cache-lambda", cache_lambda, 0, 1)
    import recur

    decoding = {
        name: value for name, value in (("beam", beam), ("length_penalty", length_penalty)) if value is not None
    }
    figures = recur.load(run).evaluate(
        data, last_word=last_word, confusion=confusion, cache=cache, cache_theta=cache_theta, cache_lambda=cache_lambda,
        tell=Waiting("measuring").tell, **decoding,
    )  # fmt: skip
    if json:
        emit_json(figures)
        return
    for said in figures.pop("notes", []):
        note(said)
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
