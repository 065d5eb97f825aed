"""A confusion matrix, for the terminal and as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recur.atomic import write_bytes
from recur.errors import require
from recur.printable import printable
from recur.views.picture import escape_math

_LONGEST = 12
_SMALL = 10  # classes that fit into the smallest picture


def lines(labels: Sequence[Any], counts: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield the rows of a matrix: true labels from top to bottom, predicted ones from left to right.

    Columns are numbered, so that many classes fit; each label has its number before its name.

    >>> print("\\n".join(lines(["bad", "good"], [[3, 1], [0, 4]])))
    true \\ guessed  1  2
    1 bad           3  1
    2 good          .  4
    """
    names = [f"{place} {printable(str(label))[:_LONGEST]}" for place, label in enumerate(labels, 1)]
    corner = "true \\ guessed"
    wide = max(len(corner), *map(len, names))
    cell = max(len(str(len(names))), *(len(str(count)) for row in counts for count in row))
    yield f"{corner:<{wide}}" + "".join(f"  {place:>{cell}}" for place in range(1, len(names) + 1))
    for name, row in zip(names, counts, strict=True):
        yield f"{name:<{wide}}" + "".join(f"  {count or '.':>{cell}}" for count in row)


def picture(labels: Sequence[Any], counts: Sequence[Sequence[int]], path: Path) -> None:
    """Draw a matrix as a PNG: the shade is the share of a true class, the number the count.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    size = max(4.0, 4.0 * len(labels) / _SMALL)
    figure = require("matplotlib.figure", "plot").Figure(figsize=(size + 1.5, size + 1.0), layout="constrained")
    axes = figure.subplots()
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    names = [escape_math(label) for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("guessed")
    axes.set_ylabel("true")
    for down, row in enumerate(counts):
        for across, count in enumerate(row):
            if count:
                shade = "white" if shares[down][across] > 0.5 else "black"
                axes.text(across, down, str(count), ha="center", va="center", color=shade, fontsize=7)
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_bytes(Path(path), content.getvalue())
