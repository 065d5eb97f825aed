"""The confusion matrix, and precision, recall and F1 of every class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recur.data import Example
from recur.errors import ConfigError, DataError
from recur.heads.known_targets import known_in
from recur.modes import Mode

ROWS = 512  # answered at once


def confusion(
    mode: Mode, examples: Sequence[Example], *, tell: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Answer rows and count which label was taken for which.

    ::

        precision = right / guessed     recall = right / true     F1 = 2 right / (guessed + true)

    Parameters
    ----------
    mode : Mode
        Its target is a class, or tags (each step counts).
    examples : sequence of Example
    tell : callable, optional
        Called with the share of the work that is done.

    Returns
    -------
    dict
        ``confusion``: ``labels`` and ``counts``, one row a true label, one column a guessed one; ``by_class``: rows
        with label, rows, precision, recall and f1; ``macro_f1``, the mean over labels that occur.

    Raises
    ------
    ConfigError
        When the target has no labels.
    """
    labels = mode.target_codec.labels
    if not labels:
        raise ConfigError(
            f"a confusion matrix is for classes and tags, and this model answers with {mode.target_codec.describe()}",
            hint="leave out --confusion",
        )
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for start in range(0, len(examples), ROWS):
        if tell is not None:
            tell(start / len(examples))
        part = [examples[index] for index in range(start, min(start + ROWS, len(examples)))]
        answers = mode.predict([example.input for example in part])
        for example, answer in zip(part, answers, strict=True):
            codec = mode.target_codec
            true, guessed = (
                np.atleast_1d(codec.encode_target(example.target)),
                np.atleast_1d(codec.encode(answer.value)),
            )
            if len(true) != len(guessed):
                raise DataError(
                    f"{example.where}: {len(true)} labels and {len(guessed)} answers: a sequence of another length is "
                    "written here, so steps cannot be compared",
                    hint="leave out --confusion",
                )
            known = known_in(true)
            np.add.at(counts, (true[known], guessed[known]), 1)
    rows = by_class(labels, counts)
    present = [row["f1"] for row in rows if row["rows"]]
    return {
        "macro_f1": float(np.mean(present)) if present else float("nan"),
        "by_class": rows,
        "confusion": {"labels": list(labels), "counts": counts.tolist()},
    }


def by_class(labels: Sequence[Any], counts: np.ndarray) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of every label; one that is never guessed has precision 0."""
    right, true, guessed = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return [
        {
            "label": str(label),
            "rows": int(true[place]),
            "precision": float(right[place] / max(1, guessed[place])),
            "recall": float(right[place] / max(1, true[place])),
            "f1": float(2 * right[place] / max(1, guessed[place] + true[place])),
        }
        for place, label in enumerate(labels)
    ]
