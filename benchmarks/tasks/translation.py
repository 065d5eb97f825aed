"""Translations of a test set: BLEU and chrF, and the attention of ten of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import recur
from recur.atomic import write_text
from recur.errors import ConfigError, require
from recur.evaluation.translation import score, write_all
from recur.heads import Prediction

BEAM = 5
SHOWN = 10


def report(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[str]]:
    """Translate the test rows once with a beam, score them, and draw ten with their alignments.

    Parameters
    ----------
    run : Path
        A run folder of many-to-many between two texts, whose configuration names a test file.
    data_folder : Path
        Not needed.
    out : Path
        Where ``translations.txt``, every answer beside the truth, and ``alignments.png`` go.

    Returns
    -------
    dict
        BLEU and chrF with their signatures, the beam, and the files written.

    Raises
    ------
    ConfigError
        When the run has no test file.
    """
    from recur import data

    del data_folder
    model = recur.load(run)
    if model.config.data.test is None:
        raise ConfigError(f"{run} names no test file", hint='test = "FILE" below [data]')
    table = data.read_like(model.config.data.test, model.roles, model.config)
    rows = data.examples(table, model.roles, model.config)
    answers = write_all(model.mode, rows, beam=BEAM)
    figures: dict[str, Any] = score(
        [str(answer.value) for answer in answers], [str(row.target) for row in rows], lower=model.config.data.text.lower
    )
    lines = []
    for row, answer in zip(rows, answers, strict=True):
        lines += [f"source  {row.input}", f"truth   {row.target}", f"guess   {answer.value}", ""]
    write_text(out / "translations.txt", "\n".join(lines))
    # rows spread over the test set, not picked
    places = np.linspace(0, len(rows) - 1, SHOWN).astype(int)
    chosen = [(str(rows[place].input), answers[place]) for place in places]
    write_text(out / "alignments.txt", "\n".join(line for pair in chosen for line in [*in_words(model, *pair), ""]))
    draw(model, chosen, out / "alignments.png")
    return {**figures, "beam": BEAM, "files": ["translations.txt", "alignments.txt", "alignments.png"]}


def in_words(model: recur.Model, source: str, answer: Prediction) -> list[str]:
    """A translation, and for each of its pieces the piece of the source with the largest attention weight."""
    read, written = pieces(model, source, answer)
    said = [f"source  {source}", f"guess   {answer.value}"]
    if answer.alignment is None:
        return said
    return said + [
        f"        {piece!r:<16} <- {read[int(row.argmax())]!r} ({row.max():.2f})"
        for piece, row in zip(written, answer.alignment, strict=True)
    ]


def pieces(model: recur.Model, source: str, answer: Prediction) -> tuple[list[str], list[str]]:
    """The symbols that were read and written, the end of the answer among them, as they can be shown."""
    shape = (0, 0) if answer.alignment is None else answer.alignment.shape
    found = []
    for codec, text, steps in (
        (model.input_codec, source, shape[1]),
        (model.target_codec, str(answer.value), shape[0]),
    ):
        split: list[str] = codec.tokens(text)  # type: ignore[union-attr]  # every text codec has it
        # a text may be spelled in other symbols than those that were written
        found.append([*split, "(end)"][:steps] if steps - len(split) in (0, 1) else [str(n) for n in range(steps)])
    return found[0], found[1]


def draw(model: recur.Model, chosen: Sequence[tuple[str, Prediction]], file: Path) -> None:
    """Draw the attention of some translations in one picture.

    Raises
    ------
    ConfigError
        Without the extra ``plot``.
    """
    figures = require("matplotlib.figure", "plot")
    figure = figures.Figure(figsize=(18, 7.5 * -(-len(chosen) // 2)), layout="constrained")
    for place, (source, answer) in enumerate(chosen, 1):
        if answer.alignment is None:
            continue
        read, written = pieces(model, source, answer)
        axes = figure.add_subplot(-(-len(chosen) // 2), 2, place)
        axes.imshow(answer.alignment, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(read)), read, rotation=90)
        axes.set_yticks(range(len(written)), written)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=80)
