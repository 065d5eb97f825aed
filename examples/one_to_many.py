"""One to many: one word goes in, a sequence comes out. The network generates names in the style of a place.

The input only sets the initial state; after that the network reads the letters that it generated.
"""

import random

import recur

STEMS = (
    "Bar", "Cor", "Dan", "Fal", "Gar", "Hol", "Kar", "Lam", "Mar", "Nor", "Pel", "Ros", "Sal", "Tor", "Val", "Wil",
    "Bren", "Dor", "Harg", "Lund", "Mort", "Sten", "Tam", "Wes",
)  # fmt: skip
ENDINGS = {
    "northern": ["sson", "vik", "berg", "lund", "strom"],
    "western": ["ton", "worth", "field", "ley", "ham"],
    "eastern": ["ovski", "enko", "ova", "icz", "ov"],
    "southern": ["ini", "elli", "ado", "ez", "osa"],
}


def rows() -> list[dict[str, str]]:
    """Return a row for each stem with each ending: a place and a name of its kind."""
    return [
        {"place": place, "name": stem + ending}
        for place, endings in ENDINGS.items()
        for ending in endings
        for stem in STEMS
    ]


def main() -> float:
    """Learn from 480 names; return the share of generated names with an ending of their place."""
    model = recur.fit(
        rows(), "one-to-many", input="place", target="name", target_codec="characters",
        cell="gru", hidden_size=64, epochs=12, lr=1e-2, progress=False,
    )  # fmt: skip
    draw, good, total = random.Random(0), 0, 0
    for place, endings in ENDINGS.items():
        names = [model.predict(place, temperature=0.8, seed=draw.randrange(10**6)).value for _ in range(10)]
        print(f"{place}: {', '.join(names)}")
        good += sum(name.endswith(tuple(endings)) for name in names)
        total += len(names)
    print(f"{good} of {total} have an ending of their place")
    return good / total


if __name__ == "__main__":
    main()
