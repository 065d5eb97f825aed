"""``recur complete``: the candidates for the next word of a sentence, with their probabilities."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from recur.cli.decoding import between
from recur.cli.output import emit, emit_json, note
from recur.cli.play import play
from recur.errors import DataError
from recur.views.terminal import shares, width

if TYPE_CHECKING:
    from recur.model import Model

_NAMED = 10  # unknown words that are named


def complete(
    run: Path,
    text: str | None = None,
    /,
    *,
    top: Annotated[int, Parameter(show_default=True)] = 5,
    interactive: bool = False,
    out: Path | None = None,
    length: Annotated[int, Parameter(show_default=True)] = 128,
    temperature: Annotated[float, Parameter(show_default=True)] = 1.0,
    seed: int | None = None,
    json: bool = False,
) -> None:
    """Predict the next word of a sentence, with probabilities; or continue a piece of notes.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    text
        The beginning of a sentence, in quotes; for notes, a .mid file or a line such as "C4 D4 E4/2".
    top
        Number of words or notes to show.
    interactive
        Type a text, choose a candidate by its number, and continue.
    out
        For notes: continue the prompt and write the piece to this MIDI file, with a PNG picture of its piano roll.
    length
        With --out: number of steps to add.
    temperature
        With --out: below 1 less random, above 1 more random; 0 always takes the most probable.
    seed
        With --out: seed; the same seed gives the same notes.
    json
        Write one JSON document to stdout.
    """
    if text is None and not interactive:
        raise DataError(
            "no sentence to complete", f'recur complete {run} "the clouds are in the", or --interactive to type'
        )
    if interactive and json:
        raise DataError("--interactive and --json exclude each other", "leave one of them out")
    between("--top", top, 1, 1_000_000)
    import recur

    model = recur.load(run)
    if out is not None:
        options = {"length": length, "temperature": temperature, "seed": seed}
        play(model, text or "", out, options, json=json)
        return
    if interactive:
        _converse(model, text or "", top)
        return
    found = model.complete(text or "", top=top)
    if json:
        listed = [{"word": one.word, "probability": one.probability} for one in found]
        emit_json({"text": text, "candidates": listed, "unknown": found.unknown})
        return
    _say_unknown(model, found.unknown)
    for line in shares([(one.word, one.probability) for one in found], width()):
        emit(line, styled=True)


def _say_unknown(model: Model, words: list[str]) -> None:
    """Name the words that the network does not know."""
    if words:
        named = ", ".join(f'"{word}"' for word in words[:_NAMED]) + (", …" if len(words) > _NAMED else "")
        alike = "all are read as the same unknown word" if len(words) > 1 else "it is read as the unknown word"
        note(f"not in the vocabulary of {model.target_codec.size:,}: {named}; {alike}")


def _converse(model: Model, text: str, top: int) -> None:
    """Show candidates after every line typed, until the end of input."""
    from recur.continuation.completion import Completion

    note("type the beginning of a sentence; then a number chooses that word, an empty line starts again, Ctrl-D ends")
    while True:
        found = Completion([])
        if text:
            emit(text)
            found = model.complete(text, top=top)
            _say_unknown(model, found.unknown)
            for line in shares([(one.word, one.probability) for one in found], width(), numbered=True):
                emit(line, styled=True)
        print("> ", end="", file=sys.stderr, flush=True)
        typed = sys.stdin.readline()
        if not typed:
            note("")
            return
        text = _continued(text, typed.strip(), [one.word for one in found])


def _continued(text: str, typed: str, words: list[str]) -> str:
    """Return the sentence after a line was typed: a number picks a word, other words are added, nothing clears.

    >>> _continued("the clouds are in the", "1", ["sky", "sea"])
    'the clouds are in the sky'
    """
    if not typed:
        return ""
    if typed.isdecimal() and words:
        if not 1 <= int(typed) <= len(words):
            note(f"a number from 1 to {len(words)} chooses a word, got {typed}")
            return text
        typed = words[int(typed) - 1]
    return f"{text} {typed}".strip()
