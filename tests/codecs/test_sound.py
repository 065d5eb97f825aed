"""Sounds are read as samples, and their rate is changed without folding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import (
    AudioCodec,
)
from recur.codecs.sound import is_sound, read_sound, resample
from recur.errors import DamagedError, DataError, TooLargeError
from tests.codecs.sounds import tone, wav
from tests.tolerances import EXACT, FILTERED, agree

soundfile = pytest.importorskip("soundfile")


@pytest.mark.parametrize(("rate", "new"), [(8000, 16000), (16000, 8000), (44100, 8000), (8000, 11025), (22050, 16000)])
def test_a_resampled_tone_is_the_tone_at_the_new_rate(rate: int, new: int) -> None:
    hertz = 0.35 * min(rate, new)
    found = resample(tone(hertz, rate), rate, new)
    expected = tone(hertz, new)
    assert len(found) == -(-len(tone(hertz, rate)) * new // rate)
    inside = slice(new // 20, len(expected) - new // 20)
    agree(found[: len(expected)][inside], expected[inside], FILTERED)


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
    agree(long[middle - 20 : middle + 20], np.ones(40), FILTERED)


@pytest.mark.parametrize(
    "value", [7, "text", [0.1, 0.2], (np.zeros(4), 8000.0), (np.zeros(0), 8000), (np.zeros((2, 2, 2)), 8000)]
)
def test_what_is_no_sound_is_refused_in_words(value: Any) -> None:
    with pytest.raises(DataError, match="expected"):
        read_sound(value)


def test_samples_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DamagedError, match="not finite numbers"):
        read_sound((np.array([0.0, np.nan]), 8000))


def test_a_sound_of_one_hertz_is_not_made_to_a_billion_samples() -> None:
    codec = AudioCodec(sample_rate=16_000).fit([(np.sin(np.arange(800.0)), 16_000)])
    with pytest.raises(TooLargeError, match=r"1,0\d\d,\d+,\d+ samples x 8 bytes"):
        codec.encode((np.sin(np.arange(66_500.0)), 1))
    with pytest.raises(TooLargeError, match="frequencies"):
        AudioCodec(sample_rate=2**31)


@pytest.mark.parametrize(("rate", "new"), [(44_101, 16_000), (1_000_000, 8_000), (3, 7), (8_000, 11_025)])
def test_filters_made_piece_by_piece_are_those_made_at_once(
    rate: int, new: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.random.default_rng(0).standard_normal(3000)
    expected = resample(samples, rate, new)
    monkeypatch.setattr("recur.codecs.sound._TABLE", 4096)
    agree(resample(samples, rate, new), expected, EXACT)


@pytest.mark.parametrize("form", ["XI", "AIFF", "AU", "MAT5", "OGG", "CAF"])
def test_sounds_of_other_formats_are_refused_whatever_their_name(tmp_path: Path, form: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    kind = {"XI": "DPCM_16"}.get(form)
    soundfile.write(tmp_path / "a.wav", np.zeros(900), 44_100, format=form, subtype=kind)
    with pytest.raises(DamagedError, match=f"is {form}; expected WAV"):
        AudioCodec().fit([tmp_path / "a.wav"])


@pytest.mark.parametrize(
    ("value", "sound"),
    [("a.wav", True), ("A.FLAC", True), (Path("x"), True), ("a.mp3", False), (3, False), (("a.wav", 1), False)],
)
def test_a_sound_is_known_by_the_end_of_its_name(value: Any, sound: bool) -> None:
    assert is_sound(value) is sound


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([-32768, 0, 16384], np.int16), [-1.0, 0.0, 0.5]), (np.array([0.5, -0.25]), [0.5, -0.25]),
        (np.array([[1.0, 0.0], [0.5, -0.5]]), [0.5, 0.0]), (np.array([0, 255], np.uint8), [0.0, 1.0]),
    ],
)  # fmt: skip
def test_samples_lie_between_minus_1_and_1_and_channels_are_averaged(
    samples: np.ndarray, expected: list[float]
) -> None:
    found, rate = read_sound((samples, 8000))
    assert (found.tolist(), found.dtype, rate) == (expected, np.float64, 8000)


def test_a_file_gives_its_samples_and_its_rate(tmp_path: Path) -> None:
    samples = np.array([0.0, 0.5, -1.0, 0.25])
    found, rate = read_sound(wav(tmp_path / "a.wav", samples, 11025))
    assert (found.tolist(), rate) == (samples.tolist(), 11025)


def test_a_file_without_samples_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wav(path, np.zeros(0))
    with pytest.raises(DamagedError, match=r"a\.wav is damaged: it holds no samples") as caught:
        read_sound(path)
    assert caught.value.hint == "--damaged skip leaves such files out"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="there is no file") as caught:
        read_sound(str(tmp_path / "none.wav"))
    assert caught.value.hint == "paths in a table are read from the folder of the table"


def test_the_same_rate_is_left_alone() -> None:
    samples = np.zeros(3)
    assert resample(samples, 8000, 8000) is samples
