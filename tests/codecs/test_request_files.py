"""Files within a request: contents in base64 or as numbers, and never a path."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from recur.codecs import ImagesCodec
from recur.codecs.request_files import as_file, decode_data_url, pixel_values
from recur.errors import DamagedError, DataError


@pytest.fixture
def codec() -> ImagesCodec:
    """A codec of values that are files."""
    return ImagesCodec()


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256))])
def test_contents_come_back_from_base64(codec: ImagesCodec, content: bytes) -> None:
    assert decode_data_url(codec, "data:image/png;base64," + base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "value",
    ["/etc/passwd", "a.png", "", "data:image/png,AAAA", "data:image/png;base64", "http:image/png;base64,AAAA", "AAAA"],
)
def test_a_path_is_refused_with_how_contents_are_carried(codec: ImagesCodec, value: str) -> None:
    with pytest.raises(DataError, match="reads images, which must be in the request itself") as caught:
        decode_data_url(codec, value)
    assert caught.value.hint == codec.file.request_form


@pytest.mark.parametrize("data", ["A", "AAA", "A*==", "AA AA=", "ä"])
def test_damaged_base64_is_refused(codec: ImagesCodec, data: str) -> None:
    with pytest.raises(DataError, match="the data is not base64"):
        decode_data_url(codec, f"data:;base64,{data}")


def test_rows_of_numbers_from_0_to_255_are_bytes(codec: ImagesCodec) -> None:
    array = pixel_values(codec, [[0, 255], [7, 8]])
    assert (array.dtype, array.tolist()) == (np.uint8, [[0, 255], [7, 8]])


@pytest.mark.parametrize("value", [[], [[]], [-1], [256], [0.5], ["a"], "a.png", None, [[1], [2, 3]], [True], {}])
def test_other_numbers_are_no_bytes(codec: ImagesCodec, value: Any) -> None:
    with pytest.raises(DataError, match="which must be in the request itself"):
        pixel_values(codec, value)


def test_contents_are_a_file_only_for_as_long_as_they_are_read() -> None:
    with as_file(b"abc", ".mid", "the piece") as path:
        assert (path.read_bytes(), path.suffix) == (b"abc", ".mid")
    assert not path.parent.exists()


def test_a_refusal_names_what_was_sent_and_no_place_on_the_server() -> None:
    with (
        pytest.raises(DamagedError, match=r"^the piece is cut short\n") as caught,
        as_file(b"", ".mid", "the piece") as path,
    ):
        raise DamagedError(f"{path} is cut short", hint="send it again")
    assert caught.value.hint == "send it again"
