"""``recur inspect``: the explanation of an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.cli.decoding import check_range
from recur.cli.inputs import input_reader
from recur.cli.output import draw, emit, refuse_folders
from recur.errors import DataError
from recur.views.terminal import width


def inspect(
    run: Path,
    text: str | None = None,
    /,
    *,
    target: str | None = None,
    at: str | None = None,
    top: Annotated[int, Parameter(show_default=True)] = 5,
    window: int | None = None,
    units: Path | None = None,
    beside: list[Path] | None = None,
    html: Path | None = None,
    png: Path | None = None,
    json: bool = False,
) -> None:
    """Explain an answer of a network.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    text
        One input, in quotes; the numbers of a row or the steps of a series are separated by spaces or commas.
    target
        Word, class or tag to explain; default: the network's own answer.
    at
        Which step of a sequence of answers to explain: its number, counted from 1, or its item.
    top
        Number of candidates to show.
    window
        Steps of truncated BPTT; default: all steps.
    units
        File in which to search for units that follow a simple pattern; they are shown over the input.
    beside
        Another run folder to explain the same input, drawn on the same axes; may be repeated.
    html
        Write one HTML file that works offline.
    png
        Write a PNG picture; requires recur-nn[plot].
    json
        Write one JSON document to stdout.
    """
    check_range("--top", top, 1, 1_000_000)
    check_range("--window", window, 1, 10**9)
    refuse_folders(html, png)
    import recur

    explanations = []
    for folder in (run, *(beside or ())):
        model = recur.load(folder)
        if text is None and model.input_codec is not None:
            raise DataError("no input to explain", f'recur inspect {run} "the clouds are in the"')
        value = None if text is None else input_reader(model.input_codec)(text)
        corpus = None if units is None else model.read(units)
        explanations.append(model.inspect(value, target=target, at=at, top=top, window=window, corpus=corpus))
    data = [one.data for one in explanations]
    from recur.views import picture, report

    wrote_files = draw(
        html=html, png=png, page=lambda: report.report(data), picture=lambda file: picture.picture(data, file)
    )
    if json:
        emit(explanations[0].json() if len(explanations) == 1 else f"[{','.join(one.json() for one in explanations)}]")
    elif not wrote_files:
        from recur.views.explained import explained

        for number, one in enumerate(data):
            if number:
                emit()
            if len(data) > 1:
                emit(f"{one['model']['name']}:")
            for line in explained(one, width()):
                emit(line, styled=True)
