"""Build the last-word corpus: training lines, development lines, and held-out lines with their distance.

Every line ends with the word to guess. The distance of a far line is the number of words between the sentence
that names the country and the sentence that asks for its language:

    I grew up in France . <filler sentences: 0 to 60 words> . I speak fluent French

Every fifth distance (0, 5, ..., 60) is kept for the test, and so are the filler sentences of the test lines.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recur.atomic import write_text
from recur.demos.corpus.facts import (
    AGES,
    CUES_I,
    CUES_OTHER,
    LANGUAGES,
    NAMES,
    NEAR_FACTS,
    OPENERS,
    POSSESSIVE,
    QUESTIONS_I,
    QUESTIONS_OTHER,
    STATEMENTS,
    NearFact,
)
from recur.demos.corpus.filler import Filler, Part, part_of
from recur.errors import ConfigError

LONGEST = 60
TEST_DISTANCES: tuple[int, ...] = tuple(range(0, LONGEST + 1, 5))
TRAIN_DISTANCES: tuple[int, ...] = tuple(d for d in range(1, LONGEST) if d not in TEST_DISTANCES)
DOTS = 0.1  # share of far lines with dots after the cue
SPANS: dict[str, int] = {"short": 4, "middle": 16, "long": LONGEST}
# kinds of training lines; a cue and a question in one sentence are the easiest to learn
MIXTURE: tuple[str, ...] = ("near", "country", "joined", "joined", "short", "joined", "middle", "long")


@dataclass(frozen=True)
class Line:
    """One line of text that ends with the word to guess."""

    text: str
    kind: str
    distance: int

    @property
    def prompt(self) -> str:
        """The line without its last word."""
        return self.text.rsplit(" ", 1)[0]

    @property
    def answer(self) -> str:
        """The last word."""
        return self.text.rsplit(" ", 1)[1]


@dataclass(frozen=True)
class Corpus:
    """The lines of the three parts; no filler sentence and no far distance of test is in train."""

    train: list[Line]
    dev: list[Line]
    test: list[Line]

    def vocabulary(self) -> set[str]:
        """Return every word of the training lines."""
        return {word for line in self.train for word in line.text.split()}

    def write(self, folder: Path) -> None:
        """Write ``train.txt``, ``dev.txt`` and ``test.jsonl`` (text, kind, distance) into a folder."""
        for name, lines in (("train", self.train), ("dev", self.dev)):
            write_text(folder / f"{name}.txt", "".join(f"{line.text}\n" for line in lines))
        rows = ({"text": line.text, "kind": line.kind, "distance": line.distance} for line in self.test)
        # it is written last and in one step: a corpus with it is complete
        write_text(folder / "test.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def build(seed: int = 0, train: int = 16000, dev: int = 400, test_repeats: int = 4) -> Corpus:
    """Build the corpus, the same for the same arguments.

    Parameters
    ----------
    seed : int
        Seed of all random choices.
    train, dev : int
        Number of lines in each part.
    test_repeats : int
        Held-out lines for every pair of country and distance, and for every near fact.

    Returns
    -------
    Corpus
        ``train``, ``dev`` and ``test`` lines; every word of ``test`` occurs in ``train``.

    Examples
    --------
    >>> build(train=2000).train[0].kind in {"near", "far"}
    True
    """
    writer = _Writer("train", seed)
    train_lines = writer.mixture(train)
    known = {word for line in train_lines for word in line.text.split()}
    dev_lines = _Writer("dev", seed).mixture(dev)

    writer = _Writer("test", seed)
    makers = [partial(writer.far, country, distance) for distance in TEST_DISTANCES for country in LANGUAGES]
    makers += [partial(writer.near, fact) for fact in NEAR_FACTS]
    test_lines = [_drawn_until_known(make, known) for make in makers for _ in range(test_repeats)]
    return Corpus(train_lines, dev_lines, test_lines)


class _Writer:
    """Writes the lines of one part from the part's own fillers and its own random numbers."""

    def __init__(self, part: Part, seed: int) -> None:
        self._part = part
        self._rng = random.Random(f"{part} {seed}")
        self._filler = Filler(part, self._rng)

    def mixture(self, size: int) -> list[Line]:
        """Lines as training sees them: every country and every fact equally often, distances mixed."""
        countries = itertools.cycle(LANGUAGES)
        facts = itertools.cycle(NEAR_FACTS)
        lines: list[Line] = []
        for _, kind in zip(range(size), itertools.cycle(MIXTURE), strict=False):
            if kind == "near":
                lines.append(self.near(next(facts)))
            elif kind == "country":
                lines.append(self.country(next(countries)))
            elif kind == "joined":
                lines.append(self.joined(next(countries)))
            else:
                lines.append(self.far(next(countries), self._distance(kind)))
        self._rng.shuffle(lines)
        return lines

    def country(self, country: str) -> Line:
        """State what is spoken in a country, plainly."""
        text = self._rng.choice(STATEMENTS).format(country=country)
        if self._rng.random() < 0.5:
            text = f"{self._filler.sentences(self._rng.randint(4, 12))[0]} . {text}"
        return Line(f"{text} {LANGUAGES[country]}", "country", 0)

    def far(self, country: str, distance: int) -> Line:
        """Name a country, say ``distance`` words about other things, then ask for its language."""
        cue, questions = self._person(country)
        rest = [*self._filler.sentences(distance), self._rng.choice(questions)]
        # the lecture writes "I grew up in France ..... I speak fluent"
        pause = " ..... " if self._rng.random() < DOTS else " . "
        return Line(f"{cue}{pause}{' . '.join(rest)} {LANGUAGES[country]}", "far", distance)

    def joined(self, country: str) -> Line:
        """Name a country and ask for its language in one sentence."""
        cue, questions = self._person(country)
        link = self._rng.choice((" and", " ,", " , so", " and now"))
        text = f"{cue}{link} {self._rng.choice(questions)}"
        if self._rng.random() < 0.5:
            text = f"{self._filler.sentences(self._rng.randint(4, 12))[0]} . {text}"
        return Line(f"{text} {LANGUAGES[country]}", "joined", 0)

    def _person(self, country: str) -> tuple[str, list[str]]:
        rng = self._rng
        pronoun = rng.choice(("I", "I", "he", "she"))
        cues, questions = (CUES_I, QUESTIONS_I) if pronoun == "I" else (CUES_OTHER, QUESTIONS_OTHER)
        fields = {"country": country, "age": rng.choice(AGES)}
        if pronoun != "I":
            fields |= {"he": pronoun, "his": POSSESSIVE[pronoun], "name": rng.choice(NAMES[pronoun])}
        return rng.choice(cues).format_map(fields), [question.format_map(fields) for question in questions]

    def near(self, fact: NearFact) -> Line:
        """State a fact, plainly or after an opener; half of the lines have a filler sentence in front."""
        openers = [opener for opener in OPENERS if part_of(f"{opener} {fact.prompt}") == self._part]
        opener = self._rng.choice(openers) if openers and self._rng.random() < 0.5 else ""
        text = f"{opener} {fact.prompt} {fact.answer}".strip()
        # a held-out fact without a reserved opener needs a held-out sentence in front to be new
        before = not opener if self._part == "test" else self._rng.random() < 0.5
        if before:
            text = f"{self._filler.sentences(self._rng.randint(4, 12))[0]} . {text}"
        return Line(text, "near", 0)

    def _distance(self, kind: str) -> int:
        longest = SPANS[kind]
        return self._rng.choice([d for d in TRAIN_DISTANCES if d <= longest])


def _drawn_until_known(make: Callable[[], Line], known: set[str]) -> Line:
    """Draw a held-out line until all of its words occur in training, so that only the order is new."""
    for _ in range(1000):
        line = make()
        if known.issuperset(line.text.split()):
            return line
    raise ConfigError(
        f"a training part of {len(known)} different words is too small for the held-out lines",
        hint="build the corpus with more training lines",
    )
