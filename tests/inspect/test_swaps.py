"""Influence by swapping an item for what the network expects in its place."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from recur import continuation, modes
from recur import inspect as inspector
from recur.inspect import swaps
from tests.inspect.helpers import learned
from tests.modes.helpers import Row, codec, small, train
from tests.tolerances import DOUBLE


@pytest.mark.parametrize(
    ("source", "text"), [("words", "the dog ran to"), ("characters", "the d"), ("tags", ["D", "N"])]
)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_swap_is_the_mean_over_what_the_network_expects_there(source: str, text: object, layers: int) -> None:
    mode = learned("synced", source, None, {"num_layers": layers})
    question = inspector.ask(mode, text)
    found = inspector.influence(mode, text, methods=["swap"])
    ids = torch.as_tensor(np.asarray(question.values))
    target = question.options[0].target
    with torch.no_grad():
        vectors, _ = mode.run(ids[None])
        expected = mode.output.log_probs(vectors)[0].exp()
    reserved = [*mode.symbols.forbidden(unknown=False), mode.symbols.end]
    assert np.isnan(found.scores["swap"][0]), "nothing is expected before a start sign"
    for place in range(1, len(ids)):
        chances = expected[place - 1].clone()
        chances[[one for one in reserved if one != int(ids[place])]] = 0
        order = [int(ids[place]), *(k for k in chances.argsort(descending=True).tolist() if k != int(ids[place]))]
        kept, whole = [], 0.0
        for symbol in order[: swaps.MOST + 1]:
            if kept and (whole >= swaps.MASS or not chances[symbol]):
                break
            kept.append(symbol)
            whole += float(chances[symbol])
        total = 0.0
        for symbol in kept:
            other = ids.clone()
            other[place] = symbol
            log_p = float(question.score(other[None], torch.tensor([len(ids)]), target).detach())
            total += float(chances[symbol]) / whole * math.exp(log_p)
        assert found.scores["swap"][place] == pytest.approx(found.output - math.log(total), rel=DOUBLE)


def test_a_word_that_could_not_be_another_tells_nothing_and_a_choice_tells_what_follows_from_it() -> None:
    """The last word depends on the second alone: leaving "the" out is what moves the sentence, and tells nothing."""
    places = {"clouds": "sky", "fish": "sea", "cows": "field", "stars": "night"}
    lines = [f"{start} {thing} are in the {place}" for thing, place in places.items() for start in ("the", "all")]
    words = codec("words", lines)
    torch.manual_seed(0)
    mode = modes.build("synced", words, None, small(hidden_size=24, embedding_size=8))
    train(mode, [Row(line, line) for line in lines], steps=200)
    for thing, place in places.items():
        text = f"all {thing} are in the"
        assert continuation.predict(mode, [text])[0].scores[0][0] == place
        for against in ("everything", "candidates"):
            found = inspector.influence(mode, text, against=against, methods=("swap", "leave_one_out"))
            scores = dict(zip(found.items, found.scores["swap"], strict=True))
            assert found.items[found.order()[0]] == thing, against
            assert scores[thing] > 1
            assert all(abs(scores[word]) < 0.2 for word in ("are", "in", "the"))
    # to leave a word out moves the sentence: after "are in" the network expects "the", and no place
    left_out = dict(zip(found.items, found.scores["leave_one_out"], strict=True))
    assert left_out["the"] > 1
