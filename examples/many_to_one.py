"""Many to one: a series of any length goes in, one label comes out at its end.

A sensor records a periodic signal with noise, from any phase on; the label is its wave form.
"""

import math
import random

import recur


def value(wave: str, phase: float) -> float:
    """Return the value of a wave at a phase from 0 to 1."""
    if wave == "sine":
        return math.sin(2 * math.pi * phase)
    if wave == "square":
        return 1.0 if phase < 0.5 else -1.0
    return 2 * phase - 1 if wave == "sawtooth" else 1 - 2 * phase  # the mirrored sawtooth falls


def rows(count: int, seed: int) -> list[dict[str, object]]:
    """Series of 20 to 50 steps: ``{"series": [...], "wave": "sine"}``."""
    draw, found = random.Random(seed), []
    for _ in range(count):
        wave = draw.choice(["sine", "square", "sawtooth", "falling sawtooth"])
        start, period = draw.random(), draw.uniform(8, 16)
        steps = range(draw.randint(20, 50))
        series = [value(wave, (start + step / period) % 1) + draw.gauss(0, 0.2) for step in steps]
        found.append({"series": series, "wave": wave})
    return found


def main() -> float:
    """Learn from 1,000 series; return the accuracy on 200 others."""
    model = recur.fit(
        rows(1000, seed=1), "many-to-one", input="series", target="wave",
        cell="gru", hidden_size=32, epochs=8, batch_size=16, lr=1e-2, progress=False,
    )  # fmt: skip
    new = rows(200, seed=2)
    answer = model.predict([new[0]["series"]], top=2)[0]
    print(f"the first is a {new[0]['wave']}; the network says {answer.scores}")
    figures = model.evaluate(new)
    print(f"right on {figures['accuracy']:.1%} of new series")
    return figures["accuracy"]


if __name__ == "__main__":
    main()
