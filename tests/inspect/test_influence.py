"""Influence: complete, signed, on an absolute scale, in every mode; and France comes out first."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
import pytest

from recur import continuation
from recur import inspect as inspector
from recur.demos import corpus
from recur.errors import ConfigError
from recur.inspect.influence import METHODS, Influence
from tests.inspect.helpers import CASES, learned
from tests.tolerances import DOUBLE, SINGLE


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), CASES)
def test_integrated_gradients_are_complete_and_every_item_has_scores(
    name: str, source: str | None, target: str | None, value: object, options: dict[str, object]
) -> None:
    found = inspector.influence(learned(name, source, target, options), value)
    predicts_itself = name == "synced" and target is None and source != "series"
    assert set(found.scores) == set(METHODS if predicts_itself else METHODS[1:])
    for method, scores in found.scores.items():
        assert scores.shape == (len(found.items),), method
        assert np.isfinite(scores[~np.isnan(scores)]).all()
    whole = found.scores["integrated_gradients"].sum()
    # one-to-one has a relu, at whose corners a quadrature is only as good as its points are dense
    tolerance = 2e-2 if name == "one-to-one" else 1e-4 if source == "series" else 1e-6
    assert whole == pytest.approx(found.output - found.nothing, rel=tolerance)
    assert found.gap == pytest.approx(found.output - found.nothing - whole)
    # a spelled word's probability as a candidate includes that it ends there
    if found.option.probability is not None and source not in ("characters", "subwords"):
        assert math.log(found.option.probability) == pytest.approx(found.output, rel=SINGLE)


@pytest.mark.parametrize("source", ["words", "series"])
def test_another_thread_that_asks_the_same_network_meets_nothing_of_it_and_takes_nothing_from_it(source: str) -> None:
    mode = learned("many-to-one", source, "class", {})
    value: object = "the dog ran" if source == "words" else [1.0, 3.0, 2.0]
    alone, answer = inspector.influence(mode, value), continuation.predict(mode, [value], top=2)[0].scores
    own, answers = get_ident(), []

    with ThreadPoolExecutor(1) as other:

        def ask_meanwhile(*_: Any) -> None:
            if get_ident() == own:
                answers.append(other.submit(lambda: continuation.predict(mode, [value], top=2)[0].scores).result(60))

        handle = mode.inputs.register_forward_pre_hook(ask_meanwhile)
        disturbed = inspector.influence(mode, value)
        handle.remove()
    assert len(answers) > 3
    assert all(one == answer for one in answers)
    for method in alone.scores:
        np.testing.assert_array_equal(disturbed.scores[method], alone.scores[method])
    assert disturbed.nothing == alone.nothing


def test_leaving_a_word_out_is_what_it_says() -> None:
    mode = learned("many-to-one", "words", "class", {})
    found = inspector.influence(mode, "the dog ran", target="yes")
    for place, shorter in enumerate(["dog ran", "the ran", "the dog"]):
        [answer] = continuation.predict(mode, [shorter], top=2)
        probability = dict(answer.scores)["yes"]
        expected = found.output - math.log(probability)
        assert found.scores["leave_one_out"][place] == pytest.approx(expected, rel=DOUBLE)


def test_the_two_classes_are_pushed_in_opposite_directions() -> None:
    mode = learned("many-to-one", "words", "class", {})
    yes, no = (inspector.influence(mode, "the dog ran", target=label) for label in ("yes", "no"))
    signs = np.sign(yes.scores["gradient_input"]) * np.sign(no.scores["gradient_input"])
    assert (signs == -1).all()


def test_the_comparison_is_with_the_other_candidates() -> None:
    mode = learned("synced", "words", None, {})
    question = inspector.ask(mode, "the dog ran to", top=3)
    found = inspector.influence(mode, "the dog ran to", against="candidates")
    [answer] = continuation.predict(mode, ["the dog ran to"], top=5)
    probabilities = [p for _, p in answer.scores]
    expected = math.log(probabilities[0]) - math.log(sum(probabilities[1:]))
    assert found.output == pytest.approx(expected, rel=SINGLE)
    assert found.scores["integrated_gradients"].sum() == pytest.approx(found.output - found.nothing, rel=SINGLE)
    assert [option.label for option in question.options] == [word for word, _ in answer.scores[:3]]
    with pytest.raises(ConfigError, match="no other candidates"):
        inspector.influence(learned("synced", "series", None, {}), [1.0, 2.0], against="candidates")


COUNTRIES = ("France", "Japan", "Turkey", "Hungary", "Denmark", "Poland")


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small LSTM of the demonstration's recipe, on those of its lines that tell six countries' languages."""
    from recur.demos.last_word import recipe
    from recur.training import learn

    folder = tmp_path_factory.mktemp("speaker")
    corpus.build(train=24_000, dev=60, test_repeats=1).write(folder / "corpus")
    file = folder / "corpus" / "train.txt"
    lines = [
        line for line in file.read_text(encoding="utf-8").splitlines()
        if "speak" in line and any(country in line for country in COUNTRIES) and len(line.split()) <= 18
    ]  # fmt: skip
    file.write_text("\n".join(lines[index] for index in range(len(lines)) if index % 12) + "\n", encoding="utf-8")
    (folder / "corpus" / "dev.txt").write_text("\n".join(lines[::12]) + "\n", encoding="utf-8")
    config = recipe("lstm", folder)
    config.model.hidden_size, config.model.embedding.size, config.model.initial.memory_steps = 96, 48, 20
    config.model.embedding.range = 0.5
    config.training.epochs, config.training.batch_size, config.training.schedule.warmup_steps = 14, 16, 20
    config.training.optimizer.clip = 0.5
    learn(config, out=folder / "lstm", progress=False)
    return folder / "lstm"


@pytest.mark.slow
def test_france_comes_out_first(speaker: Path) -> None:
    import recur

    model = recur.load(speaker)
    text = "I grew up in France . two friends are tired most days . I speak fluent"
    [best, *_] = model.complete(text)
    assert best.word == "French"
    found: Influence = inspector.influence(model, text, against="candidates")
    place = found.items.index("France")
    assert found.order()[0] == place, dict(zip(found.items, found.scores["leave_one_out"], strict=True))
    assert all(found.scores[method][place] > 0 for method in ("leave_one_out", "integrated_gradients"))
    # why French at all: "fluent" asks for a language, and France says which
    at_all = inspector.influence(model, text)
    assert {at_all.items[place] for place in at_all.order()[:3]} >= {"France"}
