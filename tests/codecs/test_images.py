"""Pictures: every way to give one is read alike, and what is read can be shown again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recur import codecs
from recur.codecs import ImagesCodec
from recur.codecs.pictures import in_channels
from recur.config import Config
from recur.errors import DataError, MissingExtraError, RunError
from tests.pictures import noise, write_picture
from tests.tolerances import SINGLE, agree

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))


@given(SIZES, st.sampled_from(["whole", "rows", "pixels"]), st.integers(0, 99))
def test_a_picture_comes_back_exactly_however_it_is_read(size: tuple[int, int, int], steps: str, seed: int) -> None:
    height, width, channels = size
    pictures = [noise(*size, seed=seed), noise(*size, seed=seed + 1)]
    codec = ImagesCodec(steps=steps).fit(pictures)
    shapes = {"whole": size, "rows": (height, width * channels), "pixels": (height * width, channels)}
    for picture in pictures:
        array = codec.encode(picture)
        assert array.shape == shapes[steps]
        assert array.dtype == np.float32
        assert np.array_equal(codec.decode(array), picture)
    assert codec.size == shapes[steps][-1]
    assert codec.grid == (size if steps == "whole" else None)
    assert codec.sequence == (steps != "whole")


def test_channels_have_mean_0_and_deviation_1_over_the_training_pictures() -> None:
    pictures = [noise(6, 5, 3, seed=seed) // (seed + 1) for seed in range(4)]
    codec = ImagesCodec().fit(pictures)
    encoded = np.stack([codec.encode(picture) for picture in pictures]).astype(np.float64)
    deviation = encoded.std((0, 1, 2))
    agree(deviation, np.ones(3))
    assert np.abs(encoded.mean((0, 1, 2))).max() < SINGLE * deviation.max()


@pytest.mark.parametrize("steps", ["rows", "pixels"])
def test_rows_and_pixels_are_read_from_the_top_left(steps: str) -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    codec = ImagesCodec(steps=steps).fit([picture])
    assert (np.diff(codec.encode(picture).reshape(-1)) > 0).all()


def test_a_codec_read_from_its_file_encodes_alike(tmp_path: Path) -> None:
    codec = ImagesCodec(size=[4, 6], color="rgb", steps="rows").fit([noise(8, 8), noise(9, 5, 3)])
    codec.save(tmp_path, "input_codec")
    again = codecs.load(tmp_path, "input_codec")
    assert again.describe() == codec.describe() == "images: 4 x 6, rgb, row by row (4 steps of 18)"
    assert np.array_equal(again.encode(noise(7, 7)), codec.encode(noise(7, 7)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"rows"', '"columns"', "steps"),
        ("[\n  4,", "[\n  0,", "grid"),
        ('"rgb"', '"red"', "grid"),
        ('"mean"', '"m"', "mean"),
    ],
)
def test_an_altered_codec_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    ImagesCodec(size=4, color="rgb", steps="rows").fit([noise(8, 8)]).save(tmp_path, "c")
    path = tmp_path / "c.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(RunError, match=said):
        codecs.load(tmp_path, "c")


def test_a_file_an_array_and_a_pil_image_are_the_same(tmp_path: Path) -> None:
    array = noise(5, 7, 3)
    path = write_picture(tmp_path / "a.png", array)
    codec = ImagesCodec().fit([str(path)])
    for value in (str(path), path, array, Image.fromarray(array)):
        assert np.array_equal(codec.decode(codec.encode(value)), array)


def test_colour_is_found_out_or_asked_for() -> None:
    gray, colourful = noise(4, 4), noise(4, 4, 3)
    assert ImagesCodec().fit([gray]).size == 1
    assert ImagesCodec().fit([gray, colourful]).size == 3
    assert ImagesCodec(color="rgb").fit([gray]).size == 3
    codec = ImagesCodec(color="gray").fit([colourful])
    assert codec.size == 1
    # the weights of brightness are Pillow's
    assert np.array_equal(
        codec.decode(codec.encode(colourful))[:, :, 0], np.array(Image.fromarray(colourful).convert("L"))
    )
    assert np.array_equal(in_channels(gray[:, :, None], 3)[:, :, 2], gray)


def test_pictures_of_different_sizes_ask_for_one(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / name, noise(*size)) for name, size in (("a.png", (4, 6)), ("b.png", (5, 6)))]
    with pytest.raises(DataError) as caught:
        ImagesCodec().fit(paths)
    assert "a.png is 4 x 6, b.png is 5 x 6 (height x width)" in caught.value.message
    assert "--image-size" in str(caught.value.hint)
    assert ImagesCodec(size=4).fit(paths).encode(paths[1]).shape == (4, 4, 1)


def test_what_is_no_picture_is_refused() -> None:
    codec = ImagesCodec().fit([noise(4, 4)])
    for value in (noise(4, 4).astype(float), noise(4, 4, 2), noise(4), 3, None, np.zeros((0, 3), np.uint8)):
        with pytest.raises(DataError, match="expected a picture"):
            codec.encode(value)
    with pytest.raises(DataError, match="expected 16 numbers"):
        codec.decode(np.zeros((3, 4)))
    with pytest.raises(DataError, match="knows no pictures yet"):
        ImagesCodec().encode(noise(4, 4))
    with pytest.raises(DataError, match="there are no pictures"):
        ImagesCodec().fit([])


def test_arrays_need_no_pillow_and_files_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_picture(tmp_path / "a.png", noise(4, 4))
    for name in ("PIL", "PIL.Image", "PIL.ImageOps"):
        monkeypatch.setitem(sys.modules, name, None)
    codec = ImagesCodec().fit([noise(4, 4)])
    assert codec.encode(noise(4, 4)).shape == (4, 4, 1)
    with pytest.raises(MissingExtraError, match=r"recur-nn\[image\]"):
        codec.encode(path)


def test_it_shows_itself(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", noise(10, 20, 3))
    codec = codecs.make("images", Config.of(image_size=8).data).fit([path])
    assert codec.show(path) == "a.png"
    assert codec.show(noise(4, 6)) == "a picture of 4 x 6"
