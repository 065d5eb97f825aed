"""``recur predict``: the target of new inputs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.cli.decoding import DecodingFlags
from recur.cli.output import emit, emit_json
from recur.errors import DataError
from recur.views.terminal import shares, width


def predict(
    run: Path,
    /,
    *text: str,
    file: Annotated[Path | None, Parameter(name=["--file", "-f"])] = None,
    stdin: Annotated[bool, Parameter(name="-")] = False,
    top: Annotated[int, Parameter(show_default=True)] = 1,
    beam: int | None = None,
    length_penalty: float | None = None,
    decoding: DecodingFlags | None = None,
    json: bool = False,
) -> None:
    """Predict the target of new inputs, one line of output for each.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    text
        Inputs, each in quotes.
    file
        File of inputs: one a line, or a table with the columns the network was trained on.
    stdin
        Read inputs from stdin, one a line.
    top
        How many candidates to show, with their probabilities.
    beam
        Answers followed at once, where a sequence is written.
    length_penalty
        How much a beam prefers longer answers; 0 compares plain probabilities.
    json
        Write one JSON document to stdout.
    """
    if (file is not None) + stdin + bool(text) > 1:
        raise DataError("inputs are given in more than one way", f'recur predict {run} "a text", or --file FILE, or -')
    import recur
    from recur.codecs import NumbersCodec

    model = recur.load(run)
    if file is None and not stdin and not text and model.input_codec is not None:
        raise DataError("nothing to predict", f'recur predict {run} "a text", or --file FILE, or - to read stdin')
    lines = [line.rstrip("\n") for line in sys.stdin] if stdin else list(text)
    inputs = model.read(file) if file is not None else lines
    if file is None and isinstance(model.input_codec, NumbersCodec):
        # typed numbers: those of one row, or the steps of one series
        inputs = [model.input_codec.typed(line) for line in lines]
    if model.input_codec is None and not inputs:
        inputs = [None]
    options = (decoding or DecodingFlags()).options(beam=beam, length_penalty=length_penalty)
    found = model.predict(inputs, top=top, **options)
    if json:
        answers = zip(inputs, found, strict=True)
        emit_json(
            [
                {"input": given, "value": one.value, "scores": one.scores}
                | ({"ranks": one.ranks} if one.ranks else {})
                | ({"quantiles": one.quantiles} if one.quantiles else {})
                for given, one in answers
            ]
        )
        return
    for one in found:
        emit(one.shown)
        if top > 1:
            for line in shares([(str(value), share) for value, share in one.scores[:top]], width()):
                emit(line, styled=True)
