"""The frames of a sound as a picture: time to the right, bands (or coefficients) upwards."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from recur.atomic import write_bytes
from recur.errors import require
from recur.views.picture import escape_math


def write_png(
    frames: np.ndarray, path: Path | str, *, hop_ms: float, title: str = "", bands: list[float] | None = None
) -> Path:
    """Draw frames as a PNG file, atomically.

    Parameters
    ----------
    frames : ndarray
        (T, C), before they are standardised.
    path : path
    hop_ms : float
        Milliseconds between two frames.
    title : str
        Title of the picture.
    bands : list of float, optional
        Middle of each mel band in hertz, for the scale; without it columns are numbered.

    Raises
    ------
    MissingExtraError
        Without matplotlib: ``pip install "recur-nn[plot]"``.
    """
    require("matplotlib", "plot")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(min(16.0, max(4.5, 2.5 + len(frames) * 0.03)), 3.2), dpi=120)
    axes = figure.add_subplot()
    columns = frames.shape[1]
    picture = axes.imshow(
        frames.T, origin="lower", aspect="auto", cmap="magma", interpolation="nearest",
        extent=(0.0, len(frames) * hop_ms / 1000, -0.5, columns - 0.5),
    )  # fmt: skip
    axes.set_xlabel("seconds")
    if bands is None:
        axes.set_ylabel("column")
    else:
        places = np.unique(np.linspace(0, columns - 1, min(6, columns)).round().astype(int)).tolist()
        axes.set_yticks(places, [f"{bands[place]:,.0f}" for place in places])
        axes.set_ylabel("Hz")
    if title:
        axes.set_title(escape_math(title), fontsize=10, loc="left")
    figure.colorbar(picture, ax=axes, pad=0.02)
    figure.tight_layout()
    content = io.BytesIO()
    figure.savefig(content, format="png")
    target = Path(path)
    write_bytes(target, content.getvalue())
    return target
