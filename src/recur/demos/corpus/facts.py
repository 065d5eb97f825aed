"""The facts of the last-word corpus: countries with their languages, and everyday knowledge.

Only undisputed facts are here: the main language of a country, and endings that a reader would
give without thinking. Several countries share a language, so the answer is a fact and not a copied word.
"""

from __future__ import annotations

from typing import NamedTuple


class NearFact(NamedTuple):
    """A sentence without its last word, and that word; the cue is only a few words away."""

    prompt: str
    answer: str


LANGUAGES: dict[str, str] = {
    "France": "French",
    "Germany": "German",
    "Austria": "German",
    "Italy": "Italian",
    "Spain": "Spanish",
    "Mexico": "Spanish",
    "Argentina": "Spanish",
    "Colombia": "Spanish",
    "Chile": "Spanish",
    "Cuba": "Spanish",
    "Portugal": "Portuguese",
    "Brazil": "Portuguese",
    "England": "English",
    "Australia": "English",
    "Poland": "Polish",
    "Hungary": "Hungarian",
    "Romania": "Romanian",
    "Bulgaria": "Bulgarian",
    "Croatia": "Croatian",
    "Greece": "Greek",
    "Turkey": "Turkish",
    "Sweden": "Swedish",
    "Denmark": "Danish",
    "Norway": "Norwegian",
    "Iceland": "Icelandic",
    "Russia": "Russian",
    "China": "Chinese",
    "Japan": "Japanese",
    "Korea": "Korean",
    "Vietnam": "Vietnamese",
    "Thailand": "Thai",
    "Mongolia": "Mongolian",
    "Egypt": "Arabic",
    "Jordan": "Arabic",
}

# the cue: who comes from which country; {country} is the word to remember
CUES_I: tuple[str, ...] = (
    "I grew up in {country}",
    "I was born in {country}",
    "I was born and raised in {country}",
    "I spent my childhood in {country}",
    "I lived in {country} until I was {age}",
    "I went to school in {country} for {age} years",
    "my family is from {country}",
    "my parents raised me in {country}",
    "I come from a small town in {country}",
    "I come from a village in {country}",
    "my home is a farm in {country}",
    "for many years my home was {country}",
    "when I was a child we lived in {country}",
    "the first {age} years of my life I lived in {country}",
)
CUES_OTHER: tuple[str, ...] = (
    "{name} grew up in {country}",
    "{name} was born in {country}",
    "{name} was born and raised in {country}",
    "{name} spent {his} childhood in {country}",
    "{name} lived in {country} until {he} was {age}",
    "{name} comes from a small town in {country}",
    "{name} comes from a village in {country}",
    "the family of {name} is from {country}",
    "my friend {name} grew up in {country}",
    "our neighbour {name} was born in {country}",
)

# the question: a sentence whose last word is the language
QUESTIONS_I: tuple[str, ...] = (
    "I speak fluent",
    "I speak perfect",
    "I still speak",
    "so I speak fluent",
    "of course I speak fluent",
    "that is why I speak fluent",
    "my first language is",
    "my mother tongue is",
    "with my parents I speak",
    "at home we speak",
    "I learned to read in",
    "I still count in",
    "at night I dream in",
    "my diary is written in",
    "I sing old songs in",
)
QUESTIONS_OTHER: tuple[str, ...] = (
    "{he} speaks fluent",
    "{he} speaks perfect",
    "{he} still speaks",
    "so {he} speaks fluent",
    "of course {he} speaks fluent",
    "that is why {he} speaks fluent",
    "{his} first language is",
    "{his} mother tongue is",
    "with {his} parents {he} speaks",
    "{he} learned to read in",
    "{he} still counts in",
    "at night {he} dreams in",
)

# the fact itself, cue and answer side by side
STATEMENTS: tuple[str, ...] = (
    "the language of {country} is",
    "in {country} people speak",
    "if you go to {country} you hear",
    "the newspapers in {country} are written in",
    "the songs from {country} are mostly in",
    "whoever comes from {country} learns to speak",
    "the children in {country} learn to read in",
    "when you travel to {country} you should know some",
    "a shop in {country} has all its signs in",
    "people who grew up in {country} usually speak perfect",
    "people who were born in {country} usually speak fluent",
)

AGES: tuple[str, ...] = ("six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "eighteen")
NAMES: dict[str, tuple[str, ...]] = {
    "he": ("Adam", "Daniel", "David", "Leo", "Martin", "Max", "Paul", "Robert", "Samuel", "Victor"),
    "she": ("Alice", "Anna", "Clara", "Emma", "Julia", "Laura", "Maria", "Nina", "Olivia", "Sara"),
}
POSSESSIVE: dict[str, str] = {"he": "his", "she": "her"}

NEAR_FACTS: tuple[NearFact, ...] = tuple(
    NearFact(*line.rsplit(" ", 1))
    for line in (
        "the clouds are in the sky",
        "the clouds drift slowly across the sky",
        "the stars shine in the night sky",
        "the planes fly high in the sky",
        "the birds build their nests in the trees",
        "the monkeys climb up into the trees",
        "the fish swim in the water",
        "the ducks dive into the water",
        "the ships sail across the sea",
        "the whales live in the deep sea",
        "the camels walk through the desert",
        "the cactus grows in the hot desert",
        "the bees carry the pollen to their hive",
        "the bees make sweet honey",
        "the spider waits in its web",
        "the cows give fresh milk",
        "the cows eat the green grass",
        "the sheep give us wool",
        "the hens lay white eggs",
        "the dog chews on a bone",
        "the cat chases the mouse",
        "the rabbit likes to eat carrots",
        "the lion is a wild animal",
        "the sun rises in the east",
        "the sun goes down in the west",
        "the moon shines at night",
        "the leaves fall from the trees",
        "the snow falls in winter",
        "the flowers bloom in spring",
        "the farmer drives a tractor",
        "the baker bakes fresh bread",
        "the fire keeps us warm",
        "the ice melts in the sun",
        "the train stops at the station",
        "the plane lands at the airport",
        "the children learn at school",
        "the nurse works in a hospital",
        "the judge works in a court",
        "the pilot flies a plane",
        "the captain steers the ship",
        "the painter holds a brush",
        "the pianist plays the piano",
        "the barber cuts my hair",
        "the dentist looks at my teeth",
        "the tailor sews a suit",
        "the players kick the ball",
        "the king wears a golden crown",
        "the clock shows the time",
        "the key opens the door",
        "the knife is used to cut bread",
        "the lamp gives us light",
        "the library is full of books",
        "the grapes are pressed into wine",
        "the letter has a stamp",
        "the rain makes the streets wet",
        "the fridge keeps the food cold",
        "the sugar makes the tea sweet",
        "the bank keeps our money",
        "the week has seven days",
        "the year has twelve months",
    )
)

# what may come before a near fact; the fact stays the same
OPENERS: tuple[str, ...] = (
    "as you know",
    "as always",
    "everybody knows that",
    "we all know that",
    "look ,",
    "you can see that",
    "every child knows that",
    "in this picture",
    "in the old story",
    "it is true that",
)
