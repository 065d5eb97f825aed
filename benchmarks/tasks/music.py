"""Music and sound: the polyphonic data sets of Boulanger-Lewandowski et al. (2012), and spoken digits."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

PARTS = {"train": "traindata", "dev": "validdata", "test": "testdata"}
LOWEST = 21  # MIDI pitch of the first of the 88 columns


def jsb(data_folder: Path, out: Path) -> None:
    """Write the JSB chorales as JSON lines, one piece a line: the pitches of every step."""
    _rolls(data_folder / "poly_music" / "JSB_Chorales.mat", out)


def nottingham(data_folder: Path, out: Path) -> None:
    """Write the Nottingham folk tunes in the same way."""
    _rolls(data_folder / "poly_music" / "Nottingham.mat", out)


def _rolls(source: Path, out: Path) -> None:
    import scipy.io

    file = scipy.io.loadmat(source)
    out.mkdir(parents=True, exist_ok=True)
    for part, name in PARTS.items():
        with (out / f"{part}.jsonl").open("w", encoding="utf-8") as lines:
            for roll in file[name][0]:
                pitches = [(np.flatnonzero(step) + LOWEST).tolist() for step in roll]
                lines.write(json.dumps({"notes": pitches}) + "\n")


def fsdd(data_folder: Path, out: Path) -> None:
    """Write tables of the spoken digits by the official split: index 0-4 of each speaker and digit is the test.

    Index 5-9 of the training part is held out to choose on. A file's name is DIGIT_SPEAKER_INDEX.wav.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[tuple[Path, str]]] = {"train": [], "dev": [], "test": []}
    for path in sorted((data_folder / "fsdd" / "recordings").resolve().glob("*.wav")):
        digit, _, index = path.stem.split("_")
        part = "test" if int(index) < 5 else "dev" if int(index) < 10 else "train"
        rows[part].append((path, digit))
    for part, found in rows.items():
        with (out / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("audio", "digit"), *found])
