"""One to one: three numbers go in, one name comes out. There are no time steps: a feed-forward network.

Amounts of red, green and blue are measured under changing light; the network predicts the colour.
"""

import random

import recur

PAINTS = {
    "red": (0.9, 0.1, 0.1), "orange": (0.9, 0.5, 0.1), "yellow": (0.9, 0.9, 0.2), "green": (0.2, 0.7, 0.2),
    "blue": (0.2, 0.3, 0.8), "violet": (0.5, 0.2, 0.7), "brown": (0.4, 0.25, 0.1), "grey": (0.5, 0.5, 0.5),
}  # fmt: skip


def measured(name: str, draw: random.Random) -> dict[str, object]:
    """Return one measurement of a paint, with random light and noise."""
    light = draw.uniform(0.6, 1.2)
    red, green, blue = (light * amount + draw.gauss(0, 0.03) for amount in PAINTS[name])
    return {"red": red, "green": green, "blue": blue, "paint": name}


def rows(count: int, seed: int) -> list[dict[str, object]]:
    """Measurements of paints, drawn at random."""
    draw = random.Random(seed)
    return [measured(draw.choice(list(PAINTS)), draw) for _ in range(count)]


def main() -> float:
    """Learn from 1,000 measurements; return the accuracy on 300 others."""
    model = recur.fit(
        rows(1000, seed=1), "one-to-one", input=["red", "green", "blue"], target="paint",
        epochs=15, hidden_size=32, progress=False,
    )  # fmt: skip
    answer = model.predict({"red": 0.85, "green": 0.48, "blue": 0.1}, top=2)
    print("a lot of red, some green, hardly any blue:", answer.scores)
    figures = model.evaluate(rows(300, seed=2))
    print(f"right on {figures['accuracy']:.1%} of new measurements")
    return figures["accuracy"]


if __name__ == "__main__":
    main()
