"""Piano rolls: the keys that sound over time, in text and as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from recur.atomic import write_bytes
from recur.codecs.note_events import name_of
from recur.codecs.piano_roll import LOWEST
from recur.errors import require
from recur.views.picture import escape_math

_ON, _OFF = "█", "·"
_PLAIN_ON, _PLAIN_OFF = "#", "."
_MOST_PICTURE_STEPS = 4000


def lines(frames: np.ndarray, width: int = 100, *, opening: int = 0, plain: bool = False) -> Iterator[str]:
    """Yield a roll as text, the highest note first, one character per step; steps that do not fit are left out.

    Parameters
    ----------
    frames : ndarray
        (T, 88) of zeros and ones.
    width : int
        Columns to stay within.
    opening : int
        Steps that were given, after which a bar is drawn.
    plain : bool
        Use ASCII alone.

    Examples
    --------
    >>> roll = np.zeros((4, 88))
    >>> roll[:2, 39] = roll[2:, 43] = 1
    >>> print("\\n".join(lines(roll, plain=True)))
      E4 ..##
      C4 ##..
    """
    on, off = (_PLAIN_ON, _PLAIN_OFF) if plain else (_ON, _OFF)
    steps = frames[: max(1, width - 6)] > 0
    keys = np.flatnonzero(steps.any(axis=0))
    for key in keys[::-1].tolist():
        cells = "".join(on if sounds else off for sounds in steps[:, key].tolist())
        if 0 < opening < len(cells):
            cells = f"{cells[:opening]}|{cells[opening:]}"
        yield f"{name_of(key + LOWEST):>4} {cells}"


def write_png(frames: np.ndarray, path: Path | str, *, title: str = "", opening: int = 0, beat: int = 0) -> Path:
    """Draw a roll as a PNG file, atomically.

    Parameters
    ----------
    frames : ndarray
        (T, 88) of zeros and ones.
    path : path
    title : str
        Title of the picture.
    opening : int
        Steps that were given: they are drawn in another colour, before a line.
    beat : int
        Steps of a beat: the time is then in beats.

    Raises
    ------
    MissingExtraError
        Without matplotlib: ``pip install "recur-nn[plot]"``.
    """
    require("matplotlib", "plot")
    from matplotlib.figure import Figure

    sounding = frames[:_MOST_PICTURE_STEPS] > 0
    keys = np.flatnonzero(sounding.any(axis=0))
    low, high = (int(keys[0]), int(keys[-1])) if len(keys) else (39, 51)
    low, high = max(0, low - 2), min(frames.shape[1] - 1, high + 2)
    scale = beat or 1
    wide, tall = min(40.0, max(7.0, 2.0 + len(sounding) * 0.06)), max(2.6, 1.2 + 0.075 * (high - low))
    figure = Figure(figsize=(wide, tall), dpi=120)
    axes = figure.add_subplot()
    _bars(axes, sounding, opening, scale)
    for key in range(low, high + 1):
        if (key + LOWEST) % 12 in (1, 3, 6, 8, 10):
            axes.axhspan(key + LOWEST - 0.5, key + LOWEST + 0.5, color="#f0f0f0", zorder=0, linewidth=0)
    octaves = [pitch for pitch in range(low + LOWEST, high + LOWEST + 1) if pitch % 12 == 0]
    axes.set_yticks(octaves, [name_of(pitch) for pitch in octaves])
    axes.set_ylim(low + LOWEST - 0.5, high + LOWEST + 0.5)
    axes.set_xlim(0, max(1, len(sounding)) / scale)
    axes.set_xlabel("beats" if beat else "steps")
    axes.grid(axis="y", color="#d8d8d8", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if title:
        axes.set_title(escape_math(title), fontsize=11, loc="left")
    if 0 < opening < len(sounding):
        axes.axvline(opening / scale, color="#444444", linewidth=1.0, linestyle="--")
        axes.plot([], [], color=_GIVEN, linewidth=5, label="given")
        axes.plot([], [], color=_MADE, linewidth=5, label="continued by the network")
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.13), ncols=2, frameon=False, fontsize=9)
    figure.tight_layout()
    content = io.BytesIO()
    figure.savefig(content, format="png")
    target = Path(path)
    write_bytes(target, content.getvalue())
    return target


_GIVEN, _MADE = "#8a8f98", "#1f6fb4"


def _bars(axes: Any, sounding: np.ndarray, opening: int, scale: int) -> None:
    """Draw every note as a bar; a note that spans the end of the opening is split there."""
    for key in np.flatnonzero(sounding.any(axis=0)).tolist():
        column = sounding[:, key].astype(np.int8)
        change = np.diff(np.concatenate([[0], column, [0]]))
        for start, end in zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist(), strict=True):
            cuts = [start, opening, end] if start < opening < end else [start, end]
            for first, last in pairwise(cuts):
                color = _GIVEN if last <= opening else _MADE
                axes.broken_barh(
                    [(first / scale, (last - first) / scale)], (key + LOWEST - 0.4, 0.8), facecolors=color,
                    edgecolors="white", linewidth=0.4, zorder=2,
                )  # fmt: skip
