"""Units that follow a simple property are found, and chance matches are not."""

from __future__ import annotations

import numpy as np
import pytest

from recur import inspect as inspector
from recur.errors import DataError
from recur.inspect import units
from recur.inspect.reading import states_of
from tests.inspect.brackets import network, texts
from tests.inspect.helpers import learned
from tests.tolerances import SHOWN


def test_a_unit_that_follows_a_predicate_is_found_and_luck_is_not() -> None:
    mode = learned("synced", "characters", None, {})
    rows = ["the cat sat", "a dog ran to a cat", "the dog", "cat", "a cat sat to a dog", "the dog ran"] * 10
    # a unit made to see spaces: the gates open, the candidate set by the embedding of the space
    layer = mode.stack.layer
    space = mode.inputs.embedding.weight[mode.target_codec.id(" ")].detach()
    layer.weight_ih_l0.data[[0, 8, 16, 24]] = 0
    layer.weight_hh_l0.data[[0, 8, 16, 24]] = 0
    layer.bias_ih_l0.data[[0, 8, 16, 24]] = space.new_tensor([10.0, -10.0, -20.0, 10.0])
    others = mode.inputs.embedding.weight.detach()
    direction = space - others.mean(0)
    layer.weight_ih_l0.data[16] = 50 * direction / direction.norm() ** 2
    best = inspector.find_units(mode, rows)[0]
    assert (best.predicate, best.measure) == ("space", "AUC")
    assert best.score > 0.99 or best.score < 0.01
    rng = np.random.default_rng(0)
    noise = {"chance": lambda tokens: rng.integers(0, 2, len(tokens)).astype(float).tolist()}
    for finding in inspector.find_units(mode, rows, predicates=noise):
        assert abs(finding.score - 0.5) < 0.2
        assert not finding.exceeds_chance


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
    rows = ["the cat", "a dog ran to a cat and sat"] * 20
    numbers = {"place": lambda tokens: [float(min(n, 1 if len(tokens) < 12 else 9)) for n in range(len(tokens))]}
    for finding in inspector.find_units(mode, rows, predicates=numbers):
        assert finding.measure == "correlation"
        assert abs(finding.found) <= 1 + 1e-6
        assert abs(finding.score) <= 1 + 1e-6


def test_labels_of_the_texts_stand_beside_their_symbols() -> None:
    mode = learned("synced", "words", None, {})
    rows = ["the dog ran", "the cat sat to a dog", "a dog ran to a cat"] * 10
    labels = [[float(word == "dog") for word in text.split()] for text in rows]
    same = {"dog": lambda tokens: [float(token == "dog") for token in tokens]}
    given = inspector.find_units(mode, rows, predicates={}, labels={"dog": labels})
    assert given
    assert given == inspector.find_units(mode, rows, predicates=same)
    with pytest.raises(DataError, match=r'labels "dog" of text 1 have the shape \(1,\)'):
        inspector.find_units(mode, rows, predicates={}, labels={"dog": [[1.0]] * len(rows)})
    with pytest.raises(DataError, match="are for 3 texts"):
        inspector.find_units(mode, rows, predicates={}, labels={"dog": labels[:3]})


def test_found_units_are_shown_over_the_input_beside_what_they_follow() -> None:
    mode = learned("synced", "characters", None, {})
    rows = ["the cat sat", "a dog ran to a cat", "the dog", "cat", "a cat sat to a dog", "the dog ran"] * 10
    found = inspector.explain(mode, "a cat ran", corpus=rows)["units"]
    assert found["findings"]
    tokens, states = states_of(mode, "a cat ran")
    assert found["labels"] == tokens
    for one in found["findings"]:
        [series] = [v for (place, state), v in states.items() if (str(place), state) == (one["layer"], one["state"])]
        np.testing.assert_allclose(one["values"], series[:, one["unit"]], rtol=SHOWN)
        if one["predicate"] == "space":
            assert one["wanted"] == [float(token == " ") for token in tokens]
    assert any(one["predicate"] == "space" for one in found["findings"])


def test_the_unit_of_a_learned_bracket_is_right_on_held_out_text() -> None:
    found = inspector.find_units(network(), texts(5, 60), top=100)
    best = next(one for one in found if one.predicate == "inside brackets")
    assert abs(best.score - 0.5) > 0.45
    assert best.exceeds_chance
    assert 0.5 < best.chance < 0.7
    # the same unit on texts that had no part in the search
    new = [states_of(network(), text) for text in texts(6, 30)]
    values = np.concatenate([states[best.place, best.state][:, best.unit] for _, states in new])
    inside = np.concatenate([units.PREDICATES["inside brackets"](tokens) for tokens, _ in new])
    [area] = units.compare(values[:, None], inside, "AUC")
    assert abs(area - best.score) < 0.05


def test_a_single_long_text_is_divided_and_a_short_one_refused() -> None:
    whole = "".join(texts(7, 40))
    best = inspector.find_units(network(), [whole], top=100)
    assert next(one for one in best if one.predicate == "inside brackets").exceeds_chance
    with pytest.raises(DataError, match="needs at least two texts, got 1"):
        inspector.find_units(network(), [whole[:20]])


def test_labels_of_texts_and_of_steps_are_predicates() -> None:
    rows = texts(8, 40)
    letters = [[{"(": "open", ")": "close"}.get(one, "") for one in row] for row in rows]
    best = inspector.find_units(network(), rows, labels=letters, predicates={}, top=100)
    assert {one.predicate for one in best} == {"label “open”", "label “close”"}
    assert all(one.exceeds_chance for one in best[:1])
    classes = inspector.find_units(network(), rows, labels=["x", "y", "y", "x"] * 10, predicates={})
    # the classes were given without regard to the text
    assert not any(one.exceeds_chance and abs(one.score - 0.5) > 0.2 for one in classes)
