"""Filler sentences that are unrelated to the question, from a small grammar.

A pattern has slots, ``{person}``, filled from :data:`SLOTS`; slots may be nested. Every possible sentence
belongs to one of the parts train, dev and test by a hash of its words, and a few whole patterns belong to test
only, so that no held-out sentence is in training.
"""

from __future__ import annotations

import hashlib
import random
import re
from typing import Literal

Part = Literal["train", "dev", "test"]

_SLOT_TEXT: dict[str, str] = {
    "person": "my sister | my brother | my mother | my father | my uncle | my aunt | my cousin | my"
    " neighbour | my teacher | my boss | a friend | an old friend | the doctor | the man next"
    " door | the woman from the shop",
    "people": "my friends | my cousins | our neighbours | my parents | the children | two friends | some people",
    "past": "yesterday | last night | last week | this morning | last month | two days ago | on {day}"
    " | after lunch | before dinner | one evening | last summer | last winter",
    "often": "every morning | every evening | every week | every year | on {day} evenings | in summer"
    " | in winter | after work | before breakfast | at the weekend | most days",
    "day": "Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday",
    "city": "London | Paris | Berlin | Rome | Madrid | Vienna | Tokyo | Moscow | Athens | Lisbon |"
    " Oslo | Cairo | Boston | Toronto | Sydney | Dublin",
    "place": "the office | the market | the park | the beach | the museum | the cinema | the theatre |"
    " the garden | the lake | the river | the old bridge | the post office | the bakery | the"
    " pool",
    "room": "the kitchen | the living room | the bathroom | the cellar | the hall | the garage",
    "food": "soup | pasta | rice | salad | potatoes | fried fish | roast chicken | an omelette |"
    " pancakes | vegetable stew | tomato soup | a cheese sandwich | apple pie | chocolate cake",
    "drink": "coffee | tea | orange juice | cold lemonade | hot chocolate | a cup of coffee | a glass of juice",
    "fruit": "apples | pears | cherries | oranges | lemons | plums | onions | peppers | mushrooms",
    "thing": "table | chair | jacket | bicycle | camera | phone | lamp | mirror | blanket | radio | guitar | umbrella",
    "look": "new | old | red | blue | black | small | big | heavy | cheap | expensive | strange | beautiful",
    "weather": "cold | warm | windy | rainy | dry | foggy | sunny | grey | stormy | mild",
    "mood": "tired | happy | hungry | nervous | late | busy | bored | calm | angry | surprised | ill",
    "quality": "good | bad | long | short | boring | funny | sad | interesting | difficult | easy | wonderful",
    "work": "report | letter | meeting | project | contract | plan | budget | list | speech | exam",
    "media": "film | book | concert | play | show | story | article | song | game | lesson",
    "sport": "football | tennis | chess | cards | basketball | volleyball",
    "pet": "dog | cat | horse | parrot | pony",
    "number": "two | three | four | five | six | seven | eight | nine | ten | twelve",
    "many": "a few | several | many | two | three | four | five",
    "duration": "all day | all night | for hours | for {number} days | for {number} hours | the whole"
    " week | until midnight | until noon",
    "vehicle": "bus | train | car | taxi | tram | boat",
    "colour": "white | green | yellow | brown | blue | grey | dark red",
    "degree": "very | quite | rather | really | a little | far too | so",
    "instrument": "guitar | violin | flute | drums | trumpet",
}
SLOTS: dict[str, tuple[str, ...]] = {name: tuple(text.split(" | ")) for name, text in _SLOT_TEXT.items()}

PATTERNS: tuple[str, ...] = (
    # weather
    "it rained {duration}",
    "it snowed {duration}",
    "{past} it was {degree} {weather}",
    "the morning was {degree} {weather} and the evening was {weather}",
    "the weather was {weather} {past}",
    "a {weather} wind came from the mountains {past}",
    "{often} it is {degree} {weather} here",
    "they said on the radio that it will be {weather}",
    # food
    "{past} I cooked {food}",
    "{past} {person} cooked {food} for {people}",
    "{often} I drink {drink}",
    "{person} likes {food} with {drink}",
    "we ate {food} and drank {drink}",
    "the {food_word} was {degree} {quality}",
    "I bought {many} {fruit} at the market",
    "{person} brought {number} {fruit} and some {fruit}",
    "there was {food} for dinner",
    "for breakfast we had {drink} and {food}",
    # family and friends
    "{past} {person} came to visit us",
    "{person} has {many} children and a {look} {pet}",
    "{past} I met {person} at {place}",
    "{people} came late {past}",
    "{person} told me a {quality} story about {person}",
    "{person} called me {past}",
    "{past} {people} had a {quality} party in {room}",
    "{person} was {degree} {mood}",
    "{past} I was {degree} {mood}",
    "{people} are {degree} {mood} {often}",
    "I waited for {person} {duration}",
    # work
    "I work in a {look} office near {place}",
    "{past} I wrote a {quality} {work}",
    "the {work} was {degree} {quality}",
    "{person} lost the {work} {past}",
    "we talked about the {work} {duration}",
    "my boss did not like the {work}",
    "{often} there is a {quality} meeting with {person}",
    "the {work} took {number} hours",
    # house
    "{past} I painted {room} {colour}",
    "{person} bought a {look} {thing}",
    "the {thing} in {room} is {look} and {colour}",
    "I lost my {look} {thing} {past}",
    "{past} {person} repaired the {look} {thing}",
    "the {look} {thing} cost {number} hundred",
    "there is a {look} {thing} in {room}",
    "{people} cleaned {room} {past}",
    # travel
    "{past} I took the {vehicle} to {place}",
    "the {vehicle} was {number} minutes late",
    "{past} {person} went to {city} by {vehicle}",
    "{past} I visited {city} with {person}",
    "{people} spent {number} days in {city}",
    "I have a {look} map of {city}",
    "{person} sent me a card from {city}",
    "the {vehicle} to {city} was {degree} {quality}",
    "I walked from {place} to {place}",
    # free time
    "{often} I play {sport} with {person}",
    "{past} we played {sport} {duration}",
    "the {media} was {degree} {quality}",
    "{past} I saw a {quality} {media} with {people}",
    "{person} plays the {instrument} {often}",
    "{person} wants to learn the {instrument}",
    "{often} {people} go to {place}",
    "we sat near {place} {duration}",
    "the {pet} slept in {room} {duration}",
    "{person} has a {colour} {pet}",
    "I read a {quality} {media} about a {look} {pet}",
    "{past} the {pet} ran to {place}",
    # short ones
    "that was {quality}",
    "I was {mood}",
    "we were {degree} {mood}",
    "it was {weather}",
    "{person} laughed",
    "{people} were {mood}",
    "time passed quickly",
    "life is {quality}",
    "nothing happened {past}",
)
SLOTS["food_word"] = ("soup", "pasta", "rice", "salad", "stew", "cake", "pie", "chicken", "omelette")

# in test only: other wordings, in words that are in training
TEST_PATTERNS: tuple[str, ...] = (
    "{past} {people} cooked {food} in {room}",
    "I told {person} about the {quality} {media}",
    "{person} left the {thing} at {place} {past}",
    "it was {weather} in {city} {past}",
    "the {pet} of {person} is {degree} {look}",
    "{often} {person} drinks {drink} at {place}",
    "we were late and the {vehicle} was {look}",
)

# one and two words long: the shortest pauses between cue and question
ASIDES: tuple[str, ...] = ("well", "anyway", "yes", "I know", "of course", "never mind", "years ago")

_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\ba (?=[aeiou])")


def words_in(text: str) -> int:
    """Return how many words a text has; punctuation stands alone and is not counted."""
    return sum(token not in {".", ",", "....."} for token in text.split())


def part_of(text: str) -> Part:
    """Return the part that a filler sentence belongs to, the same on every machine."""
    bucket = hashlib.sha256(text.encode()).digest()[0]
    return "test" if bucket < 40 else "dev" if bucket < 60 else "train"


def sentence(rng: random.Random, pattern: str) -> str:
    """Fill the slots of a pattern, each with a choice of its own; repeated slots differ where they can."""
    used: dict[str, set[str]] = {}

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        taken = used.setdefault(name, set())
        choice = rng.choice([option for option in SLOTS[name] if option not in taken])
        taken.add(choice)
        return choice

    while _SLOT.search(pattern):
        pattern = _SLOT.sub(fill, pattern)
    return _ARTICLE.sub("an ", pattern)


class Filler:
    """A store of filler sentences of one part, by length, from which any distance can be filled exactly.

    Parameters
    ----------
    part : "train", "dev" or "test"
        The part whose sentences are used.
    rng : random.Random
        Source of all random choices.
    draws : int
        Number of sentences to draw from the grammar.
    longest : int
        The largest distance, in words.
    """

    def __init__(self, part: Part, rng: random.Random, draws: int = 8000, longest: int = 60) -> None:
        self._rng = rng
        texts = set(ASIDES) if part != "test" else set()
        for _ in range(draws):
            text = sentence(rng, rng.choice(PATTERNS))
            if part_of(text) == part:
                texts.add(text)
        if part == "test":
            texts.update(sentence(rng, rng.choice(TEST_PATTERNS)) for _ in range(draws // 8))
        self.by_length: dict[int, list[str]] = {}
        for text in sorted(texts):
            self.by_length.setdefault(words_in(text), []).append(text)
        # _reachable[n]: whether some sentences have n words in total
        self._reachable = [True]
        for words in range(1, longest + 1):
            self._reachable.append(any(n <= words and self._reachable[words - n] for n in self.by_length))

    def sentences(self, words: int) -> list[str]:
        """Return sentences that have exactly ``words`` words together; none for 0."""
        chosen: list[str] = []
        left = words
        while left:
            fitting = [n for n in self.by_length if n <= left and self._reachable[left - n]]
            length = self._rng.choices(fitting, [len(self.by_length[n]) for n in fitting])[0]
            chosen.append(self._rng.choice(self.by_length[length]))
            left -= length
        self._rng.shuffle(chosen)
        return chosen
