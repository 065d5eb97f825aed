"""Images: a picture as one value, as the sequence of its rows, or as the sequence of its pixels."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.bounds import within
from recur.codecs.codec import Codec
from recur.codecs.files import field
from recur.codecs.pictures import are_axes, decode_picture, name_of, pixels_of, read_picture
from recur.codecs.plain_text import shorten
from recur.codecs.request_files import decode_data_url, pixel_values
from recur.codecs.scale import Scale
from recur.codecs.traits import FileTraits
from recur.config import DataConfig
from recur.errors import DataError, RunError

STEPS = ("whole", "rows", "pixels")
DARK = 128  # of 255: pictures whose mean is below it are light on dark


_SENT = 400_000_000  # bytes of memory while a picture of a request is decoded: 25 million pixels


def sent_picture(codec: Codec, value: Any) -> np.ndarray:
    """Return the picture that a request carries, (H, W, C) uint8.

    Raises
    ------
    DataError
        When it is none, or too large.
    """
    if not isinstance(value, str):
        return pixel_values(codec, value)
    with within(bytes=_SENT):
        return decode_picture(io.BytesIO(decode_data_url(codec, value)), "the picture")


class ImagesCodec(Codec):
    """Pictures of one size, each channel of mean 0 and deviation 1 over the training pictures.

    ==========  =====================  ===================================
    steps       encode(value)          read by
    ==========  =====================  ===================================
    ``whole``   (H, W, C) float32      convolutions (one-to-one, one-to-many)
    ``rows``    (H, W*C) float32       a recurrence, from top to bottom
    ``pixels``  (H*W, C) float32       a recurrence, row after row
    ==========  =====================  ===================================

    A raw value is the path of a picture, an array of uint8, (H, W) or (H, W, C), or a PIL image. Files are read when
    they are requested, and what they hold is kept in memory within a bound.

    Parameters
    ----------
    size : int, list of int or None
        Side of a square, or height and width, to scale and crop to; None: what all training pictures have.
    color : str
        ``gray``, ``rgb``, or ``auto``: gray where all training pictures are.
    steps : str
        ``whole``, ``rows`` or ``pixels``.

    Examples
    --------
    >>> codec = ImagesCodec(steps="rows").fit([np.eye(4, dtype=np.uint8) * 255])
    >>> codec.encode(np.zeros((4, 4), np.uint8)).shape, codec.describe()
    ((4, 4), 'images: 4 x 4, gray, row by row (4 steps of 4)')
    """

    kind = "images"
    medium = "image"
    discrete = False
    fits_in_cell = True
    file = FileTraits('"data:image/png;base64,..." or rows of numbers from 0 to 255', pictures=True)
    steps_option = "--image-steps"

    def __init__(
        self, *, size: int | list[int] | tuple[int, int] | None = None, color: str = "auto", steps: str = "whole"
    ) -> None:
        if steps not in STEPS:
            raise DataError(f"a picture cannot be read by {steps!r}", hint=f"one of {', '.join(STEPS)}")
        self.steps = steps
        self.sequence = steps != "whole"
        self.option_groups = frozenset({"image"} if self.sequence else {"image", "picture"})
        self.scale = Scale(size, color)
        self.size = 0

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> ImagesCodec:
        return cls(size=data.images.size, color=data.images.color, steps=data.images.steps)

    def fit(self, values: Iterable[Any]) -> ImagesCodec:
        """Determine size and colour of the pictures, and measure mean and deviation of their channels."""
        self.scale.measure(values)
        return self._settle()

    def _settle(self) -> ImagesCodec:
        height, width, channels = self.scale.grid
        self.grid = (height, width, channels) if self.steps == "whole" else None
        self.size = width * channels if self.steps == "rows" else channels
        return self

    def encode(self, value: Any) -> np.ndarray:
        """Return the standardised picture: (H, W, C), (H, W*C) or (H*W, C) float32."""
        array = self.scale.standardised(self.scale.read(value))
        return array if self.steps == "whole" else array.reshape(-1, self.size)

    def decode(self, array: Any) -> np.ndarray:
        """Return the picture of an array that `encode` made, (H, W, C) uint8."""
        height, width, channels = self.scale.grid
        values = np.asarray(array)
        if values.size != height * width * channels:
            raise DataError(f"expected {height * width * channels} numbers ({self.describe()}), got {values.size}")
        return self.scale.restored(values.reshape(height, width, channels))

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        return self.scale.for_columns(1 if self.grid is not None else self.size // max(1, self.scale.channels))

    def from_json(self, value: Any) -> Any:
        return sent_picture(self, value)

    def content_key(self, value: Any) -> Any:
        return pixels_of(value, self.scale.size)

    def is_one_value(self, value: Any) -> bool:
        return are_axes(value, 2)

    def check_file(self, value: Any) -> None:
        """Read a picture at the size of this codec."""
        read_picture(value, self.scale.size)

    def show(self, value: Any, width: int = 72) -> str:
        """Return the file's name, or the size of an array."""
        if isinstance(value, np.ndarray):
            return shorten(f"a picture of {' x '.join(map(str, value.shape[:2]))}", width)
        return shorten(name_of(value), width)

    def typed_form(self) -> dict[str, Any] | None:
        height, width, channels = self.scale.grid
        return {
            "kind": "images", "height": height, "width": width, "channels": channels, "steps": self.steps,
            "dark": bool(np.mean(self.scale.mean) < DARK),
        }  # fmt: skip

    def describe(self) -> str:
        """Return size, colour and how a picture is read."""
        height, width, _ = self.scale.grid
        how = {
            "whole": "",
            "rows": f", row by row ({height} steps of {self.size})",
            "pixels": f", pixel by pixel ({height * width} steps)",
        }
        return f"images: {self.scale.describe()}{how[self.steps]}"

    def _state(self) -> dict[str, Any]:
        return {"steps": self.steps, **self.scale.state()}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> ImagesCodec:
        steps = field(state, "steps", str, path)
        if steps not in STEPS:
            raise RunError(f'{path} is damaged: "steps" is {steps!r}')
        codec = cls(steps=steps)
        codec.scale = Scale.restore(state, path)
        return codec._settle()
