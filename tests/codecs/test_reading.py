"""From any exception of a library to a sentence; errors of our own stay what they are."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.reading import written

from recur.codecs import AudioCodec, ClassCodec, FramesCodec, ImagesCodec, NotesCodec, NumbersCodec, SpelledWordsCodec
from recur.codecs.reading import reading
from recur.errors import DamagedError, DataError


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (MemoryError("Unable to allocate 7 TiB"), "a.x needs more memory than there is (Unable to allocate 7 TiB)"),
        (RecursionError(), "a.x is nested too deep"),
        (OverflowError("int too large"), "a.x holds a number that is too large (int too large)"),
        (OSError(errno.ENOSPC, "No space left on device"), "a.x cannot be read: No space left on device"),
        (struct.error("short"), "a.x is damaged or no picture (short)"),
        (EOFError(), "a.x is damaged or no picture (EOFError)"),
    ],
)
def test_a_fault_of_the_input_is_a_sentence_with_its_cause(fault: Exception, said: str) -> None:
    with pytest.raises(DamagedError) as caught, reading("a.x", "picture", faults=(struct.error, EOFError)):
        raise fault
    assert caught.value.message.startswith(said)
    assert caught.value.__cause__ is fault
    assert caught.value.hint


def test_an_exception_that_passed_through_a_library_is_the_files_fault() -> None:
    with pytest.raises(DamagedError, match="damaged or no JSON"), reading("a.x", "JSON", libraries=("json",)):
        json.loads("{")


@pytest.mark.parametrize("fault", [TypeError("ours"), KeyError("ours"), IndexError("ours"), KeyboardInterrupt()])
def test_a_programming_error_stays_what_it_is(fault: BaseException) -> None:
    with pytest.raises(type(fault)), reading("a.x", "picture", libraries=("PIL",)):
        raise fault


def test_a_pipe_and_a_device_are_not_read(tmp_path: Path) -> None:
    for codec, name in (
        (ImagesCodec(), "a.png"), (NotesCodec(), "a.mid"), (FramesCodec(), "a.mp4"), (AudioCodec(), "a.wav"),
    ):  # fmt: skip
        with pytest.raises(DamagedError, match="is missing|there is no file"):
            codec.fit([tmp_path / name])
        os.mkfifo(tmp_path / name)
        with pytest.raises(DamagedError, match="is a named pipe, expected a"):
            codec.fit([tmp_path / name])
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("/dev/zero")
        with pytest.raises(DamagedError, match="is a device, expected a"):
            codec.fit([tmp_path / name])


@pytest.mark.parametrize("form", ["DDS", "AVIF", "BLP", "ICO", "JPEG2000", "TGA", "PCX", "SGI"])
def test_pictures_of_other_formats_are_refused_whatever_their_name(tmp_path: Path, form: str) -> None:
    image = pytest.importorskip("PIL.Image").new("P" if form == "BLP" else "RGB", (16, 16))
    image.save(tmp_path / "a.png", form)
    with pytest.raises(DamagedError, match="no picture of a known format"):
        ImagesCodec().fit([tmp_path / "a.png"])


@pytest.mark.parametrize("form", ["XI", "AIFF", "AU", "MAT5", "OGG", "CAF"])
def test_sounds_of_other_formats_are_refused_whatever_their_name(tmp_path: Path, form: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    kind = {"XI": "DPCM_16"}.get(form)
    soundfile.write(tmp_path / "a.wav", np.zeros(900), 44_100, format=form, subtype=kind)
    with pytest.raises(DamagedError, match=f"is {form}; expected WAV"):
        AudioCodec().fit([tmp_path / "a.wav"])


@pytest.mark.parametrize(
    "value",
    [[[1], 2], [[[1], 2]], [[[[1]]]], [{}], [[None, "x"]], b"1", {"a": [1]}, [[1, 2], [3]], "9" * 5000, object(),
     [np.zeros((2, 2)), 1], np.array([[1, {}], [2, 3]], object), 10**400, [float("inf")]],
)  # fmt: skip
def test_values_that_are_no_series_are_refused_with_a_sentence(value: Any) -> None:
    codec = NumbersCodec(sequence=True).fit([[1.0, 2.0, 4.0]])
    with pytest.raises(DataError) as caught:
        codec.encode(value)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("value", [1e300, -1e308, np.float64(1e200)])
def test_a_number_that_no_float32_holds_is_refused_and_not_made_infinite(value: float) -> None:
    codec = NumbersCodec(sequence=False, columns=["x"]).fit([1.0, 2.0, 4.0])
    with pytest.raises(DataError, match='column "x"'):
        codec.encode(value)
    with pytest.raises(DataError, match="squares are too large"):
        NumbersCodec(sequence=False).fit([value, 1.0, -value])


@pytest.mark.parametrize("value", [[["C"] * 88, [[0]] * 88], [[60, [1]]], [[[60]]], 3, "C4*" + "9" * 5000, [None]])
def test_values_that_are_no_notes_are_refused(value: Any) -> None:
    with pytest.raises(DataError):
        NotesCodec().encode(value)


def test_a_label_and_a_letter_that_utf8_cannot_write_are_replaced(tmp_path: Path) -> None:
    codec = ClassCodec().fit(["a\ud800", "b"])
    assert codec.labels == ["a\ufffd", "b"]
    codec.save(tmp_path, "target")
    spelled = SpelledWordsCodec().fit(["one \udc80x two"])
    spelled.save(tmp_path, "input")
    with pytest.raises(DataError, match="too many digits"):
        ClassCodec().fit([10**5000, 1])


def test_frames_are_sorted_by_numbers_and_other_digits_are_letters(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("L", (4, 4))
    for name in ("²", "f10", "f2"):
        image.save(tmp_path / f"{name}.png")
    assert [path.stem for path in FramesCodec().pictures(tmp_path)] == ["f2", "f10", "²"]


def test_a_truncated_picture_names_its_file_and_keeps_the_cause(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("RGB", (64, 64))
    image.save(tmp_path / "a.png")
    path = written(tmp_path / "cut.png", (tmp_path / "a.png").read_bytes()[:60])
    with pytest.raises(DamagedError, match=r"cut\.png is damaged or no picture") as caught:
        ImagesCodec().fit([path])
    assert caught.value.__cause__ is not None
