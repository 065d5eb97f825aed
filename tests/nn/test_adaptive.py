"""The adaptive readout: probabilities, their error, clusters at every size."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.nn import AdaptiveReadout, LayerInputError
from tests.tolerances import close

DOUBLE = torch.float64


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("hidden_size", range(1, 40))
@pytest.mark.parametrize("cutoffs", [None, [5, 10, 15]])
def test_the_rarest_words_keep_a_column_at_every_size(hidden_size: int, cutoffs: list[int] | None) -> None:
    readout = AdaptiveReadout(hidden_size, 50, cutoffs)
    assert readout.softmax.tail[-1][0].out_features >= 1
    close(readout.log_prob(torch.randn(3, hidden_size)).exp().sum(-1), torch.ones(3))


def test_adaptive_readout_gives_probabilities_and_their_error() -> None:
    readout = AdaptiveReadout(16, 50, dtype=DOUBLE)
    h, target = torch.randn(4, 5, 16, dtype=DOUBLE), torch.randint(50, (4, 5))
    log_prob = readout.log_prob(h)
    close(log_prob.exp().sum(-1), torch.ones(4, 5, dtype=DOUBLE))
    each = -log_prob.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    target[0, 0] = -100
    each[0, 0] = 0
    close(readout.loss(h, target, reduction="none"), each)
    close(readout.loss(h, target), each.sum() / 19)
    close(readout.loss(h, target, reduction="sum"), each.sum())
    with pytest.raises(ConfigError, match="cutoffs="):
        AdaptiveReadout(16, 50, [60])
    with pytest.raises(ConfigError, match="leaves no columns of 6"):
        AdaptiveReadout(6, 50, div_value=4.0)
    with pytest.raises(LayerInputError, match=r"target 50 is not in 0\.\.49"):
        readout.loss(h, torch.full((4, 5), 50))


def test_a_symbol_of_a_cluster_is_the_cluster_times_the_symbol_in_it() -> None:
    readout = AdaptiveReadout(6, 9, [3, 5], dtype=DOUBLE)
    h = torch.randn(4, 6, dtype=DOUBLE)
    head = (h @ readout.softmax.head.weight.T).log_softmax(-1)
    project, inner = readout.softmax.tail[1]
    expected = head[:, 3 + 1] + (h @ project.weight.T @ inner.weight.T).log_softmax(-1)[:, 7 - 5]
    close(readout.log_prob(h)[:, 7], expected)
    close(readout.log_prob(h)[:, :3], head[:, :3])


@pytest.mark.parametrize(("size", "cutoffs"), [(1000, [125, 500]), (5, [1, 2]), (4, [1, 2])])
def test_clusters_begin_at_an_eighth_and_a_half(size: int, cutoffs: list[int]) -> None:
    assert AdaptiveReadout(16, size).softmax.cutoffs[:-1] == cutoffs


def test_few_classes_make_no_clusters() -> None:
    with pytest.raises(ConfigError, match="3 classes do not make clusters") as caught:
        AdaptiveReadout(16, 3)
    assert caught.value.hint == "Readout(hidden_size, output_size)"


def test_vectors_of_another_size_are_refused() -> None:
    with pytest.raises(LayerInputError, match="h has 4 columns, expected 6"):
        AdaptiveReadout(6, 9)(torch.zeros(1, 4))
