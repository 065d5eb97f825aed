"""Captions of pictures judged by BLEU against several references, beside the simplest ways of writing them.

BLEU is sacrebleu's, over a whole corpus, of orders 1 to n, without smoothing, on lower-case words without signs, as
captions are usually judged (Papineni et al. 2002; Hodosh et al. 2013).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recur.errors import require
from recur.modes.one_to_many import OneToMany

ORDERS = (1, 2, 3, 4)
CANDIDATES = 150

References = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Bleu:
    """BLEU-1 to BLEU-4, in per cent, and how they were counted."""

    values: dict[int, float]
    signature: str


def words(caption: str) -> str:
    """Return a caption in lower case, without punctuation."""
    return " ".join(word for word in caption.lower().split() if any(map(str.isalnum, word)))


class Judge:
    """BLEU against the reference captions of pictures, whose n-grams are counted once.

    Parameters
    ----------
    references : mapping
        Picture to its captions; not necessarily as many of each.
    """

    def __init__(self, references: References) -> None:
        self.pictures = list(references)
        most = max(map(len, references.values()))
        self._streams = [
            [words(each[place]) if place < len(each) else None for each in references.values()] for place in range(most)
        ]
        self._metrics: dict[int, Any] = {}

    def score(self, written: Mapping[str, str], order: int) -> float:
        """Return BLEU of orders 1 to ``order``, in per cent, of one caption per picture."""
        hypotheses = [words(written[picture]) for picture in self.pictures]
        return float(self._metric(order).corpus_score(hypotheses, None).score)

    def signature(self, order: int) -> str:
        """Return sacrebleu's own words for how it counted."""
        return str(self._metric(order).get_signature())

    def _metric(self, order: int) -> Any:
        if order not in self._metrics:
            self._metrics[order] = require("sacrebleu.metrics", "mt").BLEU(
                max_ngram_order=order, tokenize="none", smooth_method="none", force=True, references=self._streams
            )
        return self._metrics[order]


def bleu(written: Mapping[str, str], references: References) -> Bleu:
    """Evaluate one caption per picture against all of its references, by BLEU-1 to BLEU-4.

    Parameters
    ----------
    written : mapping
        Picture to caption.
    references : mapping
        Picture to its captions, of the same pictures.
    """
    judge = Judge(references)
    values = {order: judge.score(written, order) for order in ORDERS}
    return Bleu(values, judge.signature(ORDERS[-1]))


def best_constant(references: References, order: int) -> str:
    """Return the one caption that is best for all pictures: of all that people wrote, by BLEU on these references.

    Only the captions whose word pairs are in most pictures' captions are judged, the first hundred and fifty of them.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for captions in references.values():
        pairs.update({pair for caption in captions for pair in _pairs(caption)})
    candidates = sorted({words(caption) for captions in references.values() for caption in captions})
    shared = {caption: np.mean([pairs[pair] for pair in _pairs(caption)] or [0]) for caption in candidates}
    likely = sorted(candidates, key=lambda caption: -shared[caption])[:CANDIDATES]
    judge = Judge(references)
    scores = {caption: judge.score(dict.fromkeys(references, caption), order) for caption in likely}
    return max(scores, key=lambda caption: scores[caption])


def most_typical(captions: Sequence[str]) -> str:
    """Return the caption of a picture that agrees best with its others, by BLEU-2."""
    if len(captions) < 2:
        return captions[0]
    scores = []
    for place, caption in enumerate(captions):
        others = [*captions[:place], *captions[place + 1 :]]
        scores.append(Judge({"": others}).score({"": caption}, 2))
    return captions[int(np.argmax(scores))]


def nearest(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return for each row of (N, C) the row of (M, C) with the largest cosine."""
    first = of / np.maximum(np.linalg.norm(of, axis=1, keepdims=True), 1e-12)
    second = among / np.maximum(np.linalg.norm(among, axis=1, keepdims=True), 1e-12)
    found: np.ndarray = (first @ second.T).argmax(axis=1)
    return found


def pixels(model: Any, pictures: Sequence[str], side: int = 16) -> np.ndarray:
    """Return pictures as their standardised pixels, averaged down to a small square: (N, side * side * C)."""
    arrays = torch.from_numpy(np.stack([model.input_codec.encode(picture) for picture in pictures]))
    small = torch.nn.functional.adaptive_avg_pool2d(arrays.permute(0, 3, 1, 2), side)
    found: np.ndarray = small.flatten(1).numpy()
    return found


def features(model: Any, pictures: Sequence[str]) -> np.ndarray:
    """Return the vectors of pictures in a trained network: (N, X)."""
    mode: OneToMany = model.mode
    parts = []
    with mode.answering():
        for values, _, _ in mode.input_batches(list(pictures)):
            if mode.inputs is not None and values is not None:
                parts.append(mode.inputs(values).cpu().numpy())
    return np.concatenate(parts)


def contact_sheet(pictures: Sequence[str], texts: Sequence[str], columns: int = 5) -> bytes:
    """Return pictures with texts below them, on one page, as a PNG file."""
    import io
    import textwrap

    require("matplotlib", "plot").use("Agg")
    pyplot = require("matplotlib.pyplot", "plot")
    image = require("PIL.Image", "image")
    rows = -(-len(pictures) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(3.2 * columns, 3.6 * rows), squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, picture, text in zip(axes.flat, pictures, texts, strict=False):
        place.imshow(image.open(picture).convert("RGB"))
        lines = [line for part in text.splitlines() for line in textwrap.wrap(part, 38)]
        place.set_title("\n".join(lines), fontsize=8, y=-0.05, verticalalignment="top")
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    pyplot.close(figure)
    return buffer.getvalue()


def grouped(rows: Sequence[Mapping[str, Any]], folder: Path | None = None) -> dict[str, list[str]]:
    """Return the captions of each picture, from a table with one row per caption."""
    found: dict[str, list[str]] = {}
    for row in rows:
        picture = str(row["image"]) if folder is None else str(folder / str(row["image"]))
        found.setdefault(picture, []).append(str(row["caption"]))
    return found


def _pairs(caption: str) -> list[tuple[str, str]]:
    split = words(caption).split()
    return list(pairwise(split))
