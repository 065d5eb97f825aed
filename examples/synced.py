"""Synced: every step has an answer. A text without a target predicts its own next word.

The same network then predicts the next word of a prompt, or continues it.
"""

import random

import recur

WHERE = {"clouds": "sky", "fish": "sea", "trains": "station", "stars": "night", "cows": "field", "books": "library"}
OPENERS = ("", "today ", "every day ", "we know that ", "I think that ", "in summer ", "at noon ", "he says that ")


def lines() -> list[str]:
    """Return all sentences about what is where, in a random order."""
    found = [
        f"{opener}{how_many} {thing} are in the {place}"
        for opener in OPENERS
        for how_many in ("the", "all", "many", "some", "our", "no")
        for thing, place in WHERE.items()
    ]
    random.Random(0).shuffle(found)
    return found


def main() -> float:
    """Learn from 220 sentences; return the accuracy of the last word of the others."""
    sentences = lines()
    learned, others = sentences[:220], sentences[220:]
    model = recur.fit(
        {"text": learned}, "synced", documents="line",
        cell="lstm", hidden_size=48, epochs=15, batch_size=8, lr=5e-3, progress=False,
    )  # fmt: skip
    for candidate in model.complete("at noon some fish are in the", top=3):
        print(f"at noon some fish are in the {candidate.word}  {candidate.probability:.1%}")
    print("writes:", model.generate("every day", length=8, temperature=0.7, seed=3))
    figures = model.evaluate({"text": others}, last_word=True)
    print(f"the last word of {figures['rows']} new sentences is right in {figures['accuracy']:.1%}")
    return figures["accuracy"]


if __name__ == "__main__":
    main()
