"""The small tasks of the lecture: their words, their rows, and which rows no network was trained on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

Row = tuple[list[str], list[str]]  # the inputs, and the target of each step; "" where there is none

SPELLED = ("h", "e", "l", "o")
NEAR = {
    "clouds": "sky", "stars": "sky", "fish": "sea", "whales": "sea", "books": "library", "pupils": "school",
    "lessons": "school", "novels": "library",
}  # fmt: skip
COUNTRIES = {
    "France": "French", "Spain": "Spanish", "Italy": "Italian", "Germany": "German", "Korea": "Korean",
}  # fmt: skip
FILLERS = (
    "my sister plays chess .", "we had a dog .", "it rained a lot .", "the house was small .", "I liked old songs .",
    "the winters were long .", "we went to school .",
)  # fmt: skip
MOST_FILLERS = 6
PIXELS = {
    "0": "111101101101111", "1": "010110010010111", "2": "111001111100111", "3": "111001111001111",
    "4": "101101111001001", "5": "111100111001111", "6": "111100111101111", "7": "111001010010010",
    "8": "111101111101111", "9": "111101111001111",
}  # fmt: skip
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FRENCH = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize",
)  # fmt: skip
_FRENCH_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre vingt"}
UNSEEN_NUMBERS = (24, 38, 43, 57, 62, 76, 89, 91)
END = "."
QUOTES = ("“", "”")
SAID = ("we", "saw", "the", "sun", "rain", "and")
QUOTED = range(20, 36)  # seeds of the lines of the page: one to choose a range in, and those that are searched
GOOD, BAD = ("good", "great", "funny"), ("bad", "dull", "awful")
NOUNS = ("bat", "mouse", "crane", "seal")
LIVING, BROKEN = ("slept", "ate", "woke"), ("broke", "rusted", "burned")
BETWEEN = ("", "we saw", "that we saw", "that we saw there", "we bought there")


def sentence_near(noun: str, *, colour: str = "") -> list[str]:
    """Return "the clouds are in the"; its last word is missing."""
    return f"the {colour} {noun} are in the".split()


def sentence_far(country: str, fillers: Sequence[str]) -> list[str]:
    """Return "I grew up in France . ... I speak fluent"; its last word is missing."""
    return f"I grew up in {country} . {' '.join(fillers)} I speak fluent".split()


def words() -> list[str]:
    """The vocabulary of the near and the far word."""
    texts = [sentence_near(noun, colour="white") for noun in NEAR]
    texts += [sentence_far(country, FILLERS) for country in COUNTRIES]
    seen = {word for text in texts for word in text}
    return sorted(seen | set(NEAR.values()) | set(COUNTRIES.values()) | {"old"}, key=str.lower)


def near_and_far(seed: int, count: int) -> Iterator[Row]:
    """Sentences and the word that follows each word; half of them near, half far with 0 to 6 fillers."""
    draw = random.Random(seed)
    for number in range(count):
        if number % 2:
            noun = draw.choice(list(NEAR))
            start, last = sentence_near(noun, colour=draw.choice(("", "", "white", "old"))), NEAR[noun]
        else:
            country = draw.choice(list(COUNTRIES))
            fillers = [draw.choice(FILLERS) for _ in range(draw.randint(0, MOST_FILLERS))]
            start, last = sentence_far(country, fillers), COUNTRIES[country]
        yield start, [*start[1:], last]


def in_english(number: int) -> list[str]:
    """A number below 100 in English words.

    >>> in_english(76)
    ['seventy', 'six']
    """
    if number < 20:
        return [(*NUMBERS, *_TEENS)[number]]
    return [_TENS[number // 10 - 2], *([NUMBERS[number % 10]] if number % 10 else [])]


def in_french(number: int) -> list[str]:
    """A number below 100 in French words, without hyphens.

    >>> in_french(71), in_french(80), in_french(99)
    (['soixante', 'et', 'onze'], ['quatre', 'vingt'], ['quatre', 'vingt', 'dix', 'neuf'])
    """
    if number < 20:
        return [_FRENCH[number]] if number < 17 else ["dix", _FRENCH[number - 10]]
    tens, rest = number // 10, number % 10
    if tens in (7, 9):
        tens, rest = tens - 1, rest + 10
    more = [] if rest == 0 else in_french(rest)
    joint = ["et"] if rest in (1, 11) and tens != 8 else []
    return [*_FRENCH_TENS[tens].split(), *joint, *more]


def review(draw: random.Random) -> tuple[list[str], str]:
    """A short opinion with "not" and "but", and its class: what follows "but" counts.

    >>> review(random.Random(3))
    (['the', 'story', 'is', 'not', 'funny'], 'bad')
    """
    clauses = []
    for _ in range(draw.choice((1, 1, 2))):
        good, negated = draw.random() < 0.5, draw.random() < 0.5
        word = draw.choice(GOOD if good != negated else BAD)
        noun = draw.choice(("film", "story", "music"))
        clauses.append((["the", noun, "is", *(["not"] if negated else []), word], "good" if good else "bad"))
    text = list(clauses[0][0])
    for more, _ in clauses[1:]:
        text += ["but", *more]
    return text, clauses[-1][1]


def quoted(draw: random.Random) -> list[str]:
    """Words drawn at random, some of them in quotation marks: only a memory knows whether a quotation is open.

    >>> len(quoted(random.Random(1))) >= 14
    True
    """
    text: list[str] = []
    inside = False
    while len(text) < 14 or inside:
        change = draw.random() < (0.3 if inside else 0.2)
        text.append(QUOTES[inside] if change else draw.choice(SAID))
        inside ^= change
    return text


def spelled_opinions(draw: random.Random) -> Row:
    """Words letter by letter; at the end of each opinion its class: every "not" before it turns it around.

    >>> inputs, targets = spelled_opinions(random.Random(1))
    >>> "".join(inputs), [one for one in targets if one]
    ('fun dull not not dull ', ['good', 'bad', 'bad'])
    """
    inputs, targets = [], []
    for _ in range(draw.randint(2, 5)):
        count, word = draw.choice((0, 1, 1, 2)), draw.choice(("good", "bad", "fun", "dull"))
        letters = [*"not " * count, *word, " "]
        inputs += letters
        good = (word in {"good", "fun"}) != (count == 1)
        targets += [""] * (len(letters) - 1) + ["good" if good else "bad"]
    return inputs, targets


def tagged(draw: random.Random) -> Row:
    """A sentence whose words "fish", "can" and "swim" are a noun after an article and a verb after a pronoun."""
    parts: list[tuple[str, str]] = []
    if draw.random() < 0.5:
        parts += [("the", "article"), (draw.choice(("fish", "can", "swim", "dog")), "noun")]
    else:
        parts += [(draw.choice(("they", "we", "I")), "pronoun")]
    parts += [(draw.choice(("fish", "can", "swim", "see")), "verb")]
    if draw.random() < 0.7:
        parts += [("the", "article"), (draw.choice(("fish", "can", "swim", "dog")), "noun")]
    return [word for word, _ in parts], [tag for _, tag in parts]


def meant(draw: random.Random) -> Row:
    """A sentence with a noun of two senses, an animal or a thing; its last word decides which.

    >>> meant(random.Random(1))
    (['the', 'bat', 'that', 'we', 'saw', 'slept'], ['word', 'animal', 'word', 'word', 'word', 'word'])
    """
    living = draw.random() < 0.5
    return sense(draw.choice(NOUNS), draw.choice(BETWEEN), draw.choice(LIVING if living else BROKEN))


def sense(noun: str, between: str, last: str) -> Row:
    """Return one sentence and the tag of each of its words."""
    text = ["the", noun, *between.split(), last]
    return text, ["word", "animal" if last in LIVING else "thing", *["word"] * (len(text) - 2)]


def meanings() -> Iterator[Row]:
    """All sentences of this kind; half of them are about an animal."""
    for noun in NOUNS:
        for between in BETWEEN:
            for last in (*LIVING, *BROKEN):
                yield sense(noun, between, last)


GERMAN = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
_GERMAN_TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")


def in_german(number: int) -> list[str]:
    """A number below 100 in German words, written apart: the ones come before the tens.

    >>> in_german(42), in_german(21), in_german(30)
    (['zwei', 'und', 'vierzig'], ['ein', 'und', 'zwanzig'], ['dreißig'])
    """
    if number < 20:
        return [GERMAN[number]]
    tens, ones = _GERMAN_TENS[number // 10 - 2], number % 10
    return [*(["ein" if ones == 1 else GERMAN[ones], "und"] if ones else []), tens]
