"""Hashes of contents: equal pictures, sounds or arrays have one, whatever their files are called.

pictures        decoded pixels (a PNG and a BMP of one picture are equal; gray in three channels is gray)
videos          decoded pixels of the frames in a folder; the bytes of a video file
sounds          decoded samples of one channel, to 16 bits, and their rate
notes           the notes of the piano
.npy files      the numbers
text            words without regard to white space
numbers         their values
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur import codecs
from recur.config import DataConfig
from recur.data.readers import npy
from recur.errors import DataError


class Contents:
    """Reads the values of a column for comparison.

    Parameters
    ----------
    codec : str or None
        The codec that reads them; None compares values as they are.
    config : DataConfig
        What else it reads by: size, frame rate, steps of a quarter note, lower case.
    """

    def __init__(self, codec: str | None, config: DataConfig) -> None:
        self._codec = None if codec is None else codecs.make(codec, config)

    def of(self, value: Any, folder: Path | None = None) -> Any:
        """Return something that is equal for equal contents, by `split.value_hash`.

        A file that cannot be read is known by its name: it is refused, or left out, where it is encoded.
        """
        if self._codec is None:
            return value
        try:
            return self._codec.content_key(npy.opened(value, folder) if self._codec.numeric else value)
        except DataError:
            return value
