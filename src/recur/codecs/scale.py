"""The common size, channels and normalisation of all pictures of a codec."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.column_scale import restore_scale
from recur.codecs.files import field
from recur.codecs.pictures import GRAY, RGB, in_channels, name_of, read_picture
from recur.errors import DataError, RunError

COLORS = ("auto", "gray", "rgb")


class Scale:
    """Scales pictures to one size and their channels to mean 0 and deviation 1: ``x' = (x - mean) / deviation``.

    Parameters
    ----------
    size : int, list of int or None
        Side of a square, or height and width; None for the common size of all pictures.
    color : str
        ``gray``, ``rgb``, or ``auto``: gray where all pictures are.

    Attributes
    ----------
    grid : (int, int, int)
        Height, width and channels; zeros before `measure`.
    mean, deviation : ndarray
        (C,) of the values 0 ... 255.
    """

    def __init__(self, size: int | list[int] | tuple[int, int] | None, color: str) -> None:
        if color not in COLORS:
            raise DataError(f"there is no color {color!r}", hint=f"one of {', '.join(COLORS)}")
        sides = [size] if isinstance(size, int) else list(size or [])
        self.size: tuple[int, int] | None = (sides[0], sides[-1]) if sides else None
        self.color = color
        self.channels = 0
        self.mean = np.zeros(0)
        self.deviation = np.ones(0)

    @property
    def grid(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        height, width = self.size or (0, 0)
        return height, width, self.channels

    def measure(self, pictures: Iterable[Any]) -> int:
        """Determine size and colour, measure mean and deviation; return the number of pictures.

        Raises
        ------
        DataError
            When there is none, or they have different sizes and none was requested.
        """
        number, colourful, first, requested = 0, False, "", self.size
        # counts of each of the 256 values in each channel: mean and variance follow exactly
        counts = np.zeros((RGB, 256), np.int64)
        for value in pictures:
            array = read_picture(value, requested)
            if self.size is None:
                self.size, first = (array.shape[0], array.shape[1]), name_of(value)
            elif array.shape[:2] != self.size:
                raise self._different(array, name_of(value), first)
            number += 1
            colourful |= array.shape[2] == RGB
            if self.color == "gray":
                array = in_channels(array, GRAY)
            if array.shape[2] == GRAY:
                counts += np.bincount(array.reshape(-1), minlength=256)
            else:
                counts += np.stack(
                    [np.bincount(plane.reshape(-1), minlength=256) for plane in np.moveaxis(array, 2, 0)]
                )
        if not number:
            raise DataError("there are no pictures to compute a scale from", hint="give at least one")
        self.channels = GRAY if self.color == "gray" or (self.color == "auto" and not colourful) else RGB
        shares = counts[: self.channels] / counts[: self.channels].sum(axis=1, keepdims=True)
        values = np.arange(256.0)
        self.mean = shares @ values
        variance = np.maximum(shares @ values**2 - self.mean**2, 0.0)
        # the deviation of a constant channel is 0, so it is not scaled
        self.deviation = np.where(variance > 1e-9, np.sqrt(variance), 1.0)
        return number

    def read(self, value: Any) -> np.ndarray:
        """Return a picture at this size and in these channels, (H, W, C) uint8.

        Raises
        ------
        DataError
            When it cannot be read, or nothing was measured yet.
        """
        if not self.channels:
            raise DataError("the codec knows no pictures yet", hint="call fit(pictures) first")
        return in_channels(read_picture(value, self.size), self.channels)

    def standardised(self, pictures: np.ndarray) -> np.ndarray:
        """Return (..., C) uint8 as (..., C) float32 of mean 0 and deviation 1."""
        factor, shift = (1.0 / self.deviation).astype(np.float32), (self.mean / self.deviation).astype(np.float32)
        scaled: np.ndarray = pictures.astype(np.float32) * factor - shift
        return scaled

    def restored(self, array: np.ndarray) -> np.ndarray:
        """Return (..., C) standardised numbers as (..., C) uint8."""
        values = np.asarray(array, np.float64) * self.deviation + self.mean
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    def for_columns(self, times: int) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation of the channels, repeated ``times`` times: for columns that are pixels."""
        return np.tile(self.mean.astype(np.float32), times), np.tile(self.deviation.astype(np.float32), times)

    def describe(self) -> str:
        """Return size and colour, such as ``28 x 28, gray``."""
        height, width, channels = self.grid
        return f"{height} x {width}, {'gray' if channels == GRAY else 'rgb'}"

    def state(self) -> dict[str, Any]:
        """Return the state to save, as JSON."""
        return {
            "grid": list(self.grid), "color": self.color, "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
        }  # fmt: skip

    @classmethod
    def restore(cls, state: dict[str, Any], path: Path) -> Scale:
        """Return the scale of a state read from ``path``.

        Raises
        ------
        RunError
            When the state is damaged.
        """
        grid, color = field(state, "grid", list, path), field(state, "color", str, path)
        sides = len(grid) == 3 and all(isinstance(each, int) and each > 0 for each in grid)
        if not sides or grid[2] not in (GRAY, RGB) or color not in COLORS:
            raise RunError(f'{path} is damaged: "grid" should be height, width and 1 or 3 channels, found {grid}')
        scale = cls((grid[0], grid[1]), color)
        scale.channels = grid[2]
        scale.mean, scale.deviation = restore_scale(state, grid[2], path)
        return scale

    def _different(self, array: np.ndarray, name: str, first: str) -> DataError:
        height, width = self.size or (0, 0)
        return DataError(
            f"the pictures have different sizes: {first} is {height} x {width}, {name} is {array.shape[0]} x "
            f"{array.shape[1]} (height x width)",
            hint="--image-size 64 scales and crops all of them to a square of that side",
        )
