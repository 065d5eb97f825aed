"""Pictures as arrays: upright, over white, in eight bits, at one size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recur.codecs import ImagesCodec
from recur.codecs.pictures import are_axes, in_channels, is_picture, name_of, pixels_of, read_picture
from recur.errors import DamagedError, DataError
from tests.data.reading import written
from tests.pictures import noise, square, write_picture


def test_scaling_covers_the_size_and_cuts_both_sides_alike() -> None:
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 255
    assert (read_picture(wide, (10, 10)) == 255).all()
    assert read_picture(wide, (20, 60)).shape == (20, 60, 1)


def test_a_photo_is_turned_upright_and_lies_over_white(tmp_path: Path) -> None:
    array = noise(4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    Image.fromarray(array).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "turned.png"), np.rot90(array, -1))
    clear = np.dstack([array, np.zeros((4, 6), np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png") == 255).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 256, 65535]], np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png")[:, :, 0].tolist() == [[0, 1, 255]]


def test_a_jpeg_is_decoded_smaller_and_stays_the_picture(tmp_path: Path) -> None:
    smooth = np.kron(square(1, 12), np.ones((20, 20), np.uint8))
    path = write_picture(tmp_path / "a.jpg", smooth)
    small, exact = read_picture(path, (24, 24)).astype(int), read_picture(smooth, (24, 24)).astype(int)
    assert np.abs(small - exact).mean() < 6


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = write_picture(tmp_path / "cut.png", noise(40, 40))
    path.write_bytes(path.read_bytes()[:-700] if content is None else content)
    with pytest.raises(DamagedError, match=r"cut.png is damaged or not a picture") as caught:
        read_picture(path)
    assert "--damaged skip" in str(caught.value.hint)
    with pytest.raises(DamagedError, match=r"none.png is missing"):
        read_picture(tmp_path / "none.png")


@pytest.mark.parametrize("form", ["DDS", "AVIF", "BLP", "ICO", "JPEG2000", "TGA", "PCX", "SGI"])
def test_pictures_of_other_formats_are_refused_whatever_their_name(tmp_path: Path, form: str) -> None:
    image = pytest.importorskip("PIL.Image").new("P" if form == "BLP" else "RGB", (16, 16))
    image.save(tmp_path / "a.png", form)
    with pytest.raises(DamagedError, match="not a picture of a known format"):
        ImagesCodec().fit([tmp_path / "a.png"])


def test_a_truncated_picture_names_its_file_and_keeps_the_cause(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("RGB", (64, 64))
    image.save(tmp_path / "a.png")
    path = written(tmp_path / "cut.png", (tmp_path / "a.png").read_bytes()[:60])
    with pytest.raises(DamagedError, match=r"cut\.png is damaged or not a picture") as caught:
        ImagesCodec().fit([path])
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("name", "picture"),
    [("a.png", True), ("A.JPEG", True), ("a.tif", True), ("a.mp4", False), ("png", False), ("a.svg", False)],
)
def test_a_picture_is_known_by_the_end_of_its_name(name: str, picture: bool) -> None:
    assert is_picture(name) is picture


@pytest.mark.parametrize(
    ("shape", "axes", "fits"),
    [
        ((4, 4), 2, True),
        ((4, 4, 3), 2, True),
        ((4, 4, 1), 2, True),
        ((4, 4, 2), 2, False),
        ((2, 4, 4), 3, True),
        ((4,), 2, False),
    ],
)
def test_axes_are_counted_without_channels(shape: tuple[int, ...], axes: int, fits: bool) -> None:
    assert are_axes(np.zeros(shape), axes) is fits


def test_gray_is_repeated_and_colours_are_weighed() -> None:
    assert in_channels(np.array([[[7]]], np.uint8), 3).tolist() == [[[7, 7, 7]]]
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert in_channels(colours, 1)[0, :, 0].tolist() == [76, 150, 29, 255]
    assert in_channels(colours, 3) is colours


def test_equal_pictures_have_equal_pixels_whatever_their_files(tmp_path: Path) -> None:
    gray = noise(4, 6)
    files = [write_picture(tmp_path / name, gray) for name in ("a.png", "a.bmp")]
    coloured = np.repeat(gray[:, :, None], 3, axis=2)
    assert len({pixels_of(each, None) for each in (*files, gray, coloured)}) == 1
    assert pixels_of(gray, None) != pixels_of(gray + 1, None)


@pytest.mark.parametrize(
    ("value", "name"), [("x/a.png", "a.png"), (Path("b.jpg"), "b.jpg"), (np.zeros(2), "a picture in memory (ndarray)")]
)
def test_a_picture_is_called_by_its_file(value: Any, name: str) -> None:
    assert name_of(value) == name


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros((2, 2)), "expected a picture of uint8"), (np.zeros((2, 2, 2), np.uint8), "of shape \\(2, 2, 2\\)"),
        (np.zeros((0, 2), np.uint8), "expected a picture"), (3, "expected a picture, found int"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(value: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_picture(value)


def test_a_file_is_decoded_once_and_again_after_it_changed(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", noise(4, 4))
    first = read_picture(path)
    assert read_picture(path) is first
    write_picture(path, noise(5, 4))
    assert read_picture(path).shape == (5, 4, 1)
