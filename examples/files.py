"""The files that the README and the guides work on, made small and from a seed.

``python examples/files.py`` writes those that are not there yet into the folder where you stand.
"""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recur.atomic import write_bytes, write_text
from recur.codecs import NotesCodec
from recur.errors import MissingExtraError, require

GOOD, BAD = ["fine", "lovely", "warm", "bright"], ["dull", "cold", "empty", "flat"]
THINGS = ["film", "story", "song", "evening", "play", "meal"]
PLACES = {"clouds": "sky", "fish": "sea", "trains": "station", "stars": "night", "cows": "field"}
FRENCH = {"a": "un", "red": "rouge", "blue": "bleu", "house": "maison", "cat": "chat", "dog": "chien", "big": "grand"}


def reviews(path: Path) -> None:
    """CSV of a text and a label."""
    draw = random.Random(1)
    rows = ["text,label"]
    for _ in range(240):
        label, words = draw.choice([("good", GOOD), ("bad", BAD)])
        rows.append(f"{draw.choice(['a', 'what a', 'such a'])} {draw.choice(words)} {draw.choice(THINGS)},{label}")
    write_text(path, "\n".join(rows) + "\n")


def sentences(path: Path) -> None:
    """Text, a sentence a line."""
    draw = random.Random(2)
    lines = []
    for _ in range(240):
        thing, place = draw.choice(list(PLACES.items()))
        opener = draw.choice(["", "today ", "every day ", "we know that ", "I think that ", "in summer ", "at noon "])
        lines.append(f"{opener}{draw.choice(['the', 'all', 'many', 'some', 'our'])} {thing} are in the {place}")
    write_text(path, "\n".join(lines) + "\n")


def series(path: Path) -> None:
    """CSV of numbers over time."""
    draw = random.Random(3)
    rows = ["hour,load"]
    rows += [f"{t},{50 + 20 * math.sin(t / 4) + draw.gauss(0, 1):.2f}" for t in range(400)]
    write_text(path, "\n".join(rows) + "\n")


def pairs(path: Path) -> None:
    """TSV of a phrase and its translation."""
    draw = random.Random(4)
    rows = ["english\tfrench"]
    for _ in range(200):
        phrase = draw.choices(list(FRENCH), k=draw.randint(2, 4))
        rows.append(" ".join(phrase) + "\t" + " ".join(FRENCH[word] for word in phrase))
    write_text(path, "\n".join(rows) + "\n")


def tagged(path: Path) -> None:
    """CoNLL columns: a word and its tag a line, an empty line between sentences."""
    draw = random.Random(5)
    tags = {"the": "DET", "a": "DET", "cat": "NOUN", "dog": "NOUN", "sleeps": "VERB", "sees": "VERB", "old": "ADJ"}
    lines = []
    for _ in range(150):
        lines += [f"{word}\t{tags[word]}" for word in draw.choices(list(tags), k=draw.randint(3, 6))] + [""]
    write_text(path, "\n".join(lines) + "\n")


def names(path: Path) -> None:
    """CSV of a kind and a name of that kind."""
    draw = random.Random(6)
    endings = {"italian": "ini", "polish": "ski", "greek": "akis"}
    rows = ["kind,name"]
    for _ in range(200):
        kind = draw.choice(list(endings))
        rows.append(f"{kind},{''.join(draw.choices('abcdelmnoprst', k=draw.randint(3, 5))).title()}{endings[kind]}")
    write_text(path, "\n".join(rows) + "\n")


def flowers(path: Path) -> None:
    """CSV of numbers and a class, no order in time."""
    draw = random.Random(7)
    rows = ["petal_length,petal_width,flower"]
    for _ in range(200):
        kind, length, width = draw.choice([("setosa", 1.5, 0.2), ("virginica", 5.5, 2.0), ("versicolor", 4.2, 1.3)])
        rows.append(f"{draw.gauss(length, 0.3):.2f},{draw.gauss(width, 0.1):.2f},{kind}")
    write_text(path, "\n".join(rows) + "\n")


def corners(folder: Path) -> None:
    """Pictures of a bright square on the left or on the right, a folder for each."""
    pillow = require("PIL.Image", "image")
    for place in range(60):
        noise = np.random.default_rng(place).integers(0, 64, (12, 12), np.uint8)
        noise[1 + place % 4 // 2 * 6 :, place % 2 * 6 :][:4, 1:5] = 255
        path = folder / ("left", "right")[place % 2] / f"{place}.png"
        content = io.BytesIO()
        pillow.fromarray(noise).save(content, "png")
        write_bytes(path, content.getvalue())


def songs(folder: Path) -> None:
    """Folder of MIDI files: scales with a bass."""
    codec = NotesCodec(frames_per_beat=2)
    for number in range(12):
        codec.write_midi(
            [[48 + number, 60 + number + step] for step in (0, 2, 4, 5, 7, 5, 4, 2)] * 2, folder / f"{number:02}.mid"
        )


def tunes(path: Path) -> None:
    """CSV of lines of notes."""
    draw = random.Random(8)
    ends = ["G4 F4/2 E4/2 D4 C4", "E4 D4 C4*2", "G4*2 r C4"]
    rows = [
        f"{' '.join(draw.sample(['C4', 'D4', 'E4/2 F4/2', 'G4', 'A4/2 B4/2'], 4))} {draw.choice(ends)}"
        for _ in range(60)
    ]
    write_text(path, "\n".join(["tune", *rows]) + "\n")


def sounds(folder: Path) -> None:
    """Folder of tones, low and high, whose names say which."""
    folder.mkdir()
    draw = random.Random(9)
    for label, hertz in (("low", 300), ("high", 1200)):
        for speaker in ("ann", "bob", "cleo"):
            for take in range(4):
                step = 2 * math.pi * hertz * draw.uniform(0.9, 1.1) / 8000
                samples = [round(12000 * math.sin(step * t) + draw.gauss(0, 300)) for t in range(2000)]
                content = io.BytesIO()
                with wave.open(content, "wb") as file:
                    file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                    file.writeframes(array("h", samples).tobytes())
                write_bytes(folder / f"{label}_{speaker}_{take}.wav", content.getvalue())


MAKERS: dict[str, Callable[[Path], None]] = {
    "reviews.csv": reviews,
    "sentences.txt": sentences,
    "load.csv": series,
    "pairs.tsv": pairs,
    "tagged.conll": tagged,
    "names.csv": names,
    "flowers.csv": flowers,
    "corners": corners,
    "songs": songs,
    "tunes.csv": tunes,
    "sounds": sounds,
}


def main(folder: Path = Path()) -> list[str]:
    """Write what is not there yet; return the names of what was written."""
    written = []
    for name, make in MAKERS.items():
        if (folder / name).exists():
            print(f"{name} is there already")
            continue
        try:
            make(folder / name)
        except MissingExtraError as error:
            print(f"{name} was left out: {error}")
            continue
        print(f"{name}: {(make.__doc__ or '').splitlines()[0]}")
        written.append(name)
    return written


if __name__ == "__main__":
    main()
