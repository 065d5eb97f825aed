"""``recur inspect``: the explanation of an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from recur.cli.decoding import check_range
from recur.cli.inputs import input_reader, trained_on
from recur.cli.output import draw, emit, refuse_folders
from recur.cli.whole_numbers import Whole
from recur.errors import ConfigError, DataError
from recur.views.terminal import width

_THRESHOLD, _MATCHES = 0.3, 20


def inspect(
    run: Path,
    text: str | None = None,
    /,
    *,
    target: str | None = None,
    at: str | None = None,
    top: Annotated[Whole, Parameter(show_default=True)] = 5,
    window: Whole | None = None,
    units: Path | None = None,
    match: str | None = None,
    data: Path | None = None,
    threshold: Annotated[float, Parameter(show_default=True)] = _THRESHOLD,
    edges: Annotated[Literal["auto", "both", "before", "after", "none"], Parameter(show_default=True)] = "auto",
    layer: Whole | None = None,
    matches: Annotated[Whole, Parameter(show_default=True)] = _MATCHES,
    beside: list[Path] | None = None,
    html: Path | None = None,
    png: Path | None = None,
    json: bool = False,
) -> None:
    """Explain an answer of a network.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
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
        File in which to search for units that follow a simple property; they are shown over the input.
    match
        Range of the input, FROM:TO in steps counted from 1, or a piece of its text: find the ranges of a file in which
        the units that are on over it are on together.
    data
        File in which --match searches; default: the hold-out file of the run, or its training file.
    threshold
        Between 0 and 1: a unit is on where its state exceeds it, or is below its negative (--match).
    edges
        Where the units must be off beside the range: both, before, after, none; auto: the strictest that some unit
        meets (--match).
    layer
        Layer whose states are matched, counted from 1; default: the last (--match).
    matches
        Number of matches to show (--match).
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
    check_range("--matches", matches, 1, 10_000)
    check_range("--layer", layer, 1, 10_000)
    if not 0 < threshold < 1:
        raise ConfigError(f"--threshold must be between 0 and 1, got {threshold:g}", "--threshold 0.3")
    if match is None:
        if data is not None:
            raise ConfigError(
                "--data is the file in which --match searches, and there is no --match", '--match "a piece"'
            )
        _refuse_without_match(
            threshold=threshold != _THRESHOLD, edges=edges != "auto", layer=layer is not None,
            matches=matches != _MATCHES,
        )  # fmt: skip
    refuse_folders(html, png)
    import recur

    explanations = []
    for folder in (run, *(beside or ())):
        model = recur.load(folder)
        if text is None and model.input_codec is not None:
            raise DataError("no input to explain", f'recur inspect {run} "the clouds are in the"')
        value = None if text is None else input_reader(model.input_codec)(text)
        options: dict[str, Any] = {}
        if units is not None:
            options["corpus"], options["labels"] = model.passages(units)
        if match is not None:
            within, labels = model.passages(data or trained_on(model, folder))
            # what was asked for is the matches: the answer itself is not explained beside them
            options |= {
                "match": match, "within": within, "within_labels": labels, "threshold": threshold, "edges": edges,
                "layer": layer, "matches": matches, "parts": (),
            }  # fmt: skip
        explanations.append(model.inspect(value, target=target, at=at, top=top, window=window, **options))
    every = [one.data for one in explanations]
    from recur.views import picture, report

    wrote_files = draw(
        html=html, png=png, page=lambda: report.report(every), picture=lambda file: picture.picture(every, file)
    )
    if json:
        emit(explanations[0].json() if len(explanations) == 1 else f"[{','.join(one.json() for one in explanations)}]")
    elif not wrote_files:
        from recur.views.explained import explained

        for number, one in enumerate(every):
            if number:
                emit()
            if len(every) > 1:
                emit(f"{one['model']['name']}:")
            for line in explained(one, width()):
                emit(line, styled=True)


def _refuse_without_match(**given: bool) -> None:
    """Refuse options of --match where there is none: they would change nothing."""
    for name, value in given.items():
        if value:
            raise ConfigError(f"--{name} acts with --match alone, and there is no --match", '--match "a piece"')
