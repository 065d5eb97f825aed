"""One structure for all pictures: plain, finite data, in every mode; its numbers are those of the functions."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from recur import inspect as inspector
from recur.errors import DataError
from recur.inspect import predicates, units
from recur.inspect.plain import plain
from recur.inspect.through_time import sentence
from tests.inspect.test_influence import CASES, learned
from tests.modes.helpers import build


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), CASES)
def test_every_mode_is_explained_as_plain_data(
    name: str, source: str | None, target: str | None, value: object, options: dict[str, object]
) -> None:
    mode = learned(name, source, target, options)
    found = inspector.explain(mode, value)
    again = json.loads(found.json())
    assert again == found.data
    assert found["question"]["says"]
    items = found["input"]["items"]
    for option in found["influence"]["options"]:
        for against in found["influence"]["against"]:
            assert all(len(scores) == len(items) for scores in option[against]["scores"].values())
    if name == "one-to-one":
        assert found["flow"] is None
        return
    for layer in found["flow"]["layers"]:
        steps = len(layer["labels"])
        assert all(len(norms) == steps for norms in layer["norms"].values())
        for share in layer["shares"].values():
            # the first step computed knows no state, so an error that reaches no further has no share in W_hh
            whole = sum(share["fraction"])
            assert whole == pytest.approx(1, abs=1e-3) or not any(share["norm"])
        assert layer["sentence"]
    for layer in found["states"]["layers"]:
        assert all(len(states) == len(layer["labels"]) for states in layer["states"].values())
    for layer in found["unrolled"]["layers"]:
        ids = {box["id"] for box in layer["boxes"]}
        assert all(argument in ids for box in layer["boxes"] for argument in box["args"])
        assert {box["new_state"] for box in layer["boxes"]} >= set(layer["units"])
        for copy in layer["copies"]:
            assert {int(i) for i in copy["values"]} == ids
    if options.get("attention"):
        weights = np.array(found["alignment"]["weights"])
        assert weights.shape == (len(found["alignment"]["rows"]), len(items))
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-3)


def test_the_flow_of_the_last_error_is_the_last_row_of_the_matrix() -> None:
    mode = learned("synced", "words", None, {})
    [layer] = inspector.explain(mode, "the dog ran to")["flow"]["layers"]
    np.testing.assert_allclose(layer["norms"]["message"], layer["itemised"][-1], rtol=1e-3)
    matrix = np.array(layer["itemised"])
    assert (np.triu(matrix, 1) == 0).all()


def test_what_copies_compute_is_what_the_equation_says() -> None:
    mode = learned("synced", "words", None, {})
    [layer] = inspector.explain(mode, "the dog ran to")["unrolled"]["layers"]
    by_label = {box["label"]: box["id"] for box in layer["boxes"]}
    assert layer["highways"] == ["c"]
    assert {box["path"] for box in layer["boxes"]} == {"", "input to hidden", "hidden to hidden"}
    for before, after in zip(layer["copies"], layer["copies"][1:], strict=False):
        assert before["values"][str(by_label["c"])] == after["values"][str(by_label["c′"])]
        c, i, f, g = (np.array(after["values"][str(by_label[name])]) for name in ("c", "i", "f", "g"))
        old = np.array(after["values"][str(by_label["c′"])])
        sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
        np.testing.assert_allclose(c, sigmoid(f) * old + sigmoid(i) * np.tanh(g), rtol=2e-3, atol=1e-4)
    [line, *_] = layer["copies"][0]["lines"]
    assert line[0] == "i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)"
    assert set(line[1]) == {"i", "f", "g", "o"}


def test_saturation_counts_gates_that_are_shut_or_open() -> None:
    mode = learned("synced", "words", None, {})
    mode.stack.layer.bias_ih_l0.data[8:16] = 20.0  # the forget gates, open for good
    [layer] = inspector.states(mode, "the dog ran to a cat")
    gates = {gate.name: gate for gate in layer.gates}
    assert (gates["f"].open == 1).all()
    assert (gates["f"].shut == 0).all()
    assert gates["i"].values.shape == layer.states["h"].shape
    assert set(layer.eigenvalues) == {f"W_hh of {name}" for name in "ifgo"}
    assert layer.trajectory.shape == (7, 2)
    assert layer.explained[0] >= layer.explained[1] > 0


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
    with pytest.raises(DataError, match="are of 3 texts"):
        inspector.find_units(mode, texts, predicates={}, labels={"dog": labels[:3]})


def test_two_quotation_marks_in_one_symbol_open_and_close() -> None:
    assert predicates.inside_quotes(["he", '"yes"', "and", "“no”", "so", '"', "x", '"', "y"]) == [
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        0,
    ]


def test_unknown_words_stand_in_their_places_though_the_text_begins_with_a_capital() -> None:
    mode = learned("synced", "words", None, {})
    found = inspector.explain(mode, "The zebra ran", parts=["influence"])
    assert found["input"]["items"] == ["⟨start⟩", "the", "zebra?", "ran"]
    assert found["input"]["unknown"] == [2]
    tokens, _ = units.read_states(mode, "The zebra ran")
    assert tokens == ["⟨start⟩", "the", "zebra", "ran"], "predicates are about the text itself"


def test_states_of_another_size_are_shown_with_their_own_units() -> None:
    mode = build("synced", "words", None, cell="lstm_projected", hidden_size=150)
    [layer] = inspector.explain(mode, "the dog ran to", parts=["states"])["states"]["layers"]
    [states] = inspector.states(mode, "the dog ran to")
    for name, values in states.states.items():
        np.testing.assert_allclose(layer["states"][name], values[:, layer["shown"][name]], rtol=1e-4, atol=1e-6)
    for gate in layer["gates"]:
        [values] = [one.values for one in states.gates if one.name == gate["name"]]
        np.testing.assert_allclose(gate["values"], values[:, layer["shown"][gate["name"]]], rtol=1e-4, atol=1e-6)
    assert layer["shown"]["c"] != layer["shown"]["h"]
    assert layer["shown"]["c"] == layer["shown"]["f"]


def test_the_surprise_of_an_item_is_the_error_of_the_step_before() -> None:
    mode = learned("synced", "words", None, {})
    found = inspector.explain(mode, "the dog ran")
    ledger = inspector.bptt(mode, "the dog ran")
    assert found["input"]["items"] == ["⟨start⟩", "the", "dog", "ran"]
    assert found["surprise"][0] is None
    np.testing.assert_allclose(found["surprise"][1:], ledger.errors[:3], rtol=1e-4)


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru", "lstm_peephole"])
def test_states_read_forwards_alone_are_those_that_are_followed_back(cell: str) -> None:
    mode = learned("synced", "words", None, {"cell": cell, "num_layers": 2})
    quick = inspector.explain(mode, "the dog ran to", parts=["states"])
    whole = inspector.explain(mode, "the dog ran to", parts=["states", "flow"])
    assert quick["states"] == whole["states"]
    np.testing.assert_allclose(quick["surprise"][1:], whole["surprise"][1:], rtol=1e-4)
    assert quick["flow"] is None


def test_numbers_are_rounded_to_the_digits_that_count() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(2000) * 10.0 ** rng.integers(-30, 30, 2000)
    for dtype in (np.float32, np.float64):
        given = np.append(values.astype(dtype), np.array([0.0, 0.1, 1e-5, 99999.5], dtype))
        found = plain(given)
        np.testing.assert_allclose(found, given.astype(float), rtol=6e-5)
        usual = [one for one in found if 1e-12 < abs(one) < 1e12]
        assert all(len(f"{abs(one):.17g}".rstrip("0")) < 8 or one == float(f"{one:.5g}") for one in usual)
    assert plain(np.array([[1.0, np.nan], [np.inf, -2.5]])) == [[1.0, None], [None, -2.5]]


def test_found_units_are_shown_over_the_input_beside_what_they_follow() -> None:
    mode = learned("synced", "characters", None, {})
    texts = ["the cat sat", "a dog ran to a cat", "the dog", "cat", "a cat sat to a dog", "the dog ran"] * 10
    found = inspector.explain(mode, "a cat ran", corpus=texts)["units"]
    assert found["findings"]
    tokens, states = units.read_states(mode, "a cat ran")
    assert found["labels"] == tokens
    for one in found["findings"]:
        [series] = [v for (place, state), v in states.items() if (str(place), state) == (one["layer"], one["state"])]
        np.testing.assert_allclose(one["values"], series[:, one["unit"]], rtol=1e-4)
        if one["predicate"] == "space":
            assert one["wanted"] == [float(token == " ") for token in tokens]
    assert any(one["predicate"] == "space" for one in found["findings"])


def test_the_sentence_names_what_happens() -> None:
    labels = ["⟨start⟩", "I", "like", "tea"]
    assert sentence(np.array([9, 1e-6, 0.1, 1]), labels).endswith("of the gradient of step 4: it vanishes")
    assert "(I) receives 50 %" in sentence(np.array([9, 0.5, 0.1, 1]), labels)
    assert sentence(np.array([9, 0.5, 0.1, 1]), labels).endswith("it is preserved")
    assert sentence(np.array([9, 50, 0.1, 1]), labels).endswith("explodes")
    assert sentence(np.array([1.0]), ["I"]).startswith("no gradient flows back")


def test_influence_follows_typing() -> None:
    """Candidates, influence and nothing else take well under a tenth of a second (a quiet machine: about 15 ms)."""
    mode = learned("synced", "words", None, {"hidden_size": 64}).float()
    text = "the dog ran to a cat " * 4
    inspector.explain(mode, text, parts=("influence",), options=1)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        inspector.explain(mode, text, parts=("influence",), options=1)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.5
