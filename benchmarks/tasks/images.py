"""Rows and reports of the tasks on pictures."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import recur
from benchmarks.tasks.captions import (
    ORDERS,
    best_constant,
    bleu,
    contact_sheet,
    features,
    grouped,
    most_typical,
    nearest,
    pixels,
    words,
)
from recur.atomic import write_bytes, write_text
from recur.config import DataConfig
from recur.data import read

SHOWN = 10
BEAM = 5
# strengths of the length normalisation of the beam; the best is selected on the dev rows
PENALTIES = (0.6, 1.0, 1.5, 2.0)
_PARTS = {"train": "Flickr_8k.trainImages.txt", "dev": "Flickr_8k.devImages.txt", "test": "Flickr_8k.testImages.txt"}


def flickr8k(data_folder: Path, out: Path) -> None:
    """Write train.csv, dev.csv and test.csv, one row per caption of the available pictures, by the official split.

    Parameters
    ----------
    data_folder : Path
        Holds ``flickr8k``.
    out : Path
    """
    source = data_folder / "flickr8k"
    with (source / "captions_1000images.txt").open(encoding="utf-8", newline="") as file:
        captions = list(csv.DictReader(file))
    for part, name in _PARTS.items():
        members = set((source / name).read_text(encoding="utf-8").split())
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["image", "caption"])
        for row in captions:
            if row["image"] in members:
                writer.writerow([str((source / "images" / row["image"]).resolve()), row["caption"]])
        write_text(out / f"{part}.csv", table.getvalue())


def report(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[str]]:
    """Evaluate the captions of a trained network and of simple baselines on the test pictures.

    ``captions.png`` in ``out`` shows ten test pictures, evenly spread, with what was written and one reference.

    Parameters
    ----------
    run : Path
        The run folder.
    data_folder : Path
    out : Path
        What `flickr8k` wrote; the picture is added to it.

    Returns
    -------
    dict
        ``bleu_1`` ... ``bleu_4`` of the network, of the best constant caption and of the nearest training picture by
        pixels and by the network's own features, in per cent; ``margin_1`` and ``margin_4``, how far the network is
        above the best of these; ``constant_caption`` and ``one_caption_bleu_1`` ... ``_4`` of that one caption, the
        best by BLEU-4, where ``constant_bleu_1`` is of the caption that is best by BLEU-1 alone; the signature of
        BLEU; the captions shown.
    """
    del data_folder
    model = recur.load(run)
    penalty = best_penalty(model, out / "dev.csv")
    figures, written, references = judged(model, out, "test", penalty)
    pictures = list(references)
    step = max(1, len(pictures) // SHOWN)
    chosen = pictures[::step][:SHOWN]
    texts = [f"{written[picture]}\n({references[picture][0]})" for picture in chosen]
    write_bytes(out / "captions.png", contact_sheet(chosen, texts))
    shown = [f"{Path(picture).name}: {written[picture]}" for picture in chosen]
    return {**figures, "length_penalty": penalty, "captions": shown}


def best_penalty(model: recur.Model, dev: Path) -> float:
    """Return the strength of the length normalisation that gives the best BLEU-4 on the dev rows."""
    references = _references(dev)
    scores = {each: bleu(_written(model, list(references), each), references).values for each in PENALTIES}
    return max(PENALTIES, key=lambda each: (scores[each][4], scores[each][1]))


def judged(
    model: recur.Model, out: Path, part: str, penalty: float
) -> tuple[dict[str, float | str], dict[str, str], dict[str, list[str]]]:
    """Return the figures of a part of the rows, the captions written, and the references."""
    train, references = (_references(out / f"{name}.csv") for name in ("train", part))
    pictures, known = list(references), list(train)
    written = _written(model, pictures, penalty)
    typical = {picture: most_typical(captions) for picture, captions in train.items()}
    guesses = {"constant": {order: dict.fromkeys(pictures, best_constant(train, order)) for order in (1, 4)}}
    for name, view in (("pixels", pixels), ("features", features)):
        places = nearest(view(model, pictures), view(model, known))
        found = {picture: typical[known[place]] for picture, place in zip(pictures, places, strict=True)}
        guesses[f"nearest_{name}"] = dict.fromkeys((1, 4), found)
    own = bleu(written, references)
    figures: dict[str, float | str] = {f"bleu_{order}": own.values[order] for order in ORDERS}
    for name, by_order in guesses.items():
        for order, guess in by_order.items():
            figures[f"{name}_bleu_{order}"] = bleu(guess, references).values[order]
    for order in (1, 4):
        best = max(float(figures[f"{name}_bleu_{order}"]) for name in guesses)
        figures[f"margin_{order}"] = float(figures[f"bleu_{order}"]) - best
    figures["worst_margin"] = min(float(figures["margin_1"]), float(figures["margin_4"]))
    figures["constant_caption"] = next(iter(guesses["constant"][4].values()))
    for order, value in bleu(guesses["constant"][4], references).values.items():
        figures[f"one_caption_bleu_{order}"] = value
    figures["different_captions"] = float(len({words(each) for each in written.values()}))
    figures["signature"] = own.signature
    return figures, written, references


def _written(model: recur.Model, pictures: list[str], penalty: float) -> dict[str, str]:
    answers = model.predict(pictures, beam=BEAM, length_penalty=penalty)
    return {picture: str(answer.value) for picture, answer in zip(pictures, answers, strict=True)}


def _references(path: Path) -> dict[str, list[str]]:
    table = read(path, DataConfig())
    return grouped([table[index] for index in range(len(table))])
