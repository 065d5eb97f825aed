"""Sounds as frames of log-mel energies or cepstral coefficients, standardised column by column."""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

import numpy as np

from recur.codecs import mel
from recur.codecs.array_cache import ArrayCache, file_key
from recur.codecs.bounds import check_memory, check_steps, within
from recur.codecs.codec import Codec
from recur.codecs.column_scale import restore_scale
from recur.codecs.files import digest_of, field
from recur.codecs.request_files import decode_data_url, path_refused
from recur.codecs.sound import decode_sound, is_sound, read_sound, resample
from recur.codecs.traits import FileTraits
from recur.config import DataConfig
from recur.errors import ConfigError, DataError, RunError

Features = Literal["log-mel", "mfcc"]

_SENT = 240_000_000  # bytes of memory while a sound of a request is decoded: 30 million samples
_SIXTEEN_BITS = 32767

# the frames of files, in this process
_cache = ArrayCache()


class AudioCodec(Codec):
    """Sounds, from a file or from (samples, rate), as (T, C) float32: ``x' = (x - mean) / deviation`` of each column.

    The features are those of `recur.codecs.mel`. They are computed once per process: the frames of a file stay in
    memory, up to 256 MiB, by the file's place, size and time of writing. Sounds of another rate are resampled by a
    windowed sinc (`recur.codecs.sound`).

    Parameters
    ----------
    features : str
        ``log-mel``: C = bands; ``mfcc``: C = 13 coefficients of them.
    bands : int
        Mel bands between 0 Hz and half the rate.
    window_ms, hop_ms : float
        Length of a frame, and time between the beginnings of two, in milliseconds.
    sample_rate : int, optional
        Samples per second; default: those of the first sound that `fit` meets.
    """

    kind = "audio"
    medium = "sound"
    discrete = False
    sequence = True
    option_groups = frozenset({"sound"})
    fits_in_cell = True
    file = FileTraits('"data:audio/wav;base64,..."')

    def __init__(
        self, features: Features = "log-mel", *, bands: int = 40, window_ms: float = 25.0, hop_ms: float = 10.0,
        sample_rate: int | None = None,
    ) -> None:  # fmt: skip
        self.features: Features = features
        self.bands, self.window_ms, self.hop_ms = bands, float(window_ms), float(hop_ms)
        self.sample_rate = sample_rate
        self.size = bands if features == "log-mel" else min(mel.COEFFICIENTS, bands)
        self.mean = np.zeros(self.size)
        self.deviation = np.ones(self.size)
        self.resampled = 0
        self._seen = 0
        if sample_rate is not None:
            self._check(sample_rate)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        noun = "band" if self.features == "log-mel" else "coefficient"
        return [f"{noun} {index + 1}" for index in range(self.size)]

    def column_names(self) -> list[str]:
        """Return the names of the columns."""
        return self.columns

    def column_deviations(self) -> list[float]:
        """Return the deviation of each column."""
        return [float(one) for one in self.deviation]

    @property
    def hertz(self) -> list[float] | None:
        """The middle of each band, where the columns are bands and the rate is known."""
        if self.features != "log-mel" or self.sample_rate is None:
            return None
        edges = np.linspace(0.0, float(mel.to_mel(self.sample_rate / 2)), self.bands + 2)
        middles: list[float] = mel.to_hertz(edges[1:-1]).tolist()
        return middles

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> AudioCodec:
        return cls(
            data.audio.features,
            bands=data.audio.bands,
            window_ms=data.audio.window_ms,
            hop_ms=data.audio.hop_ms,
            sample_rate=data.audio.sample_rate,
        )

    def fit(self, values: Iterable[Any]) -> AudioCodec:
        """Take the rate of the first sound, where none was requested, and measure mean and deviation of each column."""
        count, self.resampled = 0, 0
        total, squares = np.zeros(self.size), np.zeros(self.size)
        shift: np.ndarray | None = None
        for value in values:
            frames = self._compute(value)
            # subtracting the mean of the first sound avoids cancellation in the sum of squares
            shift = frames.mean(axis=0) if shift is None else shift
            total += (frames - shift).sum(axis=0)
            squares += ((frames - shift) ** 2).sum(axis=0)
            count += len(frames)
        if not count or shift is None:
            raise DataError("there are no sounds to compute a scale from", hint="give at least one")
        gap = total / count
        self.mean = shift + gap
        deviation = np.sqrt(np.maximum(squares / count - gap**2, 0.0))
        self.deviation = np.where(deviation > 1e-9 * np.maximum(np.abs(self.mean), 1.0), deviation, 1.0)
        self._seen = count
        return self

    def encode(self, value: Any) -> np.ndarray:
        """Return the standardised frames of a sound, (T, C) float32."""
        if not self._seen:
            raise self._not_fitted("scale")
        standardised: np.ndarray = (self._compute(value) - self.mean) / self.deviation
        return standardised.astype(np.float32)

    def decode(self, array: Any) -> list[list[float]]:
        """Return standardised frames (T, C) in their own units again; a sound cannot be made of them."""
        values = np.asarray(array, np.float64)
        if values.ndim != 2 or values.shape[1] != self.size:
            raise DataError(f"expected frames of shape (steps, {self.size}), got {values.shape}")
        own: list[list[float]] = (values * self.deviation + self.mean).tolist()
        return own

    def frames(self, value: Any) -> np.ndarray:
        """Return the frames of a sound before they are standardised, (T, C) float64, to be drawn."""
        return self._compute(value)

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        return self.mean.astype(np.float32), self.deviation.astype(np.float32)

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise path_refused(self)
        with within(bytes=_SENT):
            return decode_sound(io.BytesIO(decode_data_url(self, value)), "the sound")

    def content_key(self, value: Any) -> Any:
        """Return a digest of the samples, mixed to one channel of 16 bits, and their rate."""
        samples, rate = read_sound(value)
        return rate, digest_of(np.round(samples * _SIXTEEN_BITS).astype(np.int32))

    def is_one_value(self, value: Any) -> bool:
        """Return whether a value is a pair of samples and their rate."""
        return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Integral)

    def check_file(self, value: Any) -> None:
        """Read the file that a value names from end to end; other values name none.

        Raises
        ------
        DamagedError
            When it is missing, no sound, cut short or empty.
        """
        if is_sound(value):
            # the frames stay in the cache, so that the check costs no second reading
            self._compute(value)

    def _compute(self, value: Any) -> np.ndarray:
        """Return the frames of a sound, (T, C) float64, from the cache where it has them."""
        file: Hashable | None = file_key(Path(value)) if is_sound(value) and Path(value).is_file() else None
        cached = None if file is None else _cache.get((file, *self._recipe()))
        if cached is not None:
            return cached
        samples, rate = read_sound(value)
        if self.sample_rate is None:
            self._check(rate)
            self.sample_rate = rate
        if rate != self.sample_rate:
            self.resampled += 1
            samples = resample(samples, rate, self.sample_rate)
        window, hop = self._samples()
        steps = 1 + max(0, len(samples) - window) // hop
        name = value if file is not None else "the samples"
        # the frames and their standardised copy
        check_memory(name, (steps, "frames"), (self.bands, "bands"), item=24, hint="a longer --audio-hop-ms")
        check_steps(name, steps, "frames", "a longer --audio-hop-ms")
        work = mel.log_mel if self.features == "log-mel" else mel.mfcc
        frames = work(samples, self.sample_rate, bands=self.bands, window=window, hop=hop)
        return frames if file is None else _cache.put((file, *self._recipe()), frames)

    def _samples(self) -> tuple[int, int]:
        """Samples of a frame, and between the beginnings of two."""
        rate = self.sample_rate or 0
        return max(1, round(rate * self.window_ms / 1000)), max(1, round(rate * self.hop_ms / 1000))

    def typed_form(self) -> dict[str, Any]:
        window, hop = self._samples()
        return {
            "kind": "audio", "features": self.features, "bands": self.bands, "window": window, "hop": hop,
            "rate": self.sample_rate,
        }  # fmt: skip

    def _recipe(self) -> tuple[Hashable, ...]:
        """Return everything that the frames of a file depend on."""
        return self.features, self.bands, self.window_ms, self.hop_ms, self.sample_rate

    def _check(self, rate: int) -> None:
        """Refuse more bands than the transform has places for: a band between two of them would always be silent."""
        size = mel.transform_size(max(1, round(rate * self.window_ms / 1000)))
        check_memory(
            f"a spectrum at {rate:,} samples per second", (self.bands, "bands"), (size // 2 + 1, "frequencies"),
            item=32, hint="--sample-rate 16000, or a shorter --audio-window-ms",
        )  # fmt: skip
        if not mel.filters(self.bands, size, rate).any(axis=1).all():
            raise ConfigError(
                f"{self.bands} mel bands are too many for windows of {self.window_ms:g} ms at {rate:,} samples a "
                "second: some lie between two frequencies of the transform",
                hint=f"--audio-bands {max(2, self.bands // 2)}, or a longer --audio-window-ms",
            )

    def show(self, value: Any, width: int = 72) -> str:
        """Return the name of a sound, its length and its rate on one line."""
        if isinstance(value, list) and (not value or isinstance(value[0], list)):
            return f"{len(value)} frames"[:width]
        name = Path(value).name if is_sound(value) else "samples"
        samples, rate = read_sound(value)
        text = f"{name} ({len(samples) / rate:.2f} s at {rate:,} Hz)"
        return text if len(text) <= width else text[: max(width - 1, 0)] + "…"

    def describe(self) -> str:
        """Return what a frame is."""
        what = f"{self.bands} log-mel bands" if self.features == "log-mel" else f"{self.size} cepstral coefficients"
        rate = f" at {self.sample_rate:,} Hz" if self.sample_rate else ""
        return f"audio: {what}{rate}, {self.window_ms:g} ms every {self.hop_ms:g} ms"

    def _state(self) -> dict[str, Any]:
        return {
            "features": self.features,
            "bands": self.bands,
            "window_ms": self.window_ms,
            "hop_ms": self.hop_ms,
            "sample_rate": self.sample_rate,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "seen": self._seen,
        }

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> AudioCodec:
        features = field(state, "features", str, path)
        if features not in ("log-mel", "mfcc"):
            raise RunError(f'{path} is damaged: "features" should be log-mel or mfcc, found {features!r}')
        bands, rate = field(state, "bands", int, path), field(state, "sample_rate", int, path)
        window, hop = field(state, "window_ms", float, path), field(state, "hop_ms", float, path)
        if bands < 2 or rate < 1 or not window > 0 or not hop > 0:
            raise RunError(f"{path} is damaged: {bands} bands at {rate} Hz, {window} ms every {hop} ms")
        codec = cls(
            "mfcc" if features == "mfcc" else "log-mel", bands=bands, window_ms=window, hop_ms=hop, sample_rate=rate
        )
        codec.mean, codec.deviation = restore_scale(state, codec.size, path)
        codec._seen = field(state, "seen", int, path)
        return codec
