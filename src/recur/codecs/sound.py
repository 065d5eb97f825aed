"""Sound as numbers: files read by soundfile (extra ``audio``), channels mixed, other rates resampled.

A rate is changed by a windowed sinc (Smith, "Digital Audio Resampling", section "Theory of Operation"):

    y(t) = sum_n x_n c h(c (t F - n)),   h(u) = sinc(u) kaiser(u / Z),   c = min(1, F' / F) r

where F is the rate of the file and F' the new one, t the time of a new sample, Z = 32 zero crossings on each side, and
r = 0.95 leaves room for the filter to fall before half the lower rate. Frequencies above half the new rate are removed,
so that there is no aliasing.
"""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recur.bounded import regular
from recur.codecs.bounds import SKIP, check_memory
from recur.codecs.plain_text import shorten
from recur.codecs.reading import reading
from recur.errors import DamagedError, DataError, require

SUFFIXES = (".wav", ".flac")
_CROSSINGS = 32
_ROLL_OFF = 0.95
_BETA = 9.0  # of the Kaiser window: about 90 dB below
_BLOCK = 1 << 15  # new samples at a time
_TABLE = 1 << 22  # weights of filters at a time
_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")


def is_sound(value: Any) -> bool:
    """Return whether a value is a path with the ending of a sound file."""
    return isinstance(value, Path) or (isinstance(value, str) and value.lower().endswith(SUFFIXES))


def read_sound(value: Any) -> tuple[np.ndarray, int]:
    """Return a sound as samples (N,) float64 between -1 and 1, channels averaged, and its samples per second.

    Parameters
    ----------
    value : path or (ndarray, int)
        A file, or samples (N,) or (N, channels) and their rate; whole numbers are divided by their type's largest.

    Raises
    ------
    DamagedError
        When a file is missing, not a sound, cut short or empty.
    DataError
        When the value is neither.
    MissingExtraError
        When a file is to be read without soundfile.
    """
    if is_sound(value):
        return _read_file(Path(value))
    pair = isinstance(value, (tuple, list)) and len(value) == 2
    if not pair or not isinstance(value[1], (int, np.integer)) or isinstance(value[1], bool):
        raise DataError(
            f"expected a sound, found {type(value).__name__} {shorten(repr(value), 40)}",
            hint=f"a file ({', '.join(SUFFIXES)}), or a pair (samples, samples per second)",
        )
    with reading("the samples", "array", faults=(ValueError,), error=DataError, hint="samples (N,) or (N, channels)"):
        samples, rate = np.asarray(value[0]), int(value[1])
    if samples.dtype.kind in "iu":
        samples = samples / float(np.iinfo(samples.dtype).max + (samples.dtype.kind == "i"))
    if samples.dtype.kind != "f" or samples.ndim not in (1, 2) or not samples.size or rate < 1:
        raise DataError(
            f"expected samples (N,) or (N, channels) and a rate, found {samples.dtype} of shape {samples.shape} "
            f"at {rate} samples per second"
        )
    return _mixed(samples.astype(np.float64), "the samples"), rate


def _read_file(path: Path) -> tuple[np.ndarray, int]:
    if not path.exists():
        raise DamagedError(f"there is no file {path}", hint="paths in a table are read from the folder of the table")
    return decode_sound(str(regular(path, kind="sound", error=DamagedError, hint=SKIP)), path)


def decode_sound(source: str | BinaryIO, name: object) -> tuple[np.ndarray, int]:
    """Return the samples (N,) and the rate of a sound file, or of its content.

    Only WAV and FLAC are decoded: libsndfile detects thirty formats by their content, most of them never intended.

    Parameters
    ----------
    source : str or file
    name : object
        Name of the sound, for messages.

    Raises
    ------
    DamagedError
        When it is damaged, cut short, empty or of another format.
    TooLargeError
        When it has too many samples.
    """
    soundfile = require("soundfile", "audio")
    hint = "--damaged skip leaves such files out"
    # for broken headers soundfile raises AssertionError and other bare classes
    with reading(name, "sound", libraries=("soundfile",), hint=hint), soundfile.SoundFile(source) as file:
        expected, rate, channels = int(file.frames), int(file.samplerate), int(file.channels)
        if file.format not in _FORMATS:
            raise DamagedError(f"{name} is {file.format}; expected {' or '.join(_FORMATS)}", hint="convert it to WAV")
        # the samples as read, mixed and resampled
        check_memory(name, (expected, "samples"), (channels, "channels"), item=8, hint=f"cut it into pieces; {hint}")
        samples = file.read(dtype="float64")
    if not len(samples) or len(samples) < expected:
        had = f"holds {len(samples):,} of its {expected:,} samples" if expected else "holds no samples"
        raise DamagedError(f"{name} is damaged: it {had}", hint=hint)
    return _mixed(samples, str(name)), rate


def _mixed(samples: np.ndarray, name: str) -> np.ndarray:
    """Return the mean of the channels."""
    if not np.isfinite(samples).all():
        raise DamagedError(f"{name} holds samples that are not finite numbers", hint="--damaged skip leaves it out")
    mixed: np.ndarray = samples if samples.ndim == 1 else samples.mean(axis=1)
    return mixed


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Return a sound at another rate.

    Parameters
    ----------
    samples : ndarray
        (N,).
    rate, new_rate : int
        Samples per second, of these and of the new ones.

    Returns
    -------
    ndarray
        (ceil(N new_rate / rate),) float64.

    Examples
    --------
    >>> len(resample(np.zeros(8000), 8000, 16000))
    16000
    """
    if rate == new_rate:
        return samples
    common = gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    count = -(-len(samples) * up // down)
    scale = min(1.0, up / down) * _ROLL_OFF
    reach = int(np.ceil(_CROSSINGS / scale))
    taps = np.arange(-reach + 1, reach + 1)
    # new sample n is at n down / up, so that its distances to the old samples repeat
    check_memory(
        f"a sound of {rate:,} Hz at {new_rate:,} Hz", (count + len(samples) + 2 * reach + down, "samples"), item=8,
        hint="--sample-rate nearer to that of the file",
    )  # fmt: skip

    def filters_at(places: np.ndarray) -> np.ndarray:
        return _filter(scale, taps[None, :] - (places * (down % up) % up / up)[:, None])

    # rates with a common divisor have few distances, whose filters are cached
    table = filters_at(np.arange(up)) if up <= count and up * len(taps) <= _TABLE else None
    padded = np.concatenate([np.zeros(reach), samples, np.zeros(reach + down)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(taps))
    resampled = np.empty(count)
    block = max(1, min(_BLOCK, _TABLE // len(taps)))
    for start in range(0, count, block):
        places = np.arange(start, min(count, start + block))
        # the window of old sample k begins at k + 1 - reach, which is place k + 1 of the padded ones
        before = places * down // up
        filters = filters_at(places % up) if table is None else table[places % up]
        resampled[places] = np.einsum("nt,nt->n", windows[before + 1], filters)
    return resampled


def _filter(scale: float, distance: np.ndarray) -> np.ndarray:
    """Return c h(c d) for distances d in old samples."""
    at = scale * distance
    inside = np.clip(1.0 - (at / _CROSSINGS) ** 2, 0.0, None)
    window = np.where(np.abs(at) <= _CROSSINGS, np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA), 0.0)
    weights: np.ndarray = scale * np.sinc(at) * window
    return weights
