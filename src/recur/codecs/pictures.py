"""Pictures as arrays: opened, turned upright, converted to one size and one number of channels.

Files are decoded by Pillow (extra ``image``); arrays that have the size already need no Pillow. What a file is decoded
to is kept in memory up to a limit, since each epoch reads every picture again.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recur.bounded import regular
from recur.codecs.array_cache import ArrayCache, file_key
from recur.codecs.bounds import SKIP, check_memory
from recur.codecs.files import digest_of
from recur.codecs.reading import reading
from recur.errors import DamagedError, DataError, TooLargeError, require

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm"})
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")  # names in Pillow of the formats of the suffixes
GRAY, RGB = 1, 3
_PIXEL = 16  # bytes per pixel while it is converted to one mode: four copies of four channels

# of a pixel's brightness, in 65536ths (ITU-R BT.601, as Pillow has it)
_RED, _GREEN, _BLUE, _HALF = 19595, 38470, 7471, 32768


_cache = ArrayCache()


def is_picture(name: str | Path) -> bool:
    """Return whether a file name has the ending of a picture."""
    return Path(name).suffix.lower() in SUFFIXES


def read_picture(value: Any, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return a picture as (H, W, C) uint8 with C = 1 (gray) or 3 (red, green, blue).

    It is turned as its EXIF data say; transparent parts are put on white; 16 bits become 8.

    Parameters
    ----------
    value : path, ndarray or PIL image
        An array is uint8, (H, W) or (H, W, C).
    size : (int, int), optional
        Height and width: the picture is scaled to cover them, and the rest is cropped evenly on both sides.

    Raises
    ------
    DamagedError
        When a file is missing, cut short or not a picture.
    DataError
        When the value is none of these.
    MissingExtraError
        When Pillow is needed and not installed.
    """
    if isinstance(value, np.ndarray):
        return scale_and_crop(_checked(value), size)
    if not isinstance(value, (str, Path)):
        return _of_image(value, size)
    path = Path(value)
    return _cache.get_or((picture_key(path), size), lambda: decode_picture(path, path, size))


def scale_and_crop(array: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Return (H, W, C) uint8 scaled and cut to a height and width."""
    if size is None or array.shape[:2] == size:
        return array
    image = require("PIL.Image", "image").fromarray(array[:, :, 0] if array.shape[2] == GRAY else array)
    return _of_image(image, size)


def pixels_of(value: Any, size: tuple[int, int] | None) -> str:
    """Return a digest of the pixels, equal for equal pictures in different files; gray in three channels is gray."""
    array = read_picture(value, size)
    if array.shape[2] != GRAY and (array == array[:, :, :1]).all():
        array = array[:, :, :1]
    return digest_of(array)


def are_axes(value: Any, axes: int) -> bool:
    """Return whether an array has ``axes`` axes, with or without an axis of channels after them."""
    count = getattr(value, "ndim", 0)
    return bool(count == axes or (count == axes + 1 and value.shape[-1] in (GRAY, RGB)))


def in_channels(array: np.ndarray, channels: int) -> np.ndarray:
    """Return (H, W, C) uint8 with a number of channels: gray is repeated, colours are weighted to brightness."""
    if array.shape[2] == channels:
        return array
    if channels == RGB:
        return np.repeat(array, RGB, axis=2)
    red, green, blue = (array[:, :, place].astype(np.uint32) for place in range(3))
    return ((red * _RED + green * _GREEN + blue * _BLUE + _HALF) >> 16).astype(np.uint8)[:, :, None]


def name_of(value: Any) -> str:
    """Return the file of a picture, or the type of the value."""
    return Path(value).name if isinstance(value, (str, Path)) else f"a picture in memory ({type(value).__name__})"


def picture_key(path: Path) -> Hashable:
    """Return the key that identifies a file.

    Raises
    ------
    DamagedError
        When the file does not exist.
    """
    hint = f"fix the path or leave the row out; {SKIP}"
    return file_key(regular(path, kind="picture or video", error=DamagedError, hint=hint))


def decode_picture(source: Path | BinaryIO, name: object, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return the picture of a file, or of its content, as (H, W, C) uint8; see `read_picture`.

    Only the formats whose names are in `SUFFIXES` are decoded: Pillow has others that start programs or are rarely
    tested. The size in the header is compared with `bounds` before anything is decoded.

    Parameters
    ----------
    source : path or file
    name : object
        Name of the picture, for messages.
    size : (int, int), optional
        Height and width to scale and crop to.

    Raises
    ------
    DamagedError
        When it is damaged, or not a picture of these formats.
    TooLargeError
        When it has too many pixels.
    """
    pillow = require("PIL.Image", "image")
    # sizes that Pillow warns about are refused here
    warnings.filterwarnings("ignore", category=pillow.DecompressionBombWarning)
    hint = f"fix the file or leave it out; {SKIP}"
    with reading(name, "picture", libraries=("PIL",), faults=(OSError,), hint=hint):
        try:
            image = pillow.open(source, formats=FORMATS)
        except pillow.DecompressionBombError as error:
            raise TooLargeError(f"{name}: {_sentence(error)}", hint=hint) from error
        except pillow.UnidentifiedImageError as error:
            kinds = ", ".join(FORMATS)
            raise DamagedError(f"{name} is damaged or not a picture of a known format ({kinds})", hint=hint) from error
        with image:
            if size is not None:
                # a JPEG can be decoded at a half, a quarter or an eighth of its size; it may still have to be rotated
                image.draft(None, (max(size), max(size)))
            check_memory(name, (image.width, "columns"), (image.height, "rows"), item=_PIXEL, hint=f"scale it; {SKIP}")
            return _as_array(image, size, pillow, require("PIL.ImageOps", "image"))


def _sentence(error: Exception) -> str:
    reason = str(error).partition(", could")[0]
    return reason[:1].lower() + reason[1:]


def _of_image(image: Any, size: tuple[int, int] | None) -> np.ndarray:
    pillow, operations = require("PIL.Image", "image"), require("PIL.ImageOps", "image")
    if not isinstance(image, pillow.Image):
        raise DataError(
            f"expected a picture, found {type(image).__name__}", hint="give a path, a uint8 array or a PIL image"
        )
    check_memory("the picture", (image.width, "columns"), (image.height, "rows"), item=_PIXEL, hint="scale it")
    with reading("the picture", "picture", libraries=("PIL",), faults=(OSError,), hint="send it as PNG or JPEG"):
        return _as_array(image, size, pillow, operations)


def _as_array(image: Any, size: tuple[int, int] | None, pillow: Any, operations: Any) -> np.ndarray:
    image = operations.exif_transpose(image)
    image = _in_eight_bits(image, pillow)
    if size is not None and image.size != (size[1], size[0]):
        image = operations.fit(image, (size[1], size[0]), pillow.Resampling.BILINEAR)
    array = np.array(image, np.uint8)
    return array[:, :, None] if array.ndim == 2 else array


def _in_eight_bits(image: Any, pillow: Any) -> Any:
    """Return an image of mode L or RGB."""
    if image.mode.startswith("I"):
        return pillow.fromarray((np.asarray(image).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise DataError("a picture of floating-point numbers has no black and white", hint="use 8 or 16 bits per pixel")
    gray = image.mode in ("1", "L", "LA", "La")
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        over = image.convert("RGBA")
        white = pillow.new("RGBA", image.size, "white")
        image = pillow.alpha_composite(white, over)
    return image.convert("L" if gray else "RGB")


def _checked(array: np.ndarray) -> np.ndarray:
    """Return an array as (H, W, C) uint8."""
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (GRAY, RGB))
    if array.dtype != np.uint8 or not fits or not array.size:
        raise DataError(
            f"expected a picture of uint8, (height, width) or (height, width, 1 or 3), found {array.dtype} of shape "
            f"{array.shape}",
            hint="of numbers from 0 to 1: (array * 255).round().astype('uint8')",
        )
    return array[:, :, None] if array.ndim == 2 else array
