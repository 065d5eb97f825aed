"""The options of the data: where rows come from, and how each kind of value becomes numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from recur.config import situation as when
from recur.config.base import COUNT, SIZE, OneOrMany, Section, Sizes, Texts, option

__all__ = ["AudioConfig", "DataConfig", "ImagesConfig", "NotesConfig", "TableConfig", "TextConfig"]

TIME_FORMATS = (
    "day first", "month first", "year first", "seconds", "milliseconds", "microseconds", "nanoseconds", "counter"
)  # fmt: skip
"""What ``time_format`` may be, besides a pattern of strptime."""

_KINDS = "words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or another of recur.codecs"


class TableConfig(Section):
    """The rows of a table: their order, their sequences, how numbers are written and what is missing."""

    header: bool | None = option(
        None, "whether the first row of a CSV or TSV names the columns; default: inferred", applies=when.DELIMITED
    )
    group: str | None = option(
        None,
        "column whose value identifies the rows of one sequence, or several columns: store,item; default: inferred for "
        "rows with time stamps",
    )
    time: Texts | None = option(
        None, "column(s) of time stamps that order the rows; default: inferred; none: rows have no order"
    )
    time_format: str | None = option(
        None,
        "format of the time stamps: day first, month first, year first, seconds, milliseconds, counter, or a pattern "
        "such as %d.%m.%Y; default: inferred from all of them",
        applies=when.TIMED,
    )
    time_features: Annotated[list[Literal["hour", "weekday", "month", "yearday"]], OneOrMany("string")] = option(
        [], "columns computed from the time stamps of a table", applies=when.CALENDAR
    )
    duplicates: Literal["error", "first", "last", "mean"] = option(
        "error", "what to do with rows of one series that have the same time and different values", applies=when.TIMED
    )
    fill: Literal["previous", "linear", "zero"] | None = option(
        None, "how to fill missing rows of a series; default: the series is split at its gaps", applies=when.TIMED
    )
    decimal: Literal[".", ","] | None = option(
        None, "decimal separator of numbers in text; default: inferred per column", applies=when.NUMBER_TEXTS
    )
    thousands: Literal[",", ".", "'", "space", "none"] | None = option(
        None, "thousands separator of numbers in text; default: inferred per column", applies=when.NUMBER_TEXTS
    )
    missing: Literal["error", "mean", "previous"] = option(
        "error", "what replaces a missing number; error: it is refused", applies=when.NUMBERS
    )
    missing_labels: Texts | None = option(
        None,
        "words that mean that a class or tag is missing; default: NA, N/A, #N/A, NaN, NULL and <NA>; none: only empty "
        "cells are missing, and NA is a label",
        applies=when.LABELS,
    )

    @field_validator("time_format")
    @classmethod
    def _time_format_is_known(cls, form: str | None) -> str | None:
        if form is not None and "%" not in form:
            form = form.replace("-", " ").strip()
            if form not in TIME_FORMATS:
                raise ValueError(f'expected {", ".join(TIME_FORMATS)} or a pattern such as %d.%m.%Y, got "{form}"')
        return form


class TextConfig(Section):
    """Words, characters and subwords: what one document is, and the vocabulary."""

    documents: Literal["file", "line"] | None = option(
        None,
        "what one document of a text is: the whole file (the state is carried over), or each line",
        applies=when.TEXT,
    )
    lower: bool = option(False, "convert text to lower case", applies=when.TEXT)
    min_count: int = option(
        1, "words seen fewer times than this become unknown", unit="times", applies=when.TEXT, ge=1, le=COUNT
    )
    max_vocab: int | None = option(
        None,
        "largest vocabulary, in symbols; for subwords its size (default: 8000)",
        unit="symbols",
        applies=when.TEXT,
        ge=1,
        le=COUNT,
    )


class AudioConfig(Section):
    """Sound: windows of the samples, and what is computed from each."""

    features: Literal["log-mel", "mfcc"] = option(
        "log-mel", "sound: log energies of mel bands, or their cepstral coefficients", name="audio", applies=when.SOUND
    )
    bands: int = option(
        40, "sound: number of mel bands; mfcc keeps 13 coefficients of them", unit="bands", name="audio_bands",
        applies=when.SOUND, ge=2, le=SIZE,
    )  # fmt: skip
    window_ms: float = option(
        25.0, "sound: length of a window in milliseconds", unit="milliseconds", name="audio_window_ms",
        applies=when.SOUND, gt=0,
    )  # fmt: skip
    hop_ms: float = option(
        10.0, "sound: milliseconds between two windows", unit="milliseconds", name="audio_hop_ms", applies=when.SOUND,
        gt=0,
    )  # fmt: skip
    sample_rate: int | None = option(
        None, "sound: samples per second to resample to; default: the first file's", unit="samples per second",
        applies=when.SOUND, ge=1, le=COUNT,
    )  # fmt: skip


class ImagesConfig(Section):
    """Pictures and videos: their size, colour, and what one step of them is."""

    size: Sizes | None = option(
        None,
        "pictures: scale and crop to this size in pixels (one side, or height and width); default: their own size",
        unit="pixels", name="image_size", applies=when.IMAGES_OR_VIDEOS,
    )  # fmt: skip
    color: Literal["auto", "gray", "rgb"] = option(
        "auto",
        "pictures: colour channels; auto is gray if all pictures are gray",
        name="image_color",
        applies=when.IMAGES_OR_VIDEOS,
    )
    steps: Literal["whole", "rows", "pixels"] = option(
        "whole", "pictures: read each as one value, or as a sequence of its rows or of its pixels", name="image_steps",
        applies=when.IMAGES,
    )  # fmt: skip
    frame_rate: float | None = option(
        None, "videos: frames per second to read; default: all", unit="frames per second", applies=when.VIDEOS, gt=0
    )

    @field_validator("size")
    @classmethod
    def _size_is_a_size(cls, size: list[int] | None) -> list[int] | None:
        if size is not None and (len(size) not in (1, 2) or not 1 <= min(size) <= max(size) <= SIZE):
            raise ValueError(f"expected one side, or height and width, of 1 to {SIZE:,}, got {str(size)[:60]}")
        return size


class NotesConfig(Section):
    """Notes: how a piece becomes steps."""

    form: Literal["roll", "melody"] = option(
        "roll", "notes: all piano keys at every step (roll), or one event after another (melody)", name="notes",
        applies=when.NOTES,
    )  # fmt: skip
    frames_per_beat: int = option(4, "notes: steps per quarter note", unit="steps", applies=when.NOTES, ge=1, le=96)
    transpose: int = option(
        0, "notes: transpose each piece at random by up to this many semitones, drawn again every epoch",
        unit="semitones",
        applies=when.NOTES, ge=0, le=12,
    )  # fmt: skip


class DataConfig(Section):
    """Where the rows come from, what is read and what is predicted."""

    source: str | None = option(None, "file or folder to train on")
    dev: str | None = option(
        None, "hold-out file, which chooses the best checkpoint; default: a part of the source is held out"
    )
    test: str | None = option(None, "test file, which is evaluated once")
    dev_fraction: float = option(
        0.1, "share of the data that is held out when no dev file is given", applies=when.HELD_OUT, gt=0, lt=1
    )
    format: Literal["text", "csv", "tsv", "jsonl", "folder", "conll", "idx", "npy", "ts", "arrow"] | None = option(
        None, "file format; default: inferred from the name and the first lines", applies=when.FROM_FILE
    )
    exclude: Texts = option([], "files of a folder to leave out (glob pattern)", applies=when.FOLDER)
    input: Texts | None = option(None, "input column(s)")
    target: Texts | None = option(None, "target column(s), or a file with the translation of each line of the source")
    input_codec: str | None = option(None, f"codec of the input: {_KINDS}; default: inferred")
    target_codec: str | None = option(None, f"codec of the target: {_KINDS}; default: inferred")
    max_length: int | None = option(
        None, "cut longer sequences to this many steps", unit="steps", applies=when.ROWS, ge=1, le=COUNT
    )
    storage: Literal["memory", "disk"] | None = option(
        None,
        "where encoded rows are kept: memory, or disk, which shuffles them by block; default: disk for files of 1 GiB "
        "or more",
        applies=when.BATCHES,
    )
    damaged: Literal["error", "skip"] = option(
        "error", "what to do with a row whose file or time stamp cannot be read", applies=when.DAMAGED
    )
    table: TableConfig = TableConfig()
    text: TextConfig = TextConfig()
    audio: AudioConfig = AudioConfig()
    images: ImagesConfig = ImagesConfig()
    notes: NotesConfig = NotesConfig()
