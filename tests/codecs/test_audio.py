"""Sounds become the frames that the formulas say; rates are changed without folding; damaged files are named."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import AudioCodec, audio, mel
from recur.codecs.kept import Kept
from recur.codecs.sound import read_sound, resample
from recur.config import Config
from recur.errors import ConfigError, DamagedError, DataError, RunError

soundfile = pytest.importorskip("soundfile")


def tone(hertz: float, rate: int = 8000, seconds: float = 0.5) -> np.ndarray:
    """A sine of half the largest amplitude."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def wav(path: Path, samples: np.ndarray, rate: int = 8000) -> Path:
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def test_the_mel_scale_is_that_of_htk() -> None:
    # 2595 log10(1 + f / 700): its definition makes 1000 Hz very nearly 1000 mel, and 700 Hz 2595 log10(2)
    assert float(mel.to_mel(1000.0)) == pytest.approx(999.9855, abs=1e-3)
    assert float(mel.to_mel(700.0)) == pytest.approx(2595.0 * np.log10(2.0))
    assert float(mel.to_hertz(mel.to_mel(3456.0))) == pytest.approx(3456.0)


def test_triangles_reach_height_one_at_their_middle_and_zero_at_their_neighbours() -> None:
    table = mel.filters(4, 4096, 8000)
    edges = mel.to_hertz(np.linspace(0.0, float(mel.to_mel(4000.0)), 6))
    assert table.shape == (4, 2049)
    for band in range(4):
        peak = np.argmax(table[band]) * 8000 / 4096
        assert peak == pytest.approx(edges[band + 1], abs=2.0)
        places = np.flatnonzero(table[band]) * 8000 / 4096
        assert places.min() >= edges[band]
        assert places.max() <= edges[band + 2]
    assert table.max() <= 1.0
    assert table.max() > 0.99
    # between the first and the last middle neighbours share every frequency out
    middle = (np.arange(2049) * 8000 / 4096 > edges[1]) & (np.arange(2049) * 8000 / 4096 < edges[4])
    np.testing.assert_allclose(table.sum(axis=0)[middle], 1.0, rtol=1e-12)


def test_the_cosine_transform_is_scipys_orthonormal_one() -> None:
    values = np.random.default_rng(0).normal(size=(5, 26))
    expected = scipy.fft.dct(values, type=2, norm="ortho", axis=1)[:, :13]
    np.testing.assert_allclose(values @ mel.cosines(13, 26).T, expected, rtol=1e-12, atol=1e-12)


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


@pytest.mark.parametrize(("rate", "new"), [(8000, 16000), (16000, 8000), (44100, 8000), (8000, 11025), (22050, 16000)])
def test_a_resampled_tone_is_the_tone_at_the_new_rate(rate: int, new: int) -> None:
    hertz = 0.35 * min(rate, new)
    found = resample(tone(hertz, rate), rate, new)
    expected = tone(hertz, new)
    assert len(found) == -(-len(tone(hertz, rate)) * new // rate)
    inside = slice(new // 20, len(expected) - new // 20)
    np.testing.assert_allclose(found[: len(expected)][inside], expected[inside], atol=2e-4)


def test_what_the_new_rate_cannot_hold_is_removed_and_not_folded_back() -> None:
    found = resample(tone(5000.0, 16000), 16000, 8000)
    assert np.abs(found[400:-400]).max() < 1e-4


@given(st.integers(1, 300), st.sampled_from([(8000, 16000), (16000, 8000), (44100, 8000)]))
def test_a_constant_stays_constant_and_the_length_follows_the_rate(count: int, rates: tuple[int, int]) -> None:
    rate, new = rates
    found = resample(np.ones(count), rate, new)
    assert len(found) == -(-count * new // rate)
    long = resample(np.ones(4000), rate, new)
    middle = len(long) // 2
    np.testing.assert_allclose(long[middle - 20 : middle + 20], 1.0, atol=2e-4)


def test_files_flac_and_samples_give_the_same_frames(tmp_path: Path) -> None:
    samples = np.round(tone(440.0) * 32767) / 32768
    path = wav(tmp_path / "a.wav", samples)
    soundfile.write(tmp_path / "a.flac", samples, 8000, subtype="PCM_16")
    codec = AudioCodec().fit([str(path)])
    expected = codec.encode((samples, 8000))
    assert codec.sample_rate == 8000
    assert expected.shape == (1 + (4000 - 200) // 80, 40)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(codec.encode(str(path)), expected, atol=1e-5)
    np.testing.assert_allclose(codec.encode(tmp_path / "a.flac"), expected, atol=1e-5)
    np.testing.assert_allclose(codec.encode(((samples * 32768).astype(np.int16), 8000)), expected, atol=1e-5)
    stereo = np.stack([samples, samples], axis=1)
    np.testing.assert_allclose(codec.encode((stereo, 8000)), expected, atol=1e-5)


def test_columns_have_mean_zero_and_deviation_one_and_come_back() -> None:
    draw = np.random.default_rng(3)
    sounds = [(draw.normal(size=2000) * 0.1, 8000) for _ in range(5)]
    codec = AudioCodec("mfcc", bands=26).fit(sounds)
    together = np.concatenate([codec.encode(sound) for sound in sounds]).astype(np.float64)
    assert together.shape[1] == codec.size == 13
    np.testing.assert_allclose(together.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(together.std(axis=0), 1.0, atol=1e-5)
    np.testing.assert_allclose(codec.decode(codec.encode(sounds[0])), codec.frames(sounds[0]), rtol=1e-4, atol=1e-4)


def test_another_rate_is_resampled_to_the_first(tmp_path: Path) -> None:
    first, second = wav(tmp_path / "a.wav", tone(500.0)), wav(tmp_path / "b.wav", tone(500.0, 16000), 16000)
    codec = AudioCodec().fit([str(first), str(second)])
    assert codec.sample_rate == 8000
    assert codec.resampled == 1
    assert len(codec.encode(str(second))) == len(codec.encode(str(first)))
    loudest = int(np.argmax(codec.frames(str(first)).mean(axis=0)))
    found, expected = (codec.frames(str(path))[5:-5, loudest] for path in (second, first))
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"not a sound at all" * 20])
def test_a_file_that_is_no_sound_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"bad\.wav is damaged"):
        AudioCodec().intact(str(path))


def test_a_flac_that_is_cut_short_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    soundfile.write(tmp_path / "whole.flac", draw.normal(size=8000) * 0.1, 8000)
    content = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedError, match=r"cut\.flac is damaged"):
        AudioCodec().intact(str(tmp_path / "cut.flac"))
    with pytest.raises(DamagedError, match="there is no file"):
        AudioCodec().intact(str(tmp_path / "absent.wav"))


@pytest.mark.parametrize(
    "value", [7, "text", [0.1, 0.2], (np.zeros(4), 8000.0), (np.zeros(0), 8000), (np.zeros((2, 2, 2)), 8000)]
)
def test_what_is_no_sound_is_refused_in_words(value: Any) -> None:
    with pytest.raises(DataError, match="expected"):
        read_sound(value)


def test_samples_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DamagedError, match="no finite numbers"):
        read_sound((np.array([0.0, np.nan]), 8000))


def test_more_bands_than_the_window_can_tell_apart_are_refused() -> None:
    with pytest.raises(ConfigError, match="200 mel bands are too many") as caught:
        AudioCodec(bands=200).fit([(tone(300.0), 8000)])
    assert "--audio-bands" in str(caught.value.hint)


def test_files_are_computed_once_and_again_after_they_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_kept", Kept())
    calls = []
    whole = read_sound
    monkeypatch.setattr(audio, "read_sound", lambda value: calls.append(value) or whole(value))
    path = wav(tmp_path / "a.wav", tone(440.0))
    codec = AudioCodec().fit([str(path)])
    first = codec.encode(str(path))
    assert len(calls) == 1
    wav(path, tone(880.0, seconds=0.6))
    assert len(codec.encode(str(path))) > len(first)
    assert len(calls) == 2


def test_what_is_kept_stays_within_its_bound() -> None:
    kept = Kept(most=100)
    for index in range(10):
        kept.put(index, np.zeros(4))
    assert kept.bytes <= 100
    assert len(kept) == 3
    assert kept.get(9) is not None
    assert kept.get(0) is None
    kept.put(9, np.zeros(4))
    assert kept.bytes == 96
    kept.put("large", np.zeros(40))
    assert kept.get("large") is None


def _features(path: str) -> np.ndarray:
    return AudioCodec().fit([path]).encode(path)


def test_processes_that_compute_at_once_agree(tmp_path: Path) -> None:
    path = str(wav(tmp_path / "a.wav", tone(440.0)))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(_features, [path] * 4)
    for each in found:
        assert np.array_equal(each, _features(path))


def test_a_saved_codec_encodes_as_before(tmp_path: Path) -> None:
    data = Config.of(audio="mfcc", audio_bands=20, audio_window_ms=32, audio_hop_ms=16).data
    codec = codecs.make("audio", data).fit([(tone(300.0), 8000)])
    codec.save(tmp_path, "input_codec")
    loaded = codecs.load(tmp_path, "input_codec")
    assert np.array_equal(loaded.encode((tone(500.0), 8000)), codec.encode((tone(500.0), 8000)))
    assert loaded.describe() == codec.describe() == "audio: 13 cepstral coefficients at 8,000 Hz, 32 ms every 16 ms"
    text = (tmp_path / "input_codec.json").read_text(encoding="utf-8")
    (tmp_path / "input_codec.json").write_text(text.replace('"bands": 20', '"bands": 1'), encoding="utf-8")
    with pytest.raises(RunError, match="damaged"):
        codecs.load(tmp_path, "input_codec")


def test_a_sound_is_shown_with_its_length_and_rate(tmp_path: Path) -> None:
    codec = AudioCodec().fit([(tone(300.0), 8000)])
    assert codec.show(str(wav(tmp_path / "a.wav", tone(440.0)))) == "a.wav (0.50 s at 8,000 Hz)"
    assert codec.show((tone(300.0), 8000)) == "samples (0.50 s at 8,000 Hz)"
