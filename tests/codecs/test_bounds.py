"""Small inputs that ask for much: each is refused with the product, before the memory is taken or the time is spent."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.codecs import FramesCodec, NotesCodec, SubwordsCodec, WordsCodec
from recur.codecs.bounds import bounds, check_memory, within
from recur.codecs.pictures import read_picture
from recur.config import DataConfig
from recur.data.read import read
from recur.errors import TooLargeError
from tests.data.reading import written

USUAL = DataConfig()


def midi(delta: int, ticks: int = 1) -> bytes:
    """One note of so many ticks."""
    length = [delta & 127]
    while delta := delta >> 7:
        length.insert(0, 128 | delta & 127)
    track = b"\x00\x90\x3c\x40" + bytes(length) + b"\x80\x3c\x40\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks) + b"MTrk" + struct.pack(">I", len(track)) + track


def png(width: int, height: int) -> bytes:
    """The header of a gray picture of any size, and a few of its rows."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")


def array_header(shape: str) -> bytes:
    """The header of a .npy file."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def member(content: bytes) -> bytes:
    """An .npz file with one member, packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return buffer.getvalue()


def read_notes(path: Path) -> Any:
    return NotesCodec().encode(path)


def read_melody(path: Path) -> Any:
    return NotesCodec("melody").fit(["C4"]).encode(path)


@pytest.mark.parametrize(
    ("name", "content", "action", "said"),
    [
        ("a.mid", midi(2**28 - 1), read_notes, "1,073,741,820 steps; expected at most 10,000,000"),
        ("a.mid", midi(2**28 - 1), read_melody, "1,073,741,820 steps"),
        ("a.mid", midi(2_000_000), read_notes, "8,000,000 steps x 88 keys x 4 bytes"),
        ("a.png", png(60_000, 4_000), read_picture, "240000000 pixels"),
        ("a.png", png(16_000, 10_000), read_picture, "16,000 columns x 10,000 rows"),
        ("a.csv", b"," * 400_000 + b"\n1\n", lambda path: read(path, USUAL), "400,001 columns; expected at most"),
        (
            "a-images-idx3-ubyte.gz",
            gzip.compress(b"\0\0\x08\x03" + struct.pack(">III", 2**32 - 1, 2**32 - 1, 2**32 - 1), mtime=0),
            lambda path: read(path, USUAL),
            "4,294,967,295 pictures x 4,294,967,295 rows",
        ),
    ],
)  # fmt: skip
def test_a_header_that_asks_for_much_is_refused_with_the_product(
    tmp_path: Path, name: str, content: bytes, action: Callable[[Path], Any], said: str
) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(TooLargeError) as caught:
        action(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_arrays_that_unpack_to_more_than_a_table_may_take_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", member(array_header("(200000,)") + bytes(1_600_000)))
    assert path.stat().st_size < 3000
    assert len(read(path, USUAL)) == 200_000
    with within(table=1_000_000), pytest.raises(TooLargeError, match=r"1,600,000 bytes x 1 byte"):
        read(path, USUAL)


@pytest.mark.parametrize(
    ("line", "said"), [("C4*100000000", "400,000,000 steps"), ("C4 r*3000000", "12,000,004 steps")]
)
def test_a_line_of_notes_is_no_longer_than_a_value_may_be(line: str, said: str) -> None:
    with pytest.raises(TooLargeError, match=said):
        NotesCodec().encode(line)


def test_a_video_is_refused_while_it_is_decoded(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "long.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(40):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        container.mux(stream.encode())
    with within(steps=10), pytest.raises(TooLargeError, match="has 11 frames; expected at most 10"):
        FramesCodec().fit([path])
    with within(bytes=32 * 32 * 3 * 2 * 20), pytest.raises(TooLargeError, match="21 frames or more x 32 rows"):
        FramesCodec().fit([path])
    # times of a frame decide how often it is repeated
    with within(steps=1000), pytest.raises(TooLargeError, match="frames; expected at most 1,000"):
        FramesCodec(frame_rate=1e6).fit([path])
    assert len(list(FramesCodec().pictures(path))) == 40


@pytest.mark.parametrize("name", ["playlist.mp4", "list.mp4"])
def test_a_playlist_by_the_name_of_a_video_opens_no_other_file(tmp_path: Path, name: str) -> None:
    pytest.importorskip("av")
    texts = {"playlist.mp4": "#EXTM3U\n#EXTINF:10,\n/etc/hostname\n", "list.mp4": "ffconcat version 1.0\nfile a.mp4\n"}
    path = written(tmp_path / name, texts[name])
    with pytest.raises(Exception, match="damaged or not a video"):
        FramesCodec().fit([path])


HOSTILE: dict[str, Callable[[int], str]] = {
    "signs within a word": lambda n: "a" + "!" * n + "a",
    "signs": lambda n: "!" * n,
    "digits before a letter": lambda n: "1" * n + "a",
    "groups of digits": lambda n: "1," * (n // 2) + "1a",
    "abbreviations": lambda n: "a." * (n // 2),
    "hyphens": lambda n: "a-" * (n // 2),
    "contractions": lambda n: "n't" * (n // 3) + "!",
    "brackets": lambda n: "(a" * (n // 2),
    "accents": lambda n: "\u0301" * n,
    "white space": lambda n: " " * n + "x",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_splitting_and_joining_take_time_in_proportion_to_the_text(kind: str) -> None:
    split = WordsCodec().fit(["it is n't , he said . do well and so on ,"])
    words = WordsCodec().fit(["It isn't, he said. Do well (and so on) 3.14 U.S. x! ! ?"])
    subwords = SubwordsCodec(size=300).fit(["hello world 123"])
    text = HOSTILE[kind](20_000)
    began = time.process_time()
    for codec in (split, words, subwords):
        assert codec.decode(codec.encode(text)) is not None
    # the square of 20,000 takes ten seconds and more
    assert time.process_time() - began < 4.0


def test_a_text_too_long_for_the_tokenizer_is_refused() -> None:
    codec = WordsCodec().fit(["It is so, he said."])
    with pytest.raises(TooLargeError, match=r"5,000,001 characters; expected at most 5,000,000"):
        codec.encode("1" * 5_000_000 + "a")


def test_limits_are_narrowed_and_never_widened() -> None:
    usual = bounds()
    with within(steps=5), within(steps=50, bytes=10) as inner:
        assert (inner.steps, inner.bytes, inner.characters) == (5, 10, usual.characters)
        with pytest.raises(TooLargeError, match=r"x takes 1 MB of memory \(3 a x 4 b x 1 byte\)"):
            check_memory("x", (3, "a"), (4, "b"), item=1)
    assert bounds() == usual
