"""The frames of a sound as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.views import spectrogram

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_spectrogram_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    values = np.random.default_rng(0).normal(size=(50, 20))
    path = spectrogram.write_png(values, tmp_path / "a.png", hop_ms=10.0, bands=list(range(100, 2100, 100)))
    assert path.read_bytes().startswith(PNG)
