"""``recur generate``: write on from a prompt, as fast as the network thinks; text, or a piece of notes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from recur.cli.output import emit, emit_json
from recur.cli.play import play


def generate(
    run: Path,
    /,
    *,
    prompt: str = "",
    length: Annotated[int, Parameter(show_default=True)] = 200,
    temperature: Annotated[float, Parameter(show_default=True)] = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Write on from a prompt; the text appears as it is made.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    prompt
        How the text begins; of notes a .mid file or a line such as "C4 D4 E4/2".
    length
        Characters, words, subwords or steps of notes to write, as the network was trained.
    temperature
        Below 1 safer, above 1 bolder; 0 always takes the likeliest.
    top_k
        Choose among this many of the likeliest only.
    top_p
        Choose among the likeliest that together have this probability only.
    seed
        The same seed writes the same text.
    out
        Of notes: MIDI file to write, with a picture of the piano roll beside it.
    json
        Write one JSON document to stdout.
    """
    import recur

    model = recur.load(run)
    options: dict[str, Any] = {
        "length": length,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
    }
    if model.target_codec.kind == "notes" or out is not None:
        play(model, prompt, out, options, json=json)
        return
    if json:
        emit_json({"prompt": prompt, "text": model.generate(prompt, **options)})
        return
    pieces = model.generate(prompt, stream=True, **options)
    # a network that cannot write says so before anything of the text is out
    first = next(pieces, "")
    emit(prompt + first, end="")
    for piece in pieces:
        emit(piece, end="")
    emit()
