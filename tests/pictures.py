"""Small pictures and videos that tests write themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Random uint8 of a shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def square(place: int, side: int = 12) -> np.ndarray:
    """A picture (side, side) of a bright square in one of four corners, on noise."""
    picture = noise(side, side, seed=place) // 4
    half = side // 2
    top, left = (place % 4) // 2 * half, place % 2 * half
    picture[top + 1 : top + half - 1, left + 1 : left + half - 1] = 255
    return picture


def write_picture(path: Path, array: np.ndarray) -> Path:
    """Write (H, W) or (H, W, 3) uint8 in the format that the name says."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def write_video(path: Path, frames: Sequence[np.ndarray], rate: int = 10) -> Path:
    """Write frames (H, W, 3) uint8 without loss, in a Matroska file."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path
