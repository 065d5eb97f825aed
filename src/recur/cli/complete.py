"""``recur complete``: the candidates for the next word of a sentence, with their probabilities."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from recur.cli.decoding import check_range
from recur.cli.output import emit, emit_json, note
from recur.cli.play import play
from recur.cli.whole_numbers import Whole
from recur.errors import DataError
from recur.views.terminal import shares, width

if TYPE_CHECKING:
    from recur.model import Model

_LISTED = 10  # unknown words that are listed


def complete(
    run: Path,
    text: str | None = None,
    /,
    *,
    top: Annotated[Whole, Parameter(show_default=True)] = 5,
    interactive: bool = False,
    out: Path | None = None,
    length: Annotated[Whole, Parameter(show_default=True)] = 128,
    temperature: Annotated[float, Parameter(show_default=True)] = 1.0,
    seed: Whole | None = None,
    json: bool = False,
) -> None:
    """Predict the next word of a sentence, with probabilities; or continue a piece of notes.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
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
    check_range("--top", top, 1, 1_000_000)
    import recur

    model = recur.load(run)
    if out is not None:
        options = {"length": length, "temperature": temperature, "seed": seed}
        play(model, text or "", out, options, json=json)
        return
    if interactive:
        _prompt_loop(model, text or "", top)
        return
    candidates = model.complete(text or "", top=top)
    if json:
        listed = [{"word": one.word, "probability": one.probability} for one in candidates]
        emit_json({"text": text, "candidates": listed, "unknown": candidates.unknown})
        return
    _report_unknown(model, candidates.unknown)
    for line in shares([(one.word, one.probability) for one in candidates], width()):
        emit(line, styled=True)


def _report_unknown(model: Model, words: list[str]) -> None:
    """List the words that the network does not know."""
    if words:
        names = ", ".join(f'"{word}"' for word in words[:_LISTED]) + (", …" if len(words) > _LISTED else "")
        alike = "all are read as the same unknown word" if len(words) > 1 else "it is read as the unknown word"
        note(f"not in the vocabulary of {model.target_codec.size:,}: {names}; {alike}")


def _prompt_loop(model: Model, text: str, top: int) -> None:
    """Show candidates after every line typed, until the end of input."""
    from recur.continuation.completion import Completion

    note("type the beginning of a sentence; then a number chooses that word, an empty line starts again, Ctrl-D ends")
    while True:
        candidates = Completion([])
        if text:
            emit(text)
            candidates = model.complete(text, top=top)
            _report_unknown(model, candidates.unknown)
            for line in shares([(one.word, one.probability) for one in candidates], width(), numbered=True):
                emit(line, styled=True)
        print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            note("")
            return
        text = _continue_text(text, line.strip(), [one.word for one in candidates])


def _continue_text(text: str, line: str, words: list[str]) -> str:
    """Return the sentence after a line was typed: a number picks a word, other words are added, nothing clears.

    >>> _continue_text("the clouds are in the", "1", ["sky", "sea"])
    'the clouds are in the sky'
    """
    if not line:
        return ""
    if line.isdecimal() and words:
        if not 1 <= int(line) <= len(words):
            note(f"a number from 1 to {len(words)} chooses a word, got {line}")
            return text
        line = words[int(line) - 1]
    return f"{text} {line}".strip()
