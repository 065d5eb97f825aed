"""Frames: a video, or a folder or a list of pictures, as a sequence of pictures."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.array_cache import ArrayCache
from recur.codecs.bounds import SKIP, check_memory, check_steps, within
from recur.codecs.codec import Codec
from recur.codecs.files import field
from recur.codecs.images import sent_picture
from recur.codecs.pictures import (
    are_axes,
    is_picture,
    name_of,
    picture_key,
    pixels_of,
    read_picture,
    scale_and_crop,
)
from recur.codecs.plain_text import shorten
from recur.codecs.reading import reading
from recur.codecs.request_files import as_file, decode_data_url, pixel_values
from recur.codecs.scale import Scale
from recur.codecs.traits import FileTraits
from recur.config import DataConfig
from recur.errors import DamagedError, DataError, require

VIDEOS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv"})

_cache = ArrayCache()
_MILLISECOND = 1e-3
_DIGITS = re.compile(r"(\d+)")
# of a video in a request: bytes of memory while it is decoded, 2,000 frames of 224 x 224
_SENT, _SENT_FRAMES = 700_000_000, 2_000
_PIXEL = 8  # bytes of a pixel of one frame while it is converted
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpeg,mpegvideo,mpegts,m4v,asf,flv,ogg"


class FramesCodec(Codec):
    """A video as its pictures, (T, H, W, C) float32, each channel of mean 0 and deviation 1 over the training frames.

    A raw value is the path of a video (read by PyAV, extra ``video``), the path of a folder of pictures, taken by
    name with numbers by their size, a list of pictures, or an array (T, H, W) or (T, H, W, C) of uint8.

    Parameters
    ----------
    size : int, list of int or None
        Side of a square, or height and width, to scale and crop to; None: what all training frames have.
    color : str
        ``gray``, ``rgb``, or ``auto``: gray where all training frames are.
    frame_rate : float, optional
        Frames per second to take of a video: at each multiple of 1 / frame_rate the picture that is on the screen.
        Pictures in folders and lists have no clock and are all taken.
    """

    kind = "frames"
    medium = "video"
    discrete = False
    sequence = True
    option_groups = frozenset({"video", "picture"})
    fits_in_cell = True
    file = FileTraits(
        '"data:video/mp4;base64,...", or a list of pictures, each "data:image/png;base64,..."',
        pictures=True,
        folders=True,
    )

    def __init__(
        self, *, size: int | list[int] | tuple[int, int] | None = None, color: str = "auto",
        frame_rate: float | None = None,
    ) -> None:  # fmt: skip
        self.frame_rate = None if frame_rate is None else float(frame_rate)
        self.scale = Scale(size, color)
        self.size = 0

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> FramesCodec:
        return cls(size=data.images.size, color=data.images.color, frame_rate=data.images.frame_rate)

    def fit(self, values: Iterable[Any]) -> FramesCodec:
        """Determine size and colour of the frames, and measure mean and deviation of their channels."""
        self.scale.measure(frame for value in values for frame in self.pictures(value))
        return self._settle()

    def _settle(self) -> FramesCodec:
        self.grid = self.scale.grid
        self.size = self.scale.channels
        return self

    def encode(self, value: Any) -> np.ndarray:
        """Return the standardised frames, (T, H, W, C) float32."""
        frames = []
        for frame in self.pictures(value):
            frames.append(self.scale.read(frame))
            # as uint8 and as float32, once more while they are scaled
            height, width, channels = self.scale.grid
            factors = ((len(frames), "frames or more"), (height, "rows"), (width, "columns"), (channels, "channels"))
            check_memory("the video", *factors, item=9, hint="fewer frames, or a smaller --image-size")
        stacked = np.stack(frames) if frames else np.zeros((0, *self.scale.grid), np.uint8)
        return self.scale.standardised(stacked)

    def decode(self, array: Any) -> np.ndarray:
        """Return the frames of an array that `encode` made, (T, H, W, C) uint8."""
        values = np.asarray(array)
        if values.shape[1:] != self.scale.grid:
            raise DataError(f"expected frames of shape (steps, *{self.scale.grid}), got {values.shape}")
        return self.scale.restored(values)

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        return self.scale.for_columns(1)

    def from_json(self, value: Any) -> Any:
        if isinstance(value, str):
            with (
                as_file(decode_data_url(self, value), ".mp4", "the video") as path,
                within(bytes=_SENT, steps=_SENT_FRAMES),
            ):
                # read within the block: the temporary file is removed after it
                return list(self.pictures(path))
        if isinstance(value, list) and value and isinstance(value[0], str):
            return [sent_picture(self, one) for one in value]
        return pixel_values(self, value)

    def content_key(self, value: Any) -> Any:
        """Return a digest of the bytes of a video file, or of each picture of a folder or a list."""
        if isinstance(value, (str, Path)) and Path(value).is_file():
            with Path(value).open("rb") as file:
                return hashlib.file_digest(file, "blake2b").hexdigest()
        return [pixels_of(frame, self.scale.size) for frame in self.pictures(value)]

    def is_one_value(self, value: Any) -> bool:
        return are_axes(value, 3)

    def check_file(self, value: Any) -> None:
        """Read all frames at the size of this codec."""
        for frame in self.pictures(value):
            read_picture(frame, self.scale.size)

    def show(self, value: Any, width: int = 72) -> str:
        """Return the file's name, or the number of frames."""
        if isinstance(value, (str, Path)):
            return shorten(name_of(value), width)
        return shorten(f"{len(value)} frames", width)

    def describe(self) -> str:
        """Return size, colour and frame rate."""
        rate = f", {self.frame_rate:g} per second" if self.frame_rate else ""
        return f"frames: {self.scale.describe()}{rate}"

    def pictures(self, value: Any) -> Iterator[Any]:
        """Yield the pictures of a value."""
        if isinstance(value, np.ndarray):
            if value.dtype != np.uint8 or value.ndim not in (3, 4):
                raise DataError(
                    f"expected frames of uint8, (steps, height, width) or with channels, found {value.dtype} of shape "
                    f"{value.shape}",
                    hint="of numbers from 0 to 1: (array * 255).round().astype('uint8')",
                )
            yield from value
        elif isinstance(value, (list, tuple)):
            yield from value
        elif isinstance(value, (str, Path)) and Path(value).is_dir():
            yield from frames_of_folder(Path(value))
        elif isinstance(value, (str, Path)):
            yield from read_video(Path(value), self.frame_rate, self.scale.size)
        else:
            raise DataError(
                f"expected frames, found {type(value).__name__}",
                hint="give the path of a video or of a folder of pictures, a list of pictures or an array",
            )

    def _state(self) -> dict[str, Any]:
        return {"frame_rate": self.frame_rate, **self.scale.state()}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> FramesCodec:
        rate = None if state.get("frame_rate") is None else field(state, "frame_rate", float, path)
        codec = cls(frame_rate=rate)
        codec.scale = Scale.restore(state, path)
        return codec._settle()


def frames_of_folder(folder: Path) -> list[Path]:
    """Return the pictures of a folder by name, numbers in the names by their size: frame2 before frame10.

    Raises
    ------
    DamagedError
        When there is none.
    """
    pictures = [path for path in folder.iterdir() if is_picture(path) and not path.name.startswith(".")]
    if not pictures:
        raise DamagedError(f"{folder} has no pictures in it", hint="name a folder of .png or .jpg files, or a video")
    # every second part consists of digits
    return sorted(pictures, key=lambda path: [int(p) if n % 2 else p for n, p in enumerate(_DIGITS.split(path.name))])


def read_video(path: Path, rate: float | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return the frames of a video, (T, H, W, C) uint8; gray where the video has no colour planes.

    Parameters
    ----------
    path : Path
    rate : float, optional
        Frames per second to take; None takes all.
    size : (int, int), optional
        Height and width to scale and crop to.

    Raises
    ------
    DamagedError
        When the file is missing, cut short or no video.
    MissingExtraError
        Without PyAV.
    """
    return _cache.get_or((picture_key(path), rate, size), lambda: _decode_video(path, rate, size))


class _Clock:
    """Resamples frames: at each multiple of 1 / rate it takes the frame that is on the screen.

    Containers keep times to the millisecond, so a frame that comes a millisecond late is in time.
    """

    def __init__(self, rate: float, path: Path) -> None:
        self.rate = rate
        self._path = path
        self._taken = 0
        self._start: float | None = None
        self._time = 0.0
        self._last: np.ndarray | None = None

    def passed(self, array: np.ndarray, time: float | None) -> list[np.ndarray]:
        """Show a frame from a time on; return the copies of the frame before it."""
        time = self._time if time is None else time
        self._start = time if self._start is None else self._start
        taken = self._until(time)
        self._last, self._time = array, time
        return taken

    def end(self, duration: float) -> list[np.ndarray]:
        """Return the copies of the last frame, which is shown for ``duration`` seconds."""
        taken = self._until(self._time + duration)
        # even the shortest video gives one frame
        return taken if self._taken or self._last is None else [self._last]

    def _until(self, time: float) -> list[np.ndarray]:
        if self._last is None:
            return []
        due = math.ceil((time - (self._start or 0.0) - _MILLISECOND) * self.rate)
        # the times in the file decide how often a frame is repeated, so the length is checked first
        _check_length(self._path, max(due, 1), self._last)
        taken = [self._last] * max(0, due - self._taken)
        self._taken += len(taken)
        return taken


def _decode_video(path: Path, rate: float | None, size: tuple[int, int] | None) -> np.ndarray:
    av = require("av", "video")
    frames: list[np.ndarray] = []
    hint = f"fix the file or leave it out; {SKIP}"
    with (
        reading(path, "video", libraries=("av",), faults=(av.FFmpegError,), hint=hint),
        # a playlist of another name would make FFmpeg open other files, or addresses
        av.open(
            str(path), container_options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        ) as container,
    ):
        if not container.streams.video:
            raise DamagedError(f"{path} is damaged or not a video (there is no stream of pictures)", hint=hint)
        stream = container.streams.video[0]
        clock = None if rate is None else _Clock(rate, path)
        for frame in container.decode(stream):
            check_memory(path, (frame.width, "columns"), (frame.height, "rows"), item=_PIXEL)
            array = scale_and_crop(_array(frame), size)
            frames += [array] if clock is None else clock.passed(array, frame.time)
            _check_length(path, len(frames), array)
        if clock is not None:
            frames += clock.end(float(1 / stream.average_rate) if stream.average_rate else 0.0)
    if not frames:
        raise DamagedError(f"{path} has no frames", hint="give a video with at least one picture")
    if len({frame.shape for frame in frames}) > 1:
        raise DamagedError(f"{path} changes its size or colour within the video", hint="--image-size 64")
    return np.stack(frames)


def _array(frame: Any) -> np.ndarray:
    """Return a frame as (H, W, C) uint8."""
    form = "gray" if frame.format.name.startswith(("gray", "mono")) else "rgb24"
    picture: np.ndarray = frame.to_ndarray(format=form)
    return picture[:, :, None] if picture.ndim == 2 else picture


def _check_length(path: Path, count: int, array: np.ndarray) -> None:
    """Refuse a video while it is decoded, as soon as it is longer than one value may be."""
    hint = f"--frame-rate or --image-size, or shorter videos; {SKIP}"
    check_steps(path, count, "frames", hint)
    height, width, channels = array.shape
    # the list and the array that is made of it
    factors = ((count, "frames or more"), (height, "rows"), (width, "columns"), (channels, "channels"))
    check_memory(path, *factors, item=2, hint=hint)
