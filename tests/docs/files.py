"""The files that the README and the guides work on, made small and from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

from tests.pictures import square, write_picture

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
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def sentences(path: Path) -> None:
    """Text, a sentence a line."""
    draw = random.Random(2)
    lines = []
    for _ in range(240):
        thing, place = draw.choice(list(PLACES.items()))
        opener = draw.choice(["", "today ", "every day ", "we know that ", "I think that ", "in summer ", "at noon "])
        lines.append(f"{opener}{draw.choice(['the', 'all', 'many', 'some', 'our'])} {thing} are in the {place}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def series(path: Path) -> None:
    """CSV of numbers over time."""
    draw = random.Random(3)
    rows = ["hour,load"]
    rows += [f"{t},{50 + 20 * math.sin(t / 4) + draw.gauss(0, 1):.2f}" for t in range(400)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def pairs(path: Path) -> None:
    """TSV of a phrase and its translation."""
    draw = random.Random(4)
    rows = ["english\tfrench"]
    for _ in range(200):
        phrase = draw.choices(list(FRENCH), k=draw.randint(2, 4))
        rows.append(" ".join(phrase) + "\t" + " ".join(FRENCH[word] for word in phrase))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def tagged(path: Path) -> None:
    """CoNLL columns: a word and its tag a line, an empty line between sentences."""
    draw = random.Random(5)
    tags = {"the": "DET", "a": "DET", "cat": "NOUN", "dog": "NOUN", "sleeps": "VERB", "sees": "VERB", "old": "ADJ"}
    lines = []
    for _ in range(150):
        lines += [f"{word}\t{tags[word]}" for word in draw.choices(list(tags), k=draw.randint(3, 6))] + [""]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def names(path: Path) -> None:
    """CSV of a kind and a name of that kind."""
    draw = random.Random(6)
    endings = {"italian": "ini", "polish": "ski", "greek": "akis"}
    rows = ["kind,name"]
    for _ in range(200):
        kind = draw.choice(list(endings))
        rows.append(f"{kind},{''.join(draw.choices('abcdelmnoprst', k=draw.randint(3, 5))).title()}{endings[kind]}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def flowers(path: Path) -> None:
    """CSV of numbers and a class, no order in time."""
    draw = random.Random(7)
    rows = ["petal_length,petal_width,flower"]
    for _ in range(200):
        kind, length, width = draw.choice([("setosa", 1.5, 0.2), ("virginica", 5.5, 2.0), ("versicolor", 4.2, 1.3)])
        rows.append(f"{draw.gauss(length, 0.3):.2f},{draw.gauss(width, 0.1):.2f},{kind}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def corners(folder: Path) -> None:
    """Pictures of a bright square on the left or on the right, a folder for each."""
    for place in range(60):
        write_picture(folder / ("left", "right")[place % 2] / f"{place}.png", square(place))


MAKERS: dict[str, Callable[[Path], None]] = {
    "reviews.csv": reviews,
    "sentences.txt": sentences,
    "load.csv": series,
    "pairs.tsv": pairs,
    "tagged.conll": tagged,
    "names.csv": names,
    "flowers.csv": flowers,
    "corners": corners,
}
