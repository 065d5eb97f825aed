"""Files that were found to end in something else than rows or a sentence; each stays refused, or read."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recur.codecs import NumbersCodec
from recur.config import Config, DataConfig
from recur.data.examples.split import value_hash
from recur.data.read import read
from recur.data.readers.lines import check_text_file
from recur.errors import DataError, closest, did_you_mean
from recur.training.check import check
from tests.data.reading import refused, written

USUAL = DataConfig()


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
NO_CHARACTER = saved(np.array(["a", "b"] * 9)).replace(b"a\0\0\0", b"a\0\0\x99", 1)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(HEADER)) + HEADER, "takes 8,000,000,000,000"),
        ("a.npy", saved(np.ones(9))[:-3], "is damaged: 69 bytes of numbers"),
        ("a.npy", b"\x93NUMPY\x01\x00\x10\x27" + b"[" * 10_000, "is damaged or not an array"),
        ("a.npy", saved(np.array([1, 2.5]).astype("c16")), "expected an array of numbers or texts, found complex128"),
        ("a.npy", saved(np.array([1, {}], object)), "holds Python objects"),
        ("a.npy", saved(np.float64(3)), "found float64 of shape ()"),
        ("a.npy", NO_CHARACTER, "is above 0x10ffff"),
        ("a.npy", zipped("x.npy", saved(np.ones(3))), "holds several arrays"),
        ("a.npz", zipped("x.npy", NO_CHARACTER), "is above 0x10ffff"),
        ("a.npz", zipped("readme.txt", b"no array is in here"), "is damaged or not a file of arrays"),
        ("a.npz", zipped("x.npy", saved(np.array([1, {}], object))), "holds Python objects"),
        ("a.npz", zipped("x.npy", saved(np.ones(9)))[:-20], "is damaged or not a file of arrays"),
        ("a.idx.gz", gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", 8) + bytes(10**7), mtime=0), "17 or more bytes"),
        ("a.idx", b"\0\0\x0e\x04" + struct.pack(">IIII", *[2**31] * 4), "2,147,483,648 pictures"),
        ("a.jsonl", b'{"text":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n", "nested too deep"),
        ("a.jsonl", b'{"text":' + b"[" * 400 + b"]" * 400 + b"}\n", "nested too deep"),
        ("a.jsonl", b'{"x":' + b"9" * 5000 + b"}\n", "a number too long"),
    ],
)
def test_a_hostile_file_is_refused_with_its_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = written(tmp_path / name, content)
    error = refused(lambda: read(path, USUAL))
    assert error.message.startswith(str(path))
    assert said in error.message
    assert len(error.message) < 400


def test_brackets_in_a_text_are_no_nesting(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "' + "[" * 500 + '"}\n{"text": "b"}\n')
    assert read(path, USUAL)[0]["text"] == "[" * 500


def test_half_a_surrogate_pair_in_json_is_replaced_in_names_and_values(tmp_path: Path) -> None:
    rows = "".join(f'{{"te\\ud800xt": "a {n} \\udc80", "label": ["\\ud83d\\ude00{n % 2}"]}}\n' for n in range(30))
    table = read(written(tmp_path / "a.jsonl", rows), USUAL)
    assert table.columns == ["te\ufffdxt", "label"]
    assert table[1] == {"te\ufffdxt": "a 1 \ufffd", "label": ["😀1"]}


def test_steps_of_unequal_length_are_refused_with_their_row(tmp_path: Path) -> None:
    rows = "".join(f'{{"series": [[1, [{n}]], [2, 3, 4]], "label": {n % 2}}}\n' for n in range(30))
    config = Config.of(source=str(written(tmp_path / "a.jsonl", rows)), input=["series"])
    assert (
        'a.jsonl:1: column "series": at step 1: expected a number, found list' in refused(lambda: check(config)).message
    )


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    for name in ("a.csv", "a.npy", "a.npz", "pipe"):
        os.mkfifo(tmp_path / name)
        assert "pipe" in refused(lambda name=name: read(tmp_path / name, USUAL)).message
    assert "a pipe or a device" in refused(lambda: check_text_file(Path("/dev/zero"))).message


def test_a_wide_table_is_judged_by_fewer_rows_and_each_is_parsed_once(tmp_path: Path) -> None:
    width = 3000
    rows = [
        ",".join(f"c{n}" for n in range(width)),
        *[",".join(str(n % 7 + row) for n in range(width)) for row in range(60)],
    ]
    table = read(written(tmp_path / "a.csv", "\n".join(rows) + "\n"), USUAL)
    assert len(table.columns) == width
    assert len(table.sample()) == 60
    assert table.sampled() is table.sampled()
    table.columns = table.columns * 20
    assert len(table.sample()) == 40


def test_names_too_long_to_be_mistyped_are_not_compared() -> None:
    assert closest("ab" * 20_000, ["ba" * 20_000]) is None
    assert closest("lable", ["label", "x" * 10**6]) == "label"
    assert len(did_you_mean("x", ["y" * 10**6])) < 200


def test_a_number_of_thousands_of_digits_in_a_row_is_refused() -> None:
    with pytest.raises(DataError, match="give whole numbers as texts|digits"):
        value_hash(10**5000)
    with pytest.raises(DataError, match="whole number of 16,610 bits"):
        NumbersCodec(sequence=False).fit([10**5000])
