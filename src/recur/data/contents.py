"""Fingerprints of values by what is read: equal pictures, sounds or arrays under different names are equal.

pictures        decoded pixels (a PNG and a BMP of one picture are equal; gray in three channels is gray)
videos          decoded pixels of the frames in a folder; the bytes of a video file
sounds          decoded samples of one channel, to 16 bits, and their rate
notes           the notes of the piano
.npy files      the numbers
text            words without regard to white space
numbers         their values
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from recur import codecs
from recur.codecs import FramesCodec, ImagesCodec, NotesCodec
from recur.codecs.numbers import number
from recur.codecs.pictures import GRAY, read_picture
from recur.codecs.sound import read_sound
from recur.config import DataConfig
from recur.data import features
from recur.errors import DataError

_SIXTEEN_BITS = 32767


class Contents:
    """Reads the values of a column for comparison.

    Parameters
    ----------
    codec : str or None
        The codec that reads them.
    config : DataConfig
        What else it reads by: size, frame rate, steps of a quarter note, lower case.
    """

    def __init__(self, codec: str | None, config: DataConfig) -> None:
        self._lower = config.lower
        self._codec = codecs.make(codec, config) if codec in ("images", "frames", "notes") else None
        self._sound = codec == "audio"
        self._numbers = codec == "numbers"

    def of(self, value: Any, folder: Path | None = None) -> Any:
        """Return something that is equal for equal contents, by `split.fingerprint`.

        A file that cannot be read is known by its name: it is refused, or left out, where it is encoded.
        """
        try:
            return self._read(value, folder)
        except DataError:
            return value

    def _read(self, value: Any, folder: Path | None) -> Any:
        if self._sound:
            samples, rate = read_sound(value)
            return rate, _digest(np.round(samples * _SIXTEEN_BITS).astype(np.int32))
        if isinstance(self._codec, ImagesCodec):
            return _pixels(value, self._codec.scale.size)
        if isinstance(self._codec, FramesCodec):
            return self._video(value, self._codec)
        if isinstance(self._codec, NotesCodec):
            return _digest(self._codec.notes(value))
        if self._numbers:
            return _values(features.opened(value, folder))
        if isinstance(value, str):
            text = " ".join(value.split())
            return text.lower() if self._lower else text
        return value

    @staticmethod
    def _video(value: Any, codec: FramesCodec) -> Any:
        if isinstance(value, (str, Path)) and Path(value).is_file():
            with Path(value).open("rb") as file:
                return hashlib.file_digest(file, "blake2b").hexdigest()
        return [_pixels(frame, codec.scale.size) for frame in codec.pictures(value)]


def _pixels(value: Any, size: tuple[int, int] | None) -> str:
    array = read_picture(value, size)
    if array.shape[2] != GRAY and (array == array[:, :, :1]).all():
        array = array[:, :, :1]
    return _digest(array)


def _values(value: Any) -> Any:
    """Return numbers, texts of numbers or lists of them as numbers; a text that is none as it is."""
    if isinstance(value, np.ndarray):
        return _digest(value.astype(np.float64) if value.dtype.kind in "fiub" else value)
    if isinstance(value, (list, tuple)):
        return [_values(each) for each in value]
    try:
        return repr(number(value))
    except DataError:
        return value


def _digest(array: np.ndarray) -> str:
    """Return shape and contents of an array as a short text."""
    digest = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
    return f"{array.shape} {digest}"
