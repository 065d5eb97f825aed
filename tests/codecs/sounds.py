"""Sounds that tests make."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def tone(hertz: float, rate: int = 8000, seconds: float = 0.5) -> np.ndarray:
    """A sine of half the largest amplitude."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def wav(path: Path, samples: np.ndarray, rate: int = 8000) -> Path:
    """Write samples of 16 bits as a WAV file, and return its path."""
    import soundfile

    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path
