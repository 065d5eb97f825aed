"""Videos as sequences of pictures: files that the tests write, folders, lists and arrays."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import FramesCodec
from recur.codecs.frames import read_video
from recur.errors import DamagedError, DataError, MissingExtraError
from tests.pictures import noise, write_picture, write_video


@given(st.integers(0, 5), st.integers(1, 5), st.sampled_from([1, 3]))
def test_frames_come_back_exactly(steps: int, side: int, channels: int) -> None:
    codec = FramesCodec().fit([noise(3, side, 4, channels)])
    frames = noise(steps, side, 4, channels, seed=1)
    assert codec.encode(frames).shape == (steps, side, 4, channels)
    assert np.array_equal(codec.decode(codec.encode(frames)), frames)


def test_a_video_a_folder_a_list_and_an_array_are_the_same(tmp_path: Path) -> None:
    frames = noise(12, 16, 24, 3)
    video = write_video(tmp_path / "clip.mkv", list(frames))
    paths = [write_picture(tmp_path / "frames" / f"frame{place}.png", each) for place, each in enumerate(frames)]
    codec = FramesCodec().fit([video])
    assert codec.describe() == "frames: 16 x 24, rgb"
    for value in (str(video), video, tmp_path / "frames", paths, list(frames), frames):
        assert np.array_equal(codec.decode(codec.encode(value)), frames)


def test_frame_rate_takes_what_is_on_the_screen(tmp_path: Path) -> None:
    frames = noise(10, 16, 16, 3)
    video = write_video(tmp_path / "clip.mkv", list(frames), rate=10)
    assert np.array_equal(read_video(video, 5.0), frames[::2])
    assert np.array_equal(read_video(video, 2.0), frames[::5])
    assert np.array_equal(read_video(video, 20.0)[:6], frames[[0, 0, 1, 1, 2, 2]])
    assert np.array_equal(read_video(video, 10.0), frames)


def test_a_codec_read_from_its_file_encodes_alike(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mkv", list(noise(6, 16, 16, 3)))
    codec = FramesCodec(size=8, color="gray", frame_rate=5).fit([video])
    codec.save(tmp_path, "c")
    again = codecs.load(tmp_path, "c")
    assert again.describe() == codec.describe() == "frames: 8 x 8, gray, 5 per second"
    assert np.array_equal(again.encode(video), codec.encode(video))
    assert again.encode(video).shape == (3, 8, 8, 1)


def test_a_damaged_video_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(DamagedError, match="clip.mp4 is damaged or not a video"):
        FramesCodec().fit([path])
    with pytest.raises(DamagedError, match="none.mp4 is missing"):
        FramesCodec().fit([tmp_path / "none.mp4"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DamagedError, match="has no pictures in it"):
        FramesCodec().fit([tmp_path / "empty"])


def test_what_is_no_video_is_refused() -> None:
    codec = FramesCodec().fit([noise(2, 4, 4)])
    with pytest.raises(DataError, match="expected frames of uint8"):
        codec.encode(noise(2, 4, 4).astype(float))
    with pytest.raises(DataError, match="expected frames, found int"):
        codec.encode(3)
    with pytest.raises(DataError, match="expected frames of shape"):
        codec.decode(np.zeros((2, 4, 4)))


def test_without_pyav_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"recur-nn\[video\]"):
        FramesCodec().fit([path])


def test_it_shows_itself(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mkv", list(noise(9, 16, 32, 3)))
    codec = FramesCodec().fit([video])
    assert codec.show(video) == "clip.mkv"
    assert codec.show(noise(3, 4, 4)) == "3 frames"


def test_frames_are_sorted_by_numbers_and_other_digits_are_letters(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("L", (4, 4))
    for name in ("²", "f10", "f2"):
        image.save(tmp_path / f"{name}.png")
    assert [path.stem for path in FramesCodec().pictures(tmp_path)] == ["f2", "f10", "²"]
