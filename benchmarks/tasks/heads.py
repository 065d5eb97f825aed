"""Rows of the tasks with a class, a tag or a forecast: files made from the data sets, or from a seed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recur.data.examples import split
from recur.errors import DataError

LEARN, CHOOSE, REPORT = "train", "dev", "test"

# surnames: shares held out of every class, and what decides which
HELD_OUT = 0.1
SEED = 0

# gesture phases: the authors give videos of three people; whole videos are the test set
GESTURE_TRAIN, GESTURE_TEST = ("a1", "a2", "b1", "b3", "c1"), ("a3", "c3")
GESTURE_DEV = 0.2  # the last share of each training video
GESTURE_CLIP, GESTURE_STRIDE = 128, 32
GESTURE_DROPPED = 4  # first frames of each video, which have no velocity
PHASES = {"Preparação": "Preparation"}  # one label of video b1 is not translated

# rows of ETTh1, in the convention of Informer: 12, 4 and 4 months of 30 days
ETT_BORDERS, ETT_WINDOW = (8640, 11520, 14400), 96

ADDING_STEPS, ADDING_ROWS = 600, {LEARN: 10_000, CHOOSE: 1_000, REPORT: 2_000}
COPY_BLANKS, COPY_LENGTH, COPY_SYMBOLS = 100, 10, 8
COPY_ROWS = {LEARN: 20_000, CHOOSE: 1_000, REPORT: 2_000}


def names(data_folder: Path, out: Path) -> None:
    """Surnames and their language: 80 / 10 / 10 %, of every language, a name never on two sides."""
    rows = [
        (name.strip(), file.stem)
        for file in sorted((data_folder / "names").glob("*.txt"))
        if file.stem != "SOURCE"
        for name in file.read_text(encoding="utf-8").splitlines()
        if name.strip()
    ]
    rest, test = _held_out(rows, HELD_OUT)
    learn, dev = _held_out(rest, HELD_OUT / (1 - HELD_OUT))
    for part, chosen in ((LEARN, learn), (CHOOSE, dev), (REPORT, test)):
        _write_csv(out / f"{part}.csv", ["name", "language"], chosen)


def gesture_phase(data_folder: Path, out: Path) -> None:
    """Frames of videos with their phase: velocities, accelerations, and positions beside the spine.

    Training videos are cut into clips that overlap, so that an epoch has more than five updates; the last fifth of each
    is held out to choose on. The test videos are whole.
    """
    columns, videos = [], {}
    for name in (*GESTURE_TRAIN, *GESTURE_TEST):
        columns, videos[name] = _gesture(data_folder / "gesture_phase", name)
    learn: list[list[Any]] = []
    dev: list[list[Any]] = []
    for name in GESTURE_TRAIN:
        rows = videos[name]
        border = round((1 - GESTURE_DEV) * len(rows))
        for start in range(0, max(1, border - GESTURE_CLIP + GESTURE_STRIDE), GESTURE_STRIDE):
            clip = rows[start : min(start + GESTURE_CLIP, border)]
            learn += [[f"{name} {start}", *row] for row in clip]
        dev += [[name, *row] for row in rows[border:]]
    test = [[name, *row] for name in GESTURE_TEST for row in videos[name]]
    for part, chosen in ((LEARN, learn), (CHOOSE, dev), (REPORT, test)):
        _write_csv(out / f"{part}.csv", ["video", *columns, "phase"], chosen)


def etth1(data_folder: Path, out: Path) -> None:
    """Hourly rows of a transformer: 8,640 / 2,880 / 2,880; the last two begin with a window of the past."""
    header, rows = _read_csv(data_folder / "ett" / "ETTh1.csv")
    first = 0
    for part, border in zip((LEARN, CHOOSE, REPORT), ETT_BORDERS, strict=True):
        _write_csv(out / f"{part}.csv", header, rows[max(0, first - ETT_WINDOW) : border])
        first = border


def airline(data_folder: Path, out: Path) -> None:
    """Passengers a month, 1949 to 1960: the last two years are the test set, the two before them the dev set."""
    _by_time(data_folder / "time_series" / "airline-passengers.csv", out, (96, 120), past=24)


def sunspots(data_folder: Path, out: Path) -> None:
    """Sunspots a month, 1749 to 1983: the last fifth is the test set, the tenth before it the dev set."""
    _by_time(data_folder / "time_series" / "monthly-sunspots.csv", out, (1974, 2256), past=264)


def adding(data_folder: Path, out: Path) -> None:
    """The adding problem: of 600 numbers two are marked, one in each half; their sum is the target at the end.

    Source: Hochreiter and Schmidhuber 1997, experiment 4; in the form of Arjovsky, Shah and Bengio 2016.
    """
    del data_folder
    for seed, (part, rows) in enumerate(ADDING_ROWS.items()):
        draw = np.random.default_rng(seed)
        with (out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            for _ in range(rows):
                values = draw.random(ADDING_STEPS).round(4)
                half = ADDING_STEPS // 2
                marks = np.zeros(ADDING_STEPS, dtype=int)
                marked = [int(draw.integers(half)), int(draw.integers(half, ADDING_STEPS))]
                marks[marked] = 1
                series = [list(step) for step in zip(values.tolist(), marks.tolist(), strict=True)]
                row = {"series": series, "target": round(float(values[marked].sum()), 4)}
                file.write(json.dumps(row, separators=(",", ":")) + "\n")


def copy_memory(data_folder: Path, out: Path) -> None:
    """The copy memory: ten symbols are read, and after a hundred blanks and a signal they must be repeated.

    Source: Hochreiter and Schmidhuber 1997; in the form of Arjovsky, Shah and Bengio 2016.
    """
    del data_folder
    for seed, (part, rows) in enumerate(COPY_ROWS.items()):
        draw = np.random.default_rng(seed)
        with (out / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            for _ in range(rows):
                symbols = [f"s{index}" for index in draw.integers(COPY_SYMBOLS, size=COPY_LENGTH)]
                read = [*symbols, *["_"] * (COPY_BLANKS - 1), "say", *["_"] * COPY_LENGTH]
                said = ["_"] * (COPY_BLANKS + COPY_LENGTH) + symbols
                file.write(json.dumps({"input": read, "target": said}, separators=(",", ":")) + "\n")


def _gesture(folder: Path, name: str) -> tuple[list[str], list[list[Any]]]:
    """Return the columns of a video and its rows, the phase last."""
    header, raw = _read_csv(folder / f"{name}_raw.csv")
    moves, derived = _read_csv(folder / f"{name}_va3.csv")
    if len(raw) - GESTURE_DROPPED != len(derived):
        raise DataError(f"video {name}: {len(raw)} frames and {len(derived)} derived ones, expected four fewer")
    spine = [header.index(f"s{axis}") for axis in "xyz"]
    joints = [place for place in range(18) if place not in spine]
    columns = [f"v{column}" for column in moves[:-1]] + [header[place] for place in joints]
    rows = []
    for positions, velocities in zip(raw[GESTURE_DROPPED:], derived, strict=True):
        beside = [round(float(positions[place]) - float(positions[spine[place % 3]]), 6) for place in joints]
        phase = positions[header.index("phase")]
        rows.append([*velocities[:-1], *beside, PHASES.get(phase, phase)])
    return columns, rows


def _by_time(file: Path, out: Path, borders: tuple[int, int], *, past: int) -> None:
    """Write a series as train, dev and test files; the last two begin with the past of their first forecast."""
    header, rows = _read_csv(file)
    first = 0
    for part, border in zip((LEARN, CHOOSE, REPORT), (*borders, len(rows)), strict=True):
        _write_csv(out / f"{part}.csv", header, rows[max(0, first - past) : border])
        first = border


def _held_out(rows: Sequence[tuple[str, str]], share: float) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Divide rows by a hash of the name, the same share of every class."""
    kept, held = split.by_hash(len(rows), share, SEED, lambda row: rows[row][0], lambda row: rows[row][1])
    return [rows[int(row)] for row in kept], [rows[int(row)] for row in held]


def _read_csv(file: Path) -> tuple[list[str], list[list[str]]]:
    # one file begins with a byte order mark
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header, *rows = csv.reader(opened)
    return header, [row for row in rows if row]


def _write_csv(file: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header)
        writer.writerows(rows)
