"""The frames of a sound are what the formulas say: spectra, mel bands, cepstrum."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from recur.codecs import mel
from recur.codecs.mel import log_mel, power_spectra
from tests.codecs.sounds import tone
from tests.tolerances import EXACT, agree


def test_the_mel_scale_is_that_of_htk() -> None:
    # 2595 log10(1 + f / 700): its definition makes 1000 Hz very nearly 1000 mel, and 700 Hz 2595 log10(2)
    assert float(mel.to_mel(1000.0)) == pytest.approx(999.9855)
    assert float(mel.to_mel(700.0)) == pytest.approx(2595.0 * np.log10(2.0))
    assert float(mel.to_hertz(mel.to_mel(3456.0))) == pytest.approx(3456.0)


def test_triangles_reach_height_one_at_their_middle_and_zero_at_their_neighbours() -> None:
    table = mel.filters(4, 4096, 8000)
    edges = mel.to_hertz(np.linspace(0.0, float(mel.to_mel(4000.0)), 6))
    assert table.shape == (4, 2049)
    for band in range(4):
        peak = np.argmax(table[band]) * 8000 / 4096
        assert abs(peak - edges[band + 1]) <= 8000 / 4096
        places = np.flatnonzero(table[band]) * 8000 / 4096
        assert places.min() >= edges[band]
        assert places.max() <= edges[band + 2]
    assert table.max() <= 1.0
    assert table.max() > 0.99
    # between the first and the last middle neighbours share every frequency out
    middle = (np.arange(2049) * 8000 / 4096 > edges[1]) & (np.arange(2049) * 8000 / 4096 < edges[4])
    np.testing.assert_allclose(table.sum(axis=0)[middle], 1.0, rtol=EXACT)


def test_the_cosine_transform_is_scipys_orthonormal_one() -> None:
    values = np.random.default_rng(0).normal(size=(5, 26))
    expected = scipy.fft.dct(values, type=2, norm="ortho", axis=1)[:, :13]
    agree(values @ mel.cosines(13, 26).T, expected, EXACT)


def test_spectra_are_those_of_scipys_short_time_transform() -> None:
    samples = np.random.default_rng(1).normal(size=1000)
    window, hop = 200, 80
    transform = scipy.signal.ShortTimeFFT(
        scipy.signal.get_window("hann", window), hop, fs=1.0, mfft=256, fft_mode="onesided"
    )
    expected = np.array(
        [np.abs(np.fft.rfft(samples[t * hop : t * hop + window] * transform.win, 256)) ** 2 for t in range(11)]
    )
    found = mel.power_spectra(samples, window, hop)
    assert found.shape == (1 + (1000 - window) // hop, 129)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_tone_is_loudest_in_the_band_that_holds_it() -> None:
    frames = mel.log_mel(tone(1000.0), 8000, bands=20, window=200, hop=80)
    edges = mel.to_hertz(np.linspace(0.0, float(mel.to_mel(4000.0)), 22))
    loudest = int(np.argmax(frames.mean(axis=0)))
    assert edges[loudest] < 1000.0 < edges[loudest + 2]


def test_a_sound_shorter_than_a_window_is_one_frame_and_silence_is_finite() -> None:
    frames = mel.mfcc(np.zeros(10), 8000, bands=20, window=200, hop=80)
    assert frames.shape == (1, 13)
    assert np.isfinite(frames).all()


def test_spectra_made_piece_by_piece_are_those_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).standard_normal(5000)
    expected = log_mel(samples, 8000, bands=20, window=200, hop=80)
    assert len(expected) == len(power_spectra(samples, 200, 80))
    monkeypatch.setattr("recur.codecs.mel._BLOCK", 256 * 8)
    np.testing.assert_allclose(log_mel(samples, 8000, bands=20, window=200, hop=80), expected, rtol=EXACT)


@pytest.mark.parametrize(("window", "size"), [(1, 1), (2, 2), (3, 4), (200, 256), (256, 256), (257, 512)])
def test_the_transform_is_the_power_of_2_that_holds_a_window(window: int, size: int) -> None:
    assert mel.transform_size(window) == size


@pytest.mark.parametrize(("count", "frames"), [(0, 1), (199, 1), (200, 1), (279, 1), (280, 2), (1000, 11)])
def test_frames_are_counted_by_whole_windows(count: int, frames: int) -> None:
    assert mel.power_spectra(np.zeros(count), 200, 80).shape == (frames, 129)
    assert mel.log_mel(np.zeros(count), 8000, bands=20, window=200, hop=80).shape == (frames, 20)


def test_silence_is_the_floor() -> None:
    assert np.all(mel.log_mel(np.zeros(400), 8000, bands=20, window=200, hop=80) == np.log(mel.FLOOR))


@pytest.mark.parametrize(("bands", "columns"), [(5, 5), (13, 13), (40, 13)])
def test_no_more_coefficients_than_bands(bands: int, columns: int) -> None:
    assert mel.mfcc(tone(440.0), 8000, bands=bands, window=400, hop=80).shape[1] == columns


def test_the_cepstrum_is_the_cosine_transform_of_the_log_energies() -> None:
    options = {"bands": 26, "window": 200, "hop": 80}
    expected = scipy.fft.dct(mel.log_mel(tone(440.0), 8000, **options), type=2, norm="ortho", axis=1)[:, :13]
    agree(mel.mfcc(tone(440.0), 8000, **options), expected, EXACT)
