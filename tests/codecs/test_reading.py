"""From any exception of a library to a sentence; errors of our own stay what they are."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path

import pytest

from recur.codecs import AudioCodec, FramesCodec, ImagesCodec, NotesCodec
from recur.codecs.reading import reading
from recur.errors import DamagedError


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (MemoryError("Unable to allocate 7 TiB"), "a.x needs more memory than there is (Unable to allocate 7 TiB)"),
        (RecursionError(), "a.x is nested too deep"),
        (OverflowError("int too large"), "a.x holds a number that is too large (int too large)"),
        (OSError(errno.ENOSPC, "No space left on device"), "a.x cannot be read: No space left on device"),
        (struct.error("short"), "a.x is damaged or not a picture (short)"),
        (EOFError(), "a.x is damaged or not a picture (EOFError)"),
    ],
)
def test_a_fault_of_the_input_is_a_sentence_with_its_cause(fault: Exception, said: str) -> None:
    with pytest.raises(DamagedError) as caught, reading("a.x", "picture", faults=(struct.error, EOFError)):
        raise fault
    assert caught.value.message.startswith(said)
    assert caught.value.__cause__ is fault
    assert caught.value.hint


def test_an_exception_that_passed_through_a_library_is_the_files_fault() -> None:
    with (
        pytest.raises(DamagedError, match="damaged or not a JSON file"),
        reading("a.x", "JSON file", libraries=("json",)),
    ):
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
