"""Sounds become the frames that the formulas say; rates are changed without folding; damaged files are named."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from recur import codecs
from recur.codecs import AudioCodec, audio
from recur.codecs.array_cache import ArrayCache
from recur.codecs.sound import read_sound
from recur.config import Config
from recur.errors import ConfigError, DamagedError, RunError
from tests.codecs.sounds import tone, wav
from tests.tolerances import RESAMPLED, SINGLE, agree

soundfile = pytest.importorskip("soundfile")


def test_files_flac_and_samples_give_the_same_frames(tmp_path: Path) -> None:
    samples = np.round(tone(440.0) * 32767) / 32768
    path = wav(tmp_path / "a.wav", samples)
    soundfile.write(tmp_path / "a.flac", samples, 8000, subtype="PCM_16")
    codec = AudioCodec().fit([str(path)])
    expected = codec.encode((samples, 8000))
    assert codec.sample_rate == 8000
    assert expected.shape == (1 + (4000 - 200) // 80, 40)
    assert expected.dtype == np.float32
    agree(codec.encode(str(path)), expected)
    agree(codec.encode(tmp_path / "a.flac"), expected)
    agree(codec.encode(((samples * 32768).astype(np.int16), 8000)), expected)
    stereo = np.stack([samples, samples], axis=1)
    agree(codec.encode((stereo, 8000)), expected)


def test_columns_have_mean_zero_and_deviation_one_and_come_back() -> None:
    draw = np.random.default_rng(3)
    sounds = [(draw.normal(size=2000) * 0.1, 8000) for _ in range(5)]
    codec = AudioCodec("mfcc", bands=26).fit(sounds)
    together = np.concatenate([codec.encode(sound) for sound in sounds]).astype(np.float64)
    assert together.shape[1] == codec.size == 13
    deviation = together.std(axis=0)
    agree(deviation, np.ones(13))
    assert np.abs(together.mean(axis=0)).max() < SINGLE * deviation.max()
    agree(codec.decode(codec.encode(sounds[0])), codec.frames(sounds[0]))


def test_another_rate_is_resampled_to_the_first(tmp_path: Path) -> None:
    first, second = wav(tmp_path / "a.wav", tone(500.0)), wav(tmp_path / "b.wav", tone(500.0, 16000), 16000)
    codec = AudioCodec().fit([str(first), str(second)])
    assert codec.sample_rate == 8000
    assert codec.resampled == 1
    assert len(codec.encode(str(second))) == len(codec.encode(str(first)))
    loudest = int(np.argmax(codec.frames(str(first)).mean(axis=0)))
    found, expected = (codec.frames(str(path))[5:-5, loudest] for path in (second, first))
    agree(found, expected, RESAMPLED)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"not a sound at all" * 20])
def test_a_file_that_is_no_sound_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"bad\.wav is damaged"):
        AudioCodec().check_file(str(path))


def test_a_flac_that_is_cut_short_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    soundfile.write(tmp_path / "whole.flac", draw.normal(size=8000) * 0.1, 8000)
    content = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedError, match=r"cut\.flac is damaged"):
        AudioCodec().check_file(str(tmp_path / "cut.flac"))
    with pytest.raises(DamagedError, match="there is no file"):
        AudioCodec().check_file(str(tmp_path / "absent.wav"))


def test_more_bands_than_the_window_can_tell_apart_are_refused() -> None:
    with pytest.raises(ConfigError, match="200 mel bands are too many") as caught:
        AudioCodec(bands=200).fit([(tone(300.0), 8000)])
    assert "--audio-bands" in str(caught.value.hint)


def test_files_are_computed_once_and_again_after_they_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "_cache", ArrayCache())
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
