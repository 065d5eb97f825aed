"""Symbols: cross entropy, smoothing, metrics of labels and of texts, readouts that are tied or adaptive."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from recur.codecs.codec import NO_TARGET, Codec
from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError, DataError
from recur.heads import symbols
from recur.heads.symbols import ADAPTIVE_SMALLEST, SymbolHead
from recur.nn import Embedding
from tests.modes.helpers import codec, small
from tests.tolerances import close, near

CHANCES = (0.5, 0.3, 0.2)


def fixed(*chances: float, of: Codec | None = None, count_right: bool = False, by_class: bool = False) -> SymbolHead:
    """A head that gives the same probabilities to every vector."""
    made = SymbolHead(len(chances), 3, small(), codec=of, count_right=count_right, by_class=by_class).double().eval()
    assert isinstance(made.readout.bias, torch.Tensor)
    with torch.no_grad():
        made.readout.weight.zero_()
        made.readout.bias.copy_(torch.tensor(chances, dtype=torch.float64).log())
    return made


def vectors(*size: int) -> torch.Tensor:
    return torch.zeros(*size, 3, dtype=torch.float64)


def test_labels_are_measured_by_how_many_are_right() -> None:
    head = fixed(*CHANCES)
    mean, sums = head.error(vectors(3), torch.tensor([0, 1, 0]), None)
    assert mean.item() == pytest.approx(-(2 * math.log(0.5) + math.log(0.3)) / 3)
    assert sums["accuracy"] == (2.0, 3.0)
    assert (head.metric, head.higher_is_better, head.may_miss) == ("accuracy", True, True)
    assert head.summary(sums) == pytest.approx({"loss": mean.item(), "accuracy": 2 / 3})


@pytest.mark.parametrize(
    ("kind", "metric", "value"), [("words", "perplexity", 2.0), ("characters", "nats", math.log(2))]
)
def test_texts_are_measured_item_by_item(kind: str, metric: str, value: float) -> None:
    head = fixed(*CHANCES, of=codec(kind))
    _, sums = head.error(vectors(2), torch.tensor([0, 0]), None)
    assert (head.metric, head.higher_is_better, head.may_miss) == (metric, False, False)
    assert "accuracy" not in sums
    assert head.summary(sums)[metric] == pytest.approx(value)
    assert head.summary(sums)["perplexity"] == pytest.approx(2.0)


def test_a_perplexity_is_finite_and_that_of_nothing_is_not_a_number() -> None:
    head = fixed(*CHANCES, of=codec("words"))
    assert head.summary({"loss": (1e6, 1.0)})["perplexity"] == pytest.approx(math.exp(700))
    assert math.isnan(head.summary({"loss": (0.0, 0.0)})["perplexity"])


def test_right_answers_of_a_text_are_counted_where_it_is_measured_and_not_while_it_learns() -> None:
    head = fixed(*CHANCES, of=codec("words"), count_right=True)
    assert head.error(vectors(2), torch.tensor([0, 1]), None)[1]["accuracy"] == (1.0, 2.0)
    assert "accuracy" not in head.train().error(vectors(2), torch.tensor([0, 1]), None)[1]


def test_the_mean_over_classes_counts_each_class_once() -> None:
    head = fixed(*CHANCES, by_class=True)
    _, sums = head.error(vectors(4), torch.tensor([0, 0, 0, 2]), None)
    assert {name: sums[name] for name in sums if name.startswith("class")} == {
        "class 0": (3.0, 3.0),
        "class 2": (0.0, 1.0),
    }
    assert head.summary(sums)["macro_accuracy"] == 0.5
    assert head.summary(sums)["accuracy"] == 0.75
    assert "class 0" not in head.train().error(vectors(1), torch.tensor([0]), None)[1]


def test_smoothing_spreads_its_share_in_what_is_learned_and_not_in_what_is_reported() -> None:
    torch.manual_seed(0)
    head = SymbolHead(4, 3, small()).double().eval()
    h, targets = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 1])
    mean, sums = head.error(h, targets, None, label_smoothing=0.2)
    log_p = head.log_probs(h).detach()
    plain = -log_p[torch.arange(5), targets].mean()
    close(mean.detach(), 0.8 * plain + 0.2 * -log_p.mean())
    assert sums["loss"] == pytest.approx((5 * plain.item(), 5.0))


def test_answers_are_the_likeliest_labels_with_their_probabilities() -> None:
    own = codec("class")  # "no" and "yes"
    labels = list(own.labels)
    [answer] = fixed(0.25, 0.75).answers(vectors(1), own, 9)
    assert answer.value == labels[1]
    assert [value for value, _ in answer.scores] == [labels[1], labels[0]]
    assert [chance for _, chance in answer.scores] == pytest.approx([0.75, 0.25])
    assert len(fixed(0.25, 0.75).answers(vectors(1), own, 1)[0].scores) == 1


def test_a_row_of_answers_has_the_probability_of_all_its_real_steps() -> None:
    head = fixed(0.5, 0.2, 0.2, 0.1)
    mask = torch.tensor([[True, True, False]])
    with torch.no_grad():
        [answer] = head.answers_in_row(vectors(1, 3), torch.tensor([2]), mask, codec("tags"))
    assert len(answer.value) == 2
    assert answer.scores[0][1] == pytest.approx(0.25)


def test_a_beginning_and_an_end_have_names_of_their_own() -> None:
    torch.manual_seed(0)
    tags = codec("tags")
    symbols = Vocabulary(tags)
    head = SymbolHead(symbols.size, 6, small(), codec=tags).eval()
    labels = {one.label for one in head.options(torch.randn(1, 6), 0, tags, symbols.size, symbols=symbols)}
    assert labels == {"D", "N", "P", "V", "⟨start⟩", "⟨end⟩"}


def test_scores_at_a_step_are_those_of_the_step() -> None:
    torch.manual_seed(0)
    head = SymbolHead(4, 3, small()).double().eval()
    h = torch.randn(2, 3, 3, dtype=torch.float64)
    found = head.scores(h, [3, 1]).detach()[[0, 1], [2, 0]]
    close(found, torch.stack([head.log_probs(h)[0, 2, [3, 1]], head.log_probs(h)[1, 0, [3, 1]]]).detach())


def test_an_output_is_found_by_its_label() -> None:
    own = codec("class")
    assert fixed(0.5, 0.5).output_id("yes", own) == list(own.labels).index("yes")
    with pytest.raises(DataError, match="maybe"):
        fixed(0.5, 0.5).output_id("maybe", own)
    assert fixed(0.5, 0.5).truth(np.array(0), 1).tolist() == 1


def test_tied_weights_are_the_matrix_of_the_input() -> None:
    embedding = Embedding(5, 3)
    head = SymbolHead(5, 3, small(tie_weights=True), embedding=embedding)
    assert head.readout.weight is embedding.weight
    assert SymbolHead(5, 3, small(), embedding=embedding).readout.weight is not embedding.weight


def test_weights_are_not_tied_to_an_input_of_other_symbols() -> None:
    with pytest.raises(ConfigError, match="here they have different symbols") as caught:
        SymbolHead(5, 3, small(tie_weights=True))
    assert caught.value.hint == "leave out tie_weights"


@pytest.mark.parametrize(
    ("size", "kind", "what"),
    [(ADAPTIVE_SMALLEST - 1, "words", "here are 999 words"), (2000, "characters", "2,000 characters"),
     (2000, None, "2,000 labels")],
)  # fmt: skip
def test_an_adaptive_softmax_is_refused_for_few_symbols_and_those_without_an_order(
    size: int, kind: str | None, what: str
) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        SymbolHead(size, 3, small(adaptive_softmax=True), codec=None if kind is None else codec(kind))
    assert caught.value.hint == "leave out adaptive_softmax"


def test_an_adaptive_softmax_gives_probabilities_and_has_no_matrix() -> None:
    torch.manual_seed(0)
    head = SymbolHead(ADAPTIVE_SMALLEST, 8, small(adaptive_softmax=True), codec=codec("words")).double().eval()
    h, targets = torch.randn(1, 3, 8, dtype=torch.float64), torch.tensor([[0, 999, 400]])
    log_p = head.log_probs(h).detach()
    close(log_p.exp().sum(-1), torch.ones(1, 3, dtype=torch.float64))
    assert head.matrix is None
    each, z = head.errors(h, targets, torch.ones(1, 3, dtype=torch.bool))
    assert z is None
    close(each.detach(), -log_p[0, torch.arange(3), targets[0]])
    with pytest.raises(ConfigError, match=r"label_smoothing 0.1 needs the probability of every symbol"):
        head.error(h, targets, None, label_smoothing=0.1)


def test_an_adaptive_softmax_cannot_be_tied() -> None:
    with pytest.raises(ConfigError, match="weights cannot be tied"):
        SymbolHead(
            2000, 3, small(adaptive_softmax=True, tie_weights=True), codec=codec("words"), embedding=Embedding(2000, 3)
        )


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_error_of_few_symbols_is_that_of_many(
    training: bool, masked: bool, smoothing: float, time_major: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    head = SymbolHead(5, 3, small(), by_class=True).train(training)
    vectors = torch.randn(4, 6, 3)
    vectors = vectors.transpose(0, 1).contiguous().transpose(0, 1) if time_major else vectors
    vectors.requires_grad_()
    targets = torch.randint(0, 5, (4, 6))
    targets[1, 2] = NO_TARGET
    mask = torch.arange(6) < torch.tensor([[6], [3], [0], [1]]) if masked else None
    results = []
    for few in (128, 0):
        monkeypatch.setattr(symbols, "FEW", few)
        mean, sums = head.error(vectors, targets, mask, label_smoothing=smoothing)
        results.append((mean, *torch.autograd.grad(mean, [vectors, *head.parameters()])))
        results[-1] += tuple(torch.tensor(pair) for _, pair in sorted(sums.items()))
    for few_symbols, many in zip(*results, strict=True):
        near(few_symbols.detach(), many.detach())


def test_batch_of_few_symbols_without_a_target_has_no_error() -> None:
    head = SymbolHead(5, 3, small())
    mean, sums = head.error(torch.randn(2, 3, requires_grad=True), torch.full((2,), NO_TARGET), None)
    mean.backward()
    assert mean.item() == 0
    assert sums == {"loss": (0.0, 0.0)}
