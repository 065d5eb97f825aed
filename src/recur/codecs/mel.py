"""From samples to frames: short-time spectra, mel bands, their logarithm and its cepstrum, in numpy.

    X_t    = FFT(w * x[t hop : t hop + window]),   w a periodic Hann window, P_t = |X_t|^2
    E_tb   = sum_k F_bk P_tk                       F: triangles between edges that are equally far apart in mel
    mel(f) = 2595 log10(1 + f / 700)               the scale of HTK
    L_tb   = log max(E_tb, 1e-10)                  log-mel
    C_tq   = sum_b L_tb D_qb                       cepstrum: the orthonormal DCT-II, q = 0 ... 12

Sources: Davis and Mermelstein 1980 (cepstrum of mel bands); Young et al., The HTK Book, section 5.4 (scale and
triangles of height 1).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

COEFFICIENTS = 13
FLOOR = 1e-10
_BLOCK = 1 << 21  # samples of spectra that are in memory at a time


def to_mel(hertz: np.ndarray | float) -> np.ndarray:
    """Return frequencies in mel, on HTK's scale: 1000 Hz are very nearly 1000 mel."""
    mels: np.ndarray = 2595.0 * np.log10(1.0 + np.asarray(hertz, np.float64) / 700.0)
    return mels


def to_hertz(mel: np.ndarray | float) -> np.ndarray:
    """Return mels in hertz; the inverse of `to_mel`."""
    hertz: np.ndarray = 700.0 * (10.0 ** (np.asarray(mel, np.float64) / 2595.0) - 1.0)
    return hertz


@lru_cache(maxsize=8)
def filters(bands: int, size: int, rate: int) -> np.ndarray:
    """Return the triangles F (bands, size / 2 + 1), of height 1, from 0 Hz to half the rate.

    Parameters
    ----------
    bands : int
    size : int
        Samples of the Fourier transform.
    rate : int
        Samples per second.
    """
    edges = to_hertz(np.linspace(0.0, float(to_mel(rate / 2)), bands + 2))
    hertz = np.arange(size // 2 + 1) * (rate / size)
    rising = (hertz[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    triangles: np.ndarray = np.maximum(0.0, np.minimum(rising, falling))
    triangles.flags.writeable = False
    return triangles


@lru_cache(maxsize=8)
def cosines(coefficients: int, bands: int) -> np.ndarray:
    """Return the first rows of the orthonormal DCT-II, D (coefficients, bands)."""
    rows, places = np.arange(coefficients)[:, None], np.arange(bands)[None, :]
    table: np.ndarray = np.sqrt(2.0 / bands) * np.cos(np.pi * rows * (2 * places + 1) / (2 * bands))
    table[0] = math.sqrt(1.0 / bands)
    table.flags.writeable = False
    return table


def power_spectra(samples: np.ndarray, window: int, hop: int) -> np.ndarray:
    """Return P (T, size / 2 + 1) of samples (N,); size is the power of 2 that holds a window.

    There are 1 + floor((N - window) / hop) frames; a sound shorter than a window is filled with silence to one frame.
    """
    if len(samples) < window:
        samples = np.pad(samples, (0, window - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    spectra = np.fft.rfft(frames * hann, transform_size(window), axis=1)
    power: np.ndarray = spectra.real**2 + spectra.imag**2
    return power


def transform_size(window: int) -> int:
    """Return the power of 2 that is at least a window."""
    return 1 << max(0, window - 1).bit_length()


def log_mel(samples: np.ndarray, rate: int, *, bands: int, window: int, hop: int) -> np.ndarray:
    """Return log energies of mel bands, (T, bands) float64.

    Parameters
    ----------
    samples : ndarray
        (N,).
    rate : int
        Samples per second.
    bands : int
    window, hop : int
        Samples of a frame, and between the beginnings of two.
    """
    triangles = filters(bands, transform_size(window), rate).T
    steps = 1 + max(0, len(samples) - window) // hop
    block = max(8, _BLOCK // transform_size(window))
    logarithms = np.empty((steps, bands))
    for first in range(0, steps, block):
        # the spectra of an hour of sound exceed the memory, so they are reduced to bands block by block
        part = samples[first * hop : (first + block - 1) * hop + window]
        energies = power_spectra(part, window, hop) @ triangles
        logarithms[first : first + block] = np.log(np.maximum(energies, FLOOR))
    return logarithms


def mfcc(samples: np.ndarray, rate: int, *, bands: int, window: int, hop: int) -> np.ndarray:
    """Return the first 13 cepstral coefficients of the mel bands (fewer of fewer bands), (T, 13) float64."""
    logarithms = log_mel(samples, rate, bands=bands, window=window, hop=hop)
    cepstrum: np.ndarray = logarithms @ cosines(min(COEFFICIENTS, bands), bands).T
    return cepstrum
