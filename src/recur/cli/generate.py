"""``recur generate``: continue a prompt, a text or a piece of notes, as a stream."""

from __future__ import annotations

from pathlib import Path

from recur.cli.decoding import DecodingFlags
from recur.cli.inputs import input_reader
from recur.cli.output import emit, emit_json
from recur.cli.play import play


def generate(
    run: Path,
    /,
    *,
    prompt: str = "",
    decoding: DecodingFlags | None = None,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Continue a prompt, or generate the answer to an input; the text appears as it is generated.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
    prompt
        Beginning of the text; the input, if input and target differ; for notes, a .mid file or "C4 D4 E4/2".
    out
        For notes: MIDI file to write, with a PNG picture of its piano roll.
    json
        Write one JSON document to stdout.
    """
    import recur

    model = recur.load(run)
    options = (decoding or DecodingFlags()).options()
    if model.target_codec.playable or out is not None:
        play(model, prompt, out, options, json=json)
        return
    value = input_reader(model.input_codec)(prompt)
    if json:
        emit_json({"prompt": prompt, "text": model.generate(value, **options)})
        return
    pieces = iter(model.generate(value, stream=True, **options))
    # pieces of a text bring their own spaces; tags and numbers do not
    gap = "" if model.target_codec.text else " "
    # a network that cannot write says so before anything of the text is out
    first = next(pieces, "")
    opening = prompt + gap if model.mode.abilities.continues and prompt else ""
    emit(f"{opening}{first}", end="")
    for piece in pieces:
        emit(f"{gap}{piece}", end="")
    emit()
