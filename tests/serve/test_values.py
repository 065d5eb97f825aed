"""What a request carries is decoded by the same readers as files, within narrower bounds; too large is 413."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from recur.codecs import AudioCodec, Codec, FramesCodec, ImagesCodec, NotesCodec

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.serve.problems import RequestError
from recur.serve.values import raw
from tests.serve.asking import as_data, picture, refused, told


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
    assert raw(ImagesCodec(), as_data("image/png", png(3, 2))).tolist() == [[[200]] * 3] * 2
    samples, rate = raw(AudioCodec(), as_data("audio/wav", sound(800, "WAV")))
    assert (len(samples), rate) == (800, 8000)


def test_a_picture_of_more_pixels_than_a_request_may_have_is_too_large() -> None:
    error = refusal(ImagesCodec(), as_data("image/png", png(6000, 5000)))
    assert error.status_code == 413
    assert "6,000 columns x 5,000 rows" in error.message


def test_a_sound_of_more_samples_than_a_request_may_have_is_too_large() -> None:
    error = refusal(AudioCodec(), as_data("audio/flac", sound(31_000_000)))
    assert error.status_code == 413
    assert "31,000,000 samples" in error.message


@pytest.mark.parametrize(
    ("codec", "value", "says"),
    [
        (ImagesCodec(), as_data("image/png", b"DDS |" + bytes(124)), "not a picture of a known format"),
        (ImagesCodec(), as_data("image/png", b"\x89PNG\r\n\x1a\n" + bytes(30)), "the picture is damaged"),
        (AudioCodec(), as_data("audio/wav", b"RIFF" + bytes(40)), "the sound is damaged or not a sound"),
        (AudioCodec(), "data:audio/wav;base64,", "the sound is damaged or not a sound"),
        (FramesCodec(), as_data("video/mp4", bytes(99)), "the video is damaged or not a video"),
        (NotesCodec(), as_data("audio/midi", b"MThd" + bytes(9)), "the piece is damaged or not a MIDI file"),
    ],
)
def test_what_is_damaged_is_named_by_what_it_is(codec: Codec, value: str, says: str) -> None:
    for extra in {"images": "PIL", "audio": "soundfile", "frames": "av", "notes": "symusic"}[codec.kind].split():
        pytest.importorskip(extra)
    error = refusal(codec, value)
    assert error.status_code == 400
    assert says in error.message


def test_another_format_of_sound_is_refused() -> None:
    error = refusal(AudioCodec(), as_data("audio/wav", sound(900, "AIFF")))
    assert error.status_code == 400
    assert "is AIFF; expected WAV" in error.message


def test_pictures_are_sent_as_data_or_numbers(client: TestClient) -> None:
    inputs = [as_data("image/png", picture(0)), as_data("image/png", picture(250)), [[250] * 6] * 6]
    found = told(client, "/predict", {"model": "pictures", "inputs": inputs, "top": 2})["predictions"]
    for sent, numbers in zip(found[1]["scores"], found[2]["scores"], strict=True):
        assert sent["value"] == numbers["value"]
        assert sent["probability"] == pytest.approx(numbers["probability"], rel=1e-4)
    assert {found[0]["value"], found[1]["value"]} <= {"a", "b"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("/etc/hostname", "which must be in the request itself"),
        ("picture.png", "which must be in the request itself"),
        ({"picture": "../secret.png"}, "which must be in the request itself"),
        ("data:image/png;base64,@@@", "is not base64"),
        ("data:image/png;base64,AAAA", "the picture is damaged or not a picture of a known format (PNG, JPEG"),
        (as_data("image/png", b"DDS |" + bytes(124)), "not a picture of a known format (PNG, JPEG"),
        (as_data("image/png", b"BLP2" + bytes(200)), "not a picture of a known format (PNG, JPEG"),
        ([[300]], "which must be in the request itself"),
        ([["/etc/hostname"]], "which must be in the request itself"),
    ],
)
def test_the_server_never_opens_a_file_that_a_request_names(client: TestClient, value: Any, says: str) -> None:
    assert says in refused(client, "/predict", {"model": "pictures", "inputs": [value]})
    assert says in refused(client, "/explain", {"model": "pictures", "value": value})
