"""Units that follow a simple property are found, and chance matches are not."""

from __future__ import annotations

import numpy as np
import pytest

from recur import inspect as inspector
from recur.errors import DataError
from recur.inspect import units
from tests.inspect.helpers import learned
from tests.tolerances import SHOWN


def test_a_unit_that_follows_a_predicate_is_found_and_luck_is_not() -> None:
    mode = learned("synced", "characters", None, {})
    texts = ["the cat sat", "a dog ran to a cat", "the dog", "cat", "a cat sat to a dog", "the dog ran"] * 10
    # a unit made to see spaces: the gates open, the candidate set by the embedding of the space
    layer = mode.stack.layer
    space = mode.inputs.embedding.weight[mode.target_codec.id(" ")].detach()
    layer.weight_ih_l0.data[[0, 8, 16, 24]] = 0
    layer.weight_hh_l0.data[[0, 8, 16, 24]] = 0
    layer.bias_ih_l0.data[[0, 8, 16, 24]] = space.new_tensor([10.0, -10.0, -20.0, 10.0])
    others = mode.inputs.embedding.weight.detach()
    direction = space - others.mean(0)
    layer.weight_ih_l0.data[16] = 50 * direction / direction.norm() ** 2
    best = inspector.find_units(mode, texts)[0]
    assert (best.predicate, best.measure) == ("space", "AUC")
    assert best.score > 0.99 or best.score < 0.01
    rng = np.random.default_rng(0)
    noise = {"chance": lambda tokens: rng.integers(0, 2, len(tokens)).astype(float).tolist()}
    for finding in inspector.find_units(mode, texts, predicates=noise):
        assert abs(finding.score - 0.5) < 0.2


def test_equal_states_share_a_rank_and_a_unit_that_never_changes_says_nothing() -> None:
    rng = np.random.default_rng(0)
    wanted = (np.arange(400) < 200).astype(float)
    states = np.stack([np.zeros(400), wanted, np.where(rng.random(400) < 0.8, 0.0, rng.random(400))], axis=1)
    constant, itself, sparse = units.compare(states, wanted, "AUC")
    assert np.isnan(constant)
    assert itself == 1
    assert abs(sparse - 0.5) < 0.1
    whole = (states[wanted == 1, 2][:, None] > states[None, wanted == 0, 2]).mean()
    equal = (states[wanted == 1, 2][:, None] == states[None, wanted == 0, 2]).mean()
    assert sparse == pytest.approx(whole + equal / 2)


def test_both_halves_of_the_texts_are_measured_alike() -> None:
    mode = learned("synced", "characters", None, {})
    texts = ["the cat", "a dog ran to a cat and sat"] * 20
    numbers = {"place": lambda tokens: [float(min(n, 1 if len(tokens) < 12 else 9)) for n in range(len(tokens))]}
    for finding in inspector.find_units(mode, texts, predicates=numbers):
        assert finding.measure == "correlation"
        assert abs(finding.found) <= 1 + 1e-6
        assert abs(finding.score) <= 1 + 1e-6


def test_labels_of_the_texts_stand_beside_their_symbols() -> None:
    mode = learned("synced", "words", None, {})
    texts = ["the dog ran", "the cat sat to a dog", "a dog ran to a cat"] * 10
    labels = [[float(word == "dog") for word in text.split()] for text in texts]
    same = {"dog": lambda tokens: [float(token == "dog") for token in tokens]}
    given = inspector.find_units(mode, texts, predicates={}, labels={"dog": labels})
    assert given
    assert given == inspector.find_units(mode, texts, predicates=same)
    with pytest.raises(DataError, match=r'labels "dog" of text 1 have the shape \(1,\)'):
        inspector.find_units(mode, texts, predicates={}, labels={"dog": [[1.0]] * len(texts)})
    with pytest.raises(DataError, match="are for 3 texts"):
        inspector.find_units(mode, texts, predicates={}, labels={"dog": labels[:3]})


def test_found_units_are_shown_over_the_input_beside_what_they_follow() -> None:
    mode = learned("synced", "characters", None, {})
    texts = ["the cat sat", "a dog ran to a cat", "the dog", "cat", "a cat sat to a dog", "the dog ran"] * 10
    found = inspector.explain(mode, "a cat ran", corpus=texts)["units"]
    assert found["findings"]
    tokens, states = units.states_of(mode, "a cat ran")
    assert found["labels"] == tokens
    for one in found["findings"]:
        [series] = [v for (place, state), v in states.items() if (str(place), state) == (one["layer"], one["state"])]
        np.testing.assert_allclose(one["values"], series[:, one["unit"]], rtol=SHOWN)
        if one["predicate"] == "space":
            assert one["wanted"] == [float(token == " ") for token in tokens]
    assert any(one["predicate"] == "space" for one in found["findings"])
