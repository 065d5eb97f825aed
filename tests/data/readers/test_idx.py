"""idx files: MNIST as it is, and files that are damaged or belong to something else."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.config import Config, DataConfig
from recur.data import load, read
from recur.data.readers.folder import split_files
from recur.data.readers.idx import is_idx, read_idx, read_idx_table
from tests.data.reading import refused, written
from tests.pictures import noise

KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def packed(array: np.ndarray, code: int = 0x08) -> bytes:
    """The bytes of an idx file."""
    head = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(KINDS[code]).tobytes()


def mnist(folder: Path, train: int = 60, test: int = 20, *, gz: bool = True) -> Path:
    """A folder with the four files of MNIST's names."""
    for name, count in (("train", train), ("t10k", test)):
        images, labels = noise(count, 6, 5, seed=count), np.arange(count, dtype=np.uint8) % 3
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            content = packed(array)
            written(folder / f"{name}-{kind}-ubyte{'.gz' * gz}", gzip.compress(content, mtime=0) if gz else content)
    return folder


@given(
    st.sampled_from(sorted(KINDS)), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.booleans(),
    st.integers(0, 99),
)  # fmt: skip
def test_any_array_comes_back(scratch: Path, code: int, shape: list[int], gz: bool, seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 100, shape).astype(KINDS[code])
    content = packed(array, code)
    path = written(scratch / "array.idx", gzip.compress(content, mtime=0) if gz else content)
    assert is_idx(path)
    found = read_idx(path)
    assert np.array_equal(found, array)
    assert found.dtype == array.dtype.newbyteorder("=")


@pytest.mark.parametrize("gz", [False, True])
def test_pictures_come_with_the_labels_beside_them(tmp_path: Path, gz: bool) -> None:
    mnist(tmp_path, gz=gz)
    path = next(tmp_path.glob("train-images*"))
    table = read(path, DataConfig())
    assert (table.columns, len(table)) == (["image", "label"], 60)
    assert table[4]["label"] == 1
    assert np.array_equal(table[4]["image"], noise(60, 6, 5, seed=60)[4])
    assert table.where(4) == f"{path.name}, picture 5"


def test_pictures_alone_have_no_label_column(tmp_path: Path) -> None:
    path = written(tmp_path / "pictures.idx", packed(noise(3, 4, 4)))
    assert read(path, DataConfig()).columns == ["image"]


def test_a_folder_of_four_files_is_train_and_test(tmp_path: Path) -> None:
    parts = split_files(mnist(tmp_path))
    assert parts is not None
    assert (parts.train.name[:5], parts.dev, parts.test and parts.test.name[:4]) == ("train", None, "t10k")
    mnist(tmp_path, gz=False)
    unpacked = split_files(tmp_path)
    assert unpacked is not None
    assert unpacked.train.name == "train-images-idx3-ubyte"
    dataset = load(Config.of(source=str(tmp_path)))
    assert dataset.roles.sentence == "image, label -> one-to-one, images -> class"
    assert dataset.test is not None
    assert (len(dataset.train) + len(dataset.dev), len(dataset.test)) == (60, 20)


def test_equal_pictures_are_held_out_together(tmp_path: Path) -> None:
    # as large as those whose text NumPy shortens
    one, other = noise(40, 40, seed=1), noise(40, 40, seed=2)
    pictures = np.stack([one if place % 2 else other for place in range(40)])
    written(tmp_path / "train-images-idx3-ubyte", packed(pictures))
    written(tmp_path / "train-labels-idx1-ubyte", packed(np.arange(40, dtype=np.uint8) % 2))
    dataset = load(Config.of(source=str(tmp_path / "train-images-idx3-ubyte"), dev_fraction=0.5))
    held = {dataset.dev[place].input.tobytes() for place in range(len(dataset.dev))}
    learned = {dataset.train[place].input.tobytes() for place in range(len(dataset.train))}
    assert not held & learned


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw[:-1], "is damaged: 75 bytes where an array of 3 x 4 x 5 takes 76"),
        (lambda raw: raw + b"\0", "is damaged: 77 or more bytes"),
        (lambda raw: raw[:9], "is damaged"),
        (lambda raw: gzip.compress(raw, mtime=0)[:-9], "is damaged"),
        (lambda _: b"plain text", "is not an idx file: it begins with 70 6c 61 69"),
        (lambda _: b"", "is not an idx file: it begins with nothing"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, change: object, said: str) -> None:
    path = written(tmp_path / "x-images-idx3-ubyte", change(packed(noise(3, 4, 5))))
    error = refused(lambda: read_idx(path))
    assert error.message.startswith(str(path))
    assert said in error.message


def test_labels_alone_and_labels_of_others_are_refused(tmp_path: Path) -> None:
    labels = written(tmp_path / "train-labels-idx1-ubyte", packed(noise(3)))
    assert "expected pictures" in refused(lambda: read_idx_table(labels)).message
    images = written(tmp_path / "train-images-idx3-ubyte", packed(noise(4, 2, 2)))
    assert "has labels of shape (3,), and train-images" in refused(lambda: read_idx_table(images)).message


@pytest.mark.data
def test_mnist_is_read_as_it_is(data_folder: Path) -> None:
    parts = split_files(data_folder / "mnist", ["SOURCE.txt"])
    assert parts is not None
    assert parts.test is not None
    for path, count, first in ((parts.train, 60_000, 5), (parts.test, 10_000, 7)):
        table = read_idx_table(path)
        assert len(table) == count
        assert (table[0]["label"], table[0]["image"].shape) == (first, (28, 28))
