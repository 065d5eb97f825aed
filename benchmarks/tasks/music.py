"""Music and sound: the polyphonic data sets of Boulanger-Lewandowski et al. (2012), and spoken digits."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

import recur
from recur.codecs import AudioCodec
from recur.errors import ConfigError
from recur.views import pieces, roll, spectrogram

OPENING = 16  # steps of a test piece that are given
LENGTH = 64  # steps that are generated
TEMPERATURE = 1.0  # below 1 the keys fall silent: most have a probability below a half
TEMPO = 90.0
PARTS = {"train": "traindata", "dev": "validdata", "test": "testdata"}
LOWEST = 21  # MIDI pitch of the first of the 88 columns


def jsb(data_folder: Path, out: Path) -> None:
    """Write the JSB chorales as JSON lines, one piece per line: the pitches of every step."""
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


def report(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[str]]:
    """Generate two pieces, and continue the opening of the first test piece, as MIDI files and pictures."""
    del data_folder
    model = recur.load(run)
    codec = pieces.of_notes(model.target_codec)
    with (out / "test.jsonl").open(encoding="utf-8") as file:
        whole = json.loads(file.readline())["notes"]
    opening = whole[:OPENING]
    made = {f"made-{seed}": (None, {"seed": seed, "length": LENGTH}) for seed in (1, 2)}
    given: dict[str, tuple[Any, dict[str, int]]] = {**made, "continued": (opening, {"seed": 1, "length": LENGTH})}
    files, shown = [], []
    for name, (begun, options) in given.items():
        piece = model.generate(begun or "", temperature=TEMPERATURE, **options)
        first = 0 if begun is None else OPENING
        title = "made by the network" if begun is None else "a test piece, continued by the network"
        written = pieces.write(codec, piece, out / f"{name}.mid", opening=first, title=title, tempo=TEMPO)
        files += [path.name for path in written]
        if begun is not None:
            shown = list(roll.lines(codec.frames(piece), 86, opening=first))
    files += [
        path.name for path in pieces.write(codec, whole, out / "test-piece.mid", title="the test piece", tempo=TEMPO)
    ]
    return {"the_opening_of_a_test_piece_before_the_bar_and_what_the_network_plays_after_it": shown, "files": files}


def spectrograms(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[str]]:
    """Draw the input of the first test sound of each of two digits, and list the sounds that are answered wrong."""
    del data_folder
    model = recur.load(run)
    with (out / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = model.predict([row["audio"] for row in rows])
    wrong = [
        f"{Path(row['audio']).name}: heard as {answer.value}"
        for row, answer in zip(rows, answers, strict=True)
        if str(answer.value) != row["digit"]
    ]
    codec = model.input_codec
    if not isinstance(codec, AudioCodec):
        raise ConfigError("this task is for sounds, and the network reads none")
    files = []
    for digit in ("3", "8"):
        row = next(row for row in rows if row["digit"] == digit)
        path = out / f"spoken-{digit}.png"
        spectrogram.write_png(
            codec.frames(row["audio"]), path, hop_ms=codec.hop_ms, bands=codec.hertz, title=Path(row["audio"]).name
        )
        files.append(path.name)
    return {"wrong_test_sounds": wrong or ["none"], "files": files}
