"""``recur evaluate``: the metrics of a trained network on a file."""

from __future__ import annotations

from pathlib import Path

from recur.cli.decoding import check_range
from recur.cli.output import WorkProgress, emit, emit_json, grid, note, table
from recur.cli.whole_numbers import Whole
from recur.views import matrix


def evaluate(
    run: Path,
    data: Path,
    /,
    *,
    last_word: bool = False,
    confusion: bool = False,
    cache: Whole | None = None,
    cache_theta: float | None = None,
    cache_lambda: float | None = None,
    precision: str | None = None,
    beam: Whole | None = None,
    length_penalty: float | None = None,
    json: bool = False,
) -> None:
    """Evaluate a trained network on a file with the columns it was trained on.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
    data
        File or folder to evaluate on.
    last_word
        Evaluate only the last word of each line: its accuracy and perplexity.
    cache
        For one long text: steps of a continuous cache, which favours symbols that followed similar states.
    cache_theta
        Sharpness of the cache: how much more the most similar steps count; default: chosen on the dev file.
    cache_lambda
        Share of the cache in the probabilities; default: chosen on the dev file.
    precision
        Also evaluate with the products of the recurrent layers in this precision, int8 or bfloat16, beside float32.
    beam
        Beam width, where BLEU is measured.
    length_penalty
        How much beam search prefers longer answers; 0 compares plain probabilities.
    confusion
        Show the confusion matrix of the classes or tags, with precision, recall and F1 of each.
    json
        Write one JSON document to stdout.
    """
    check_range("--cache", cache, 1, 10_000_000)
    check_range("--cache-theta", cache_theta, 0, 1e6)
    check_range("--cache-lambda", cache_lambda, 0, 1)
    import recur

    decoding = {
        name: value for name, value in (("beam", beam), ("length_penalty", length_penalty)) if value is not None
    }
    figures = recur.load(run).evaluate(
        data, last_word=last_word, confusion=confusion, cache=cache, cache_theta=cache_theta, cache_lambda=cache_lambda,
        precision=precision, tell=WorkProgress("measuring").tell, **decoding,
    )  # fmt: skip
    if json:
        emit_json(figures)
        return
    for text in figures.pop("notes", []):
        note(text)
    counts = figures.pop("confusion", None)
    tables = {name: figures.pop(name) for name in list(figures) if isinstance(figures[name], list)}
    for line in table(figures):
        emit(line)
    for name, rows in tables.items():
        emit(f"\n{name.replace('_', ' ')}")
        for line in grid(rows):
            emit(line)
    if counts is not None:
        emit("\nconfusion")
        for line in matrix.lines(counts["labels"], counts["counts"]):
            emit(line)
