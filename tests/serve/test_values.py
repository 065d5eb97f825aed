"""What a request carries is decoded by the same readers as files, within narrower bounds; too large is 413."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest

from recur.codecs import AudioCodec, Codec, FramesCodec, ImagesCodec, NotesCodec

pytest.importorskip("fastapi")
from recur.serve.problems import RequestError
from recur.serve.values import raw


def sent(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    pytest.importorskip("PIL.Image").new("L", (width, height), 200).save(buffer, "PNG")
    return buffer.getvalue()


def sound(count: int, form: str = "FLAC") -> bytes:
    buffer = io.BytesIO()
    pytest.importorskip("soundfile").write(buffer, np.zeros(count, np.int16), 8000, format=form)
    return buffer.getvalue()


def refusal(codec: Codec, value: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        raw(codec, value)
    assert "/tmp" not in caught.value.message
    assert "--" not in str(caught.value.hint)
    return caught.value


def test_pictures_and_sounds_are_read_as_files_are() -> None:
    assert raw(ImagesCodec(), sent("image/png", png(3, 2))).tolist() == [[[200]] * 3] * 2
    samples, rate = raw(AudioCodec(), sent("audio/wav", sound(800, "WAV")))
    assert (len(samples), rate) == (800, 8000)


def test_a_picture_of_more_pixels_than_a_request_may_have_is_too_large() -> None:
    error = refusal(ImagesCodec(), sent("image/png", png(6000, 5000)))
    assert error.status_code == 413
    assert "6,000 columns x 5,000 rows" in error.message


def test_a_sound_of_more_samples_than_a_request_may_have_is_too_large() -> None:
    error = refusal(AudioCodec(), sent("audio/flac", sound(31_000_000)))
    assert error.status_code == 413
    assert "31,000,000 samples" in error.message


@pytest.mark.parametrize(
    ("codec", "value", "says"),
    [
        (ImagesCodec(), sent("image/png", b"DDS |" + bytes(124)), "no picture of a known format"),
        (ImagesCodec(), sent("image/png", b"\x89PNG\r\n\x1a\n" + bytes(30)), "the picture is damaged"),
        (AudioCodec(), sent("audio/wav", b"RIFF" + bytes(40)), "the sound is damaged or no sound"),
        (AudioCodec(), "data:audio/wav;base64,", "the sound is damaged or no sound"),
        (FramesCodec(), sent("video/mp4", bytes(99)), "the video is damaged or no video"),
        (NotesCodec(), sent("audio/midi", b"MThd" + bytes(9)), "the piece is damaged or no MIDI file"),
    ],
)
def test_what_is_damaged_is_named_by_what_it_is(codec: Codec, value: str, says: str) -> None:
    for extra in {"images": "PIL", "audio": "soundfile", "frames": "av", "notes": "symusic"}[codec.kind].split():
        pytest.importorskip(extra)
    error = refusal(codec, value)
    assert error.status_code == 400
    assert says in error.message


def test_another_format_of_sound_is_refused() -> None:
    error = refusal(AudioCodec(), sent("audio/wav", sound(900, "AIFF")))
    assert error.status_code == 400
    assert "is AIFF; expected WAV" in error.message
