"""The files of the README and the guides: small, and generated from a seed.

``python examples/files.py`` writes those that are not there yet into the current folder.
"""

from __future__ import annotations

import io
import itertools
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


def _words(text: str) -> list[str]:
    return text.split()


GOOD, BAD = ["fine", "lovely", "warm", "bright"], ["dull", "cold", "bleak", "flat"]
REVIEW_OPENERS = ["a", "what a", "such a"]
THINGS = ["film", "story", "song", "evening", "play", "meal"]

PLACES = {"clouds": "sky", "fish": "sea", "trains": "station", "stars": "night", "cows": "field"}
OPENERS = ["", "today ", "every day ", "we know that ", "I think that ", "in summer ", "at noon "]
AMOUNTS = ["the", "all", "many", "some", "our"]

LANGUAGES = {"France": "French", "Spain": "Spanish", "Poland": "Polish", "Greece": "Greek", "Turkey": "Turkish"}
PEOPLE = ["Anna", "Ben", "Clara", "David", "Eva", "Felix"]
MEANWHILE = [
    "the old bus was late", "we had tea at noon", "it rained all day", "my sister plays chess", "a dog barked twice",
    "the shop was closed", "two friends came by",
]  # fmt: skip

WHO = _words(
    "Ada Bill Cleo Dan Elsa Finn Gina Hugo Ines Jack Kate Leo Mona Nils Olga Paul Rosa Sven Tina Udo Vera Will Yara Zoe"
)
WHAT = _words(
    "apple basket bell boat bottle bucket candle chair coat cup drum kite knife ladder lamp letter map mirror "
    "pencil ring rope scarf spoon umbrella wheel"
)
WHERE = _words("barn beach bridge church forest harbour lake market mill river school square station tower well wood")
DOES, NEAR = ["found", "lost", "saw", "carried"], ["near", "behind", "at"]

# of each French word the masculine and the feminine form
ARTICLES = {"a": ("un", "une"), "the": ("le", "la"), "my": ("mon", "ma")}
BEFORE_THE_NOUN = {"big": ("grand", "grande"), "small": ("petit", "petite")}
AFTER_THE_NOUN = {
    "red": ("rouge", "rouge"), "blue": ("bleu", "bleue"), "green": ("vert", "verte"), "black": ("noir", "noire"),
    "white": ("blanc", "blanche"),
}  # fmt: skip
MASCULINE = {"cat": "chat", "dog": "chien", "book": "livre", "garden": "jardin"}
FEMININE = {"house": "maison", "car": "voiture", "table": "table", "flower": "fleur"}

STEMS = _words(
    "old young tall small hard quick slow kind loud strong poor warm cold bright dark soft light sharp smart "
    "sweet thick rich proud mild calm firm fresh plain neat bold clean clear cheap deep fair weak"
)
NOUNS = ["cat", "dog", "boy", "girl", "horse", "bird", "king", "queen", "looks", "sounds"]
VERBS = ["looks", "sounds", "feels", "seems"]
UNSEEN_FORMS = {"oldest", "kinder", "slowest", "taller", "warmly", "coldly"}


def reviews(path: Path) -> None:
    """CSV of a text and a label."""
    _write_lines(path, ["text,label", *_reviews()])


def reviews_new(path: Path) -> None:
    """The reviews that are not in reviews.csv."""
    known = set(_reviews())
    every = [
        f"{opener} {word} {thing},{label}"
        for label, words in (("good", GOOD), ("bad", BAD))
        for opener, word, thing in itertools.product(REVIEW_OPENERS, words, THINGS)
    ]
    _write_lines(path, ["text,label", *(row for row in every if row not in known)])


def _reviews() -> list[str]:
    draw = random.Random(1)
    rows = []
    for _ in range(240):
        label, words = draw.choice([("good", GOOD), ("bad", BAD)])
        rows.append(f"{draw.choice(REVIEW_OPENERS)} {draw.choice(words)} {draw.choice(THINGS)},{label}")
    return rows


def sentences(path: Path) -> None:
    """Text, one sentence per line."""
    _write_lines(path, _sentences())


def sentences_new(path: Path) -> None:
    """The sentences that are not in sentences.txt."""
    known = set(_sentences())
    every = itertools.product(OPENERS, AMOUNTS, PLACES.items())
    lines = [f"{opener}{amount} {thing} are in the {place}" for opener, amount, (thing, place) in every]
    _write_lines(path, [line for line in lines if line not in known])


def _sentences() -> list[str]:
    draw = random.Random(2)
    lines = []
    for _ in range(240):
        thing, place = draw.choice(list(PLACES.items()))
        opener = draw.choice(OPENERS)
        lines.append(f"{opener}{draw.choice(AMOUNTS)} {thing} are in the {place}")
    return lines


def diary(path: Path) -> None:
    """Text of 40 days; each day is about a few of many people, things and places."""
    _write_lines(path, [line for day in _days()[:40] for line in day])


def diary_new(path: Path) -> None:
    """More days of the same diary."""
    _write_lines(path, [line for day in _days()[40:] for line in day])


def _days() -> list[list[str]]:
    draw = random.Random(12)
    days = []
    for _ in range(50):
        people, things, places = draw.sample(WHO, 2), draw.sample(WHAT, 2), draw.sample(WHERE, 1)
        days.append([
            f"{draw.choice(people)} {draw.choice(DOES)} the {draw.choice(things)} "
            f"{draw.choice(NEAR)} the {draw.choice(places)}"
            for _ in range(12)
        ])  # fmt: skip
    return days


def far(path: Path) -> None:
    """CSV of a text and a label that depends on its fifth word, 12 to 20 words before the end."""
    _write_lines(path, ["text,label", *_far()[:600]])


def far_new(path: Path) -> None:
    """More rows of this kind, none of which is in far.csv."""
    _write_lines(path, ["text,label", *_far()[600:]])


def _far() -> list[str]:
    draw = random.Random(10)
    rows: dict[str, None] = {}
    while len(rows) < 800:
        country, language = draw.choice(list(LANGUAGES.items()))
        meanwhile = " . ".join(draw.sample(MEANWHILE, draw.randint(2, 3)))
        rows[f"{draw.choice(PEOPLE)} grew up in {country} . {meanwhile} . at home they speak,{language}"] = None
    return list(rows)


def series(path: Path) -> None:
    """CSV of numbers over time."""
    draw = random.Random(3)
    rows = ["hour,load"]
    rows += [f"{t},{50 + 20 * math.sin(t / 4) + draw.gauss(0, 1):.2f}" for t in range(400)]
    _write_lines(path, rows)


def pairs(path: Path) -> None:
    """TSV of a phrase and its translation; "red house" is not in it."""
    _write_lines(path, ["english\tfrench", *_pairs()[0]])


def pairs_new(path: Path) -> None:
    """The phrases that are not in pairs.tsv, "red house" among them."""
    _write_lines(path, ["english\tfrench", *_pairs()[1]])


def _pairs() -> tuple[list[str], list[str]]:
    """Phrases for training, and new ones."""
    rows = []
    nouns = [(english, french, 0) for english, french in MASCULINE.items()]
    nouns += [(english, french, 1) for english, french in FEMININE.items()]
    for article, size, colour, (noun, french, gender) in itertools.product(
        ARTICLES, ["", *BEFORE_THE_NOUN], ["", *AFTER_THE_NOUN], nouns
    ):
        words = [
            ARTICLES[article][gender],
            *([BEFORE_THE_NOUN[size][gender]] if size else []),
            french,
            *([AFTER_THE_NOUN[colour][gender]] if colour else []),
        ]
        rows.append(" ".join(filter(None, [article, size, colour, noun])) + "\t" + " ".join(words))
    random.Random(4).shuffle(rows)
    new = [row for row in rows if "red house" in row]
    rest = [row for row in rows if "red house" not in row]
    return rest[:350], new + rest[350:]


def tagged(path: Path) -> None:
    """CoNLL columns: a word and its tag per line, an empty line between sentences; "oldest" is not in it."""
    _write_lines(path, [line for sentence in _tagged(seed=5, count=200, unseen=False) for line in sentence])


def tagged_new(path: Path) -> None:
    """More sentences, each with a word that is not in tagged.conll."""
    _write_lines(path, [line for sentence in _tagged(seed=11, count=50, unseen=True) for line in sentence])


def _tagged(*, seed: int, count: int, unseen: bool) -> list[list[str]]:
    """Sentences that all, or that none, contain one of the unseen forms.

    After the verb comes an adjective or an adverb ("the dog looks older", "the dog looks quickly"): of a word that is
    not known, its ending alone tells which. "looks" and "sounds" are nouns too: the words before tell which.
    """
    draw = random.Random(seed)
    words = {
        "DET": ["the", "a", "our"],
        "ADJ": [stem + ending for stem in STEMS for ending in ("", "er", "est")],
        "NOUN": NOUNS,
        "VERB": VERBS,
        "ADV": [f"{stem}ly" for stem in STEMS[5:]],
    }
    patterns = ("DET NOUN VERB ADJ", "DET NOUN VERB ADV", "DET ADJ NOUN VERB ADJ", "DET ADJ NOUN VERB ADV")
    found: list[list[str]] = []
    while len(found) < count:
        sentence = [(draw.choice(words[tag]), tag) for tag in draw.choice(patterns).split()]
        if unseen == any(word in UNSEEN_FORMS for word, _ in sentence):
            found.append([*(f"{word}\t{tag}" for word, tag in sentence), ""])
    return found


def names(path: Path) -> None:
    """CSV of a kind and a name of that kind."""
    draw = random.Random(6)
    endings = {"italian": "ini", "polish": "ski", "greek": "akis"}
    rows = ["kind,name"]
    for _ in range(200):
        kind = draw.choice(list(endings))
        rows.append(f"{kind},{''.join(draw.choices('abcdelmnoprst', k=draw.randint(3, 5))).title()}{endings[kind]}")
    _write_lines(path, rows)


def flowers(path: Path) -> None:
    """CSV of numbers and a class, without an order in time."""
    draw = random.Random(7)
    rows = ["petal_length,petal_width,flower"]
    for _ in range(200):
        kind, length, width = draw.choice([("setosa", 1.5, 0.2), ("virginica", 5.5, 2.0), ("versicolor", 4.2, 1.3)])
        rows.append(f"{draw.gauss(length, 0.3):.2f},{draw.gauss(width, 0.1):.2f},{kind}")
    _write_lines(path, rows)


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
    _write_lines(path, ["tune", *rows])


def sounds(folder: Path) -> None:
    """Folder of low and high tones, with the label in their names."""
    folder.mkdir()
    draw = random.Random(9)
    for label, hertz in (("low", 300), ("high", 1200)):
        for speaker in ("ann", "bob", "cleo"):
            for take in range(12):
                step = 2 * math.pi * hertz * draw.uniform(0.9, 1.1) / 8000
                samples = [round(12000 * math.sin(step * t) + draw.gauss(0, 300)) for t in range(2000)]
                content = io.BytesIO()
                with wave.open(content, "wb") as file:
                    file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                    file.writeframes(array("h", samples).tobytes())
                write_bytes(folder / f"{label}_{speaker}_{take}.wav", content.getvalue())


def _write_lines(path: Path, lines: list[str]) -> None:
    write_text(path, "\n".join(lines) + "\n")


MAKERS: dict[str, Callable[[Path], None]] = {
    "reviews.csv": reviews,
    "reviews-new.csv": reviews_new,
    "sentences.txt": sentences,
    "sentences-new.txt": sentences_new,
    "diary.txt": diary,
    "diary-new.txt": diary_new,
    "far.csv": far,
    "far-new.csv": far_new,
    "load.csv": series,
    "pairs.tsv": pairs,
    "pairs-new.tsv": pairs_new,
    "tagged.conll": tagged,
    "tagged-new.conll": tagged_new,
    "names.csv": names,
    "flowers.csv": flowers,
    "corners": corners,
    "songs": songs,
    "tunes.csv": tunes,
    "sounds": sounds,
}


def main(folder: Path = Path()) -> list[str]:
    """Write the files that are missing; return their names."""
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
