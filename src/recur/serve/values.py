"""Raw values as requests carry them: pictures, sounds, videos and MIDI files are sent, never named.

A path would make the server open its own files for whoever asks, so a codec that reads files gets their contents:
``data:image/png;base64,...`` as browsers make it, or numbers.
"""

from __future__ import annotations

import base64
import binascii
import io
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from recur.cancellation import CancelledError
from recur.codecs import Codec, FramesCodec, NotesCodec, pictures, sound
from recur.codecs.bounds import within
from recur.errors import DataError, RecurError
from recur.serve.problems import RequestError

_log = logging.getLogger(__name__)
# bytes of memory while one is decoded: 25 million pixels, 30 million samples, 2,000 frames of 224 x 224
_PICTURE, _SOUND, _VIDEO, _FRAMES = 400_000_000, 240_000_000, 700_000_000, 2_000
_SUFFIXES = {"frames": ".mp4", "notes": ".mid"}
_EXAMPLES = {
    "images": '"data:image/png;base64,..." or rows of numbers from 0 to 255',
    "frames": '"data:video/mp4;base64,...", or a list of pictures, each "data:image/png;base64,..."',
    "audio": '"data:audio/wav;base64,..."',
    "notes": '"data:audio/midi;base64,...", a line such as "C4 D4 E4/2", or a list of the pitches of every step',
}


def raw(codec: Codec | None, value: Any) -> Any:
    """What the codec reads, from what a request holds; a mapping from column to value is gone through.

    Raises
    ------
    RequestError
        400 for a path, or for data that cannot be decoded.
    """
    if codec is None or codec.kind not in _EXAMPLES:
        return value
    if isinstance(value, Mapping):
        return {name: raw(codec, one) for name, one in value.items()}
    with reading(codec):
        return _readers[codec.kind](codec, value)


@contextmanager
def reading(codec: Codec | None) -> Iterator[None]:
    """Whatever fails while an input is read is a fault of the input.

    Raises
    ------
    RequestError
        400, with what the network reads.
    """
    try:
        yield
    except RecurError as error:
        raise RequestError.of(error) from None
    except (RequestError, CancelledError, MemoryError):
        raise
    except Exception as error:
        kind = "no input" if codec is None else codec.describe()
        _log.info("an input could not be read as %s", kind, exc_info=error)
        said = " ".join(str(error).split())[:200]
        raise RequestError(400, f"the input cannot be read: {said or type(error).__name__}", f"send {kind}") from None


def _picture(codec: Codec, value: Any) -> Any:
    if not isinstance(value, str):
        return _bytes(codec, value)
    with within(bytes=_PICTURE):
        return pictures.decoded(io.BytesIO(_contents(codec, value)), "the picture")


def _video(codec: Codec, value: Any) -> Any:
    if not isinstance(codec, FramesCodec):
        raise _wrong(codec)
    if isinstance(value, str):
        with _file(codec, value, "the video") as path, within(bytes=_VIDEO, steps=_FRAMES):
            # read now: the file is gone afterwards
            return list(codec.pictures(path))
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [_picture(codec, one) for one in value]
    return _bytes(codec, value)


def _sound(codec: Codec, value: Any) -> Any:
    if not isinstance(value, str):
        raise _wrong(codec)
    with within(bytes=_SOUND):
        return sound.decoded(io.BytesIO(_contents(codec, value)), "the sound")


def _notes(codec: Codec, value: Any) -> Any:
    if not isinstance(codec, NotesCodec):
        raise _wrong(codec)
    if not isinstance(value, str):
        return value
    if value.startswith("data:"):
        with _file(codec, value, "the piece") as path:
            pitches: Any = codec.decode(codec.encode(path))
            return pitches
    if value.lower().endswith((".mid", ".midi")):
        raise _wrong(codec)
    return value


@contextmanager
def _file(codec: Codec, value: str, name: str) -> Iterator[Path]:
    """The content of a value as a file, for libraries that read no memory; messages call it by a name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sent{_SUFFIXES[codec.kind]}"
        path.write_bytes(_contents(codec, value))
        try:
            yield path
        except DataError as error:
            raise type(error)(error.message.replace(str(path), name), hint=error.hint) from error


def _contents(codec: Codec, value: str) -> bytes:
    head, comma, data = value.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64") and comma):
        raise _wrong(codec)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, f"the data is not base64: {error}") from None


def _bytes(codec: Codec, value: Any) -> np.ndarray:
    """Rows of numbers from 0 to 255 as an array."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise _wrong(codec) from None
    if array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0 or array.max() > 255:
        raise _wrong(codec)
    return array.astype(np.uint8)


def _wrong(codec: Codec) -> RequestError:
    return RequestError(
        400, f"this network reads {codec.kind}, which a request carries and does not name", hint=_EXAMPLES[codec.kind]
    )


_readers = {"images": _picture, "frames": _video, "audio": _sound, "notes": _notes}
