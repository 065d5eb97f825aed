"""Readout, error, adaptive softmax, embedding: against torch's own and against their definitions."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional

from recur.errors import ConfigError
from recur.nn import (
    AdaptiveReadout,
    Embedding,
    LayerInputError,
    LockedDropout,
    Readout,
    linear_cross_entropy,
    mean_square_error,
)
from tests.tolerances import close

DOUBLE = torch.float64


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4)])
def test_linear_cross_entropy_is_torchs(reduction, smoothing, weighted, shape) -> None:
    h = torch.randn(*shape, 6, dtype=DOUBLE, requires_grad=True)
    weight = torch.randn(9, 6, dtype=DOUBLE, requires_grad=True)
    bias = torch.randn(9, dtype=DOUBLE, requires_grad=True)
    classes = torch.rand(9, dtype=DOUBLE) + 0.5 if weighted else None
    target = torch.randint(9, shape)
    target[torch.rand(shape) < 0.4] = -100
    options = {"reduction": reduction, "label_smoothing": smoothing}
    ours = linear_cross_entropy(h, weight, target, bias, class_weight=classes, **options)
    logits = functional.linear(h, weight, bias).reshape(-1, 9)
    theirs = functional.cross_entropy(logits, target.reshape(-1), classes, **options)
    close(ours, theirs.reshape(ours.shape))
    inputs = (h, weight, bias)
    for a, b in zip(torch.autograd.grad(ours.sum(), inputs), torch.autograd.grad(theirs.sum(), inputs), strict=True):
        close(a, b)


def test_padded_steps_may_hold_anything() -> None:
    h = torch.randn(2, 3, 6, dtype=DOUBLE)
    h[1, 1:] = float("nan")
    h.requires_grad_()
    weight = torch.randn(9, 6, dtype=DOUBLE, requires_grad=True)
    target = torch.tensor([[1, 2, 3], [4, 0, 0]])
    loss = linear_cross_entropy(h, weight, torch.where(target == 0, -1, target), ignore_index=-1)
    loss.backward()
    close(loss.detach(), functional.cross_entropy(h[target != 0].detach() @ weight.detach().T, target[target != 0]))
    assert bool(weight.grad.isfinite().all())
    assert bool((h.grad[1, 1:] == 0).all())


def test_the_error_of_no_steps_is_zero() -> None:
    h, weight = torch.randn(2, 3, 6, requires_grad=True), torch.randn(9, 6, requires_grad=True)
    nothing = torch.full((2, 3), -100)
    for reduction in ("mean", "sum", "none"):
        loss = linear_cross_entropy(h, weight, nothing, reduction=reduction).sum()
        loss.backward()
        assert loss.item() == 0
    assert float(weight.grad.abs().sum()) == 0
    readout = AdaptiveReadout(6, 20)
    assert readout.loss(h, nothing).item() == 0
    assert mean_square_error(h, h.detach(), torch.zeros(2, 3, dtype=torch.bool)).item() == 0


def test_wrong_targets_are_refused_with_the_reason() -> None:
    h, weight = torch.randn(2, 3, 6), torch.randn(9, 6)
    for target, text in (
        (torch.full((2, 3), 9), r"target 9 is not in 0\.\.8"),
        (torch.full((2, 3), -1), r"target -1 is not in 0\.\.8"),
        (torch.zeros(3, 2, dtype=torch.long), r"target has shape \(3, 2\), expected \(2, 3\)"),
        (torch.zeros(2, 3), "target is a class number"),
    ):
        with pytest.raises(LayerInputError, match=text):
            linear_cross_entropy(h, weight, target)
    with pytest.raises(LayerInputError, match=r"weight.t\(\)"):
        linear_cross_entropy(h, weight.t(), torch.zeros(2, 3, dtype=torch.long))
    with pytest.raises(ConfigError, match="is not one of mean, sum, none"):
        linear_cross_entropy(h, weight, torch.zeros(2, 3, dtype=torch.long), reduction="average")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_linear_cross_entropy_under_vmap_is_what_each_row_alone_gives(reduction, weighted) -> None:
    h, weight = torch.randn(4, 5, 6, dtype=DOUBLE), torch.randn(9, 6, dtype=DOUBLE)
    classes = torch.rand(9, dtype=DOUBLE) + 0.5 if weighted else None
    target = torch.randint(9, (4, 5))
    target[0, 2:] = target[1] = -100
    h[1] = torch.nan
    options = {"class_weight": classes, "label_smoothing": 0.1, "reduction": reduction}

    def error(weight, h, target):
        return linear_cross_entropy(h, weight, target, **options).sum()

    found = torch.func.vmap(torch.func.grad_and_value(error), in_dims=(None, 0, 0))(weight, h, target)
    for row in range(4):
        grad, value = torch.func.grad_and_value(error)(weight, h[row], target[row])
        close(found[1][row], value)
        close(found[0][row], grad)
        close(value, linear_cross_entropy(h[row], weight, target[row], **options).sum())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32], ids=str)
def test_targets_may_be_of_any_whole_number_type(dtype) -> None:
    h, weight, target = torch.randn(2, 3, 6), torch.randn(9, 6), torch.randint(9, (2, 3))
    close(linear_cross_entropy(h, weight, target.to(dtype)), linear_cross_entropy(h, weight, target))
    readout = AdaptiveReadout(6, 9)
    close(readout.loss(h, target.to(dtype)), readout.loss(h, target))
    with pytest.raises(LayerInputError, match="target is a class number"):
        readout.loss(h, target.float())
    with pytest.raises(LayerInputError, match=r"class_weight has shape \(4,\), expected \(9,\)"):
        linear_cross_entropy(h, weight, target, class_weight=torch.ones(4))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mean_square_error_counts_unmasked_steps(reduction) -> None:
    z, target = torch.randn(2, 3, 4, dtype=DOUBLE, requires_grad=True), torch.randn(2, 3, 4, dtype=DOUBLE)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    target[~mask] = float("nan")
    error = mean_square_error(z, target, mask, reduction=reduction)
    steps = (z - target).square().mean(-1)[mask]
    if reduction == "none":
        close(error[mask], steps)
        assert bool((error[~mask] == 0).all())
    else:
        close(error, getattr(steps, reduction)())
    error.sum().backward()
    assert bool(z.grad.isfinite().all())
    close(mean_square_error(z, target.nan_to_num()), functional.mse_loss(z, target.nan_to_num()))


def test_mean_square_error_does_not_broadcast() -> None:
    with pytest.raises(LayerInputError, match=r"target.unsqueeze\(-1\)"):
        mean_square_error(torch.zeros(2, 3, 1), torch.zeros(2, 3))
    with pytest.raises(LayerInputError, match="mask should be bool"):
        mean_square_error(torch.zeros(2, 3, 1), torch.zeros(2, 3, 1), torch.ones(2, 3))


def test_readout_is_linear_and_its_loss_is_the_cross_entropy() -> None:
    readout = Readout(6, 9, dtype=DOUBLE)
    h, target = torch.randn(2, 3, 6, dtype=DOUBLE), torch.randint(9, (2, 3))
    close(readout(h), h @ readout.weight.T + readout.bias)
    close(readout.log_prob(h).exp().sum(-1), torch.ones(2, 3, dtype=DOUBLE))
    close(readout.loss(h, target), -readout.log_prob(h).gather(-1, target.unsqueeze(-1)).mean())
    assert repr(Readout(6, 9, bias=False)) == "Readout(6, 9, bias=False)"
    with pytest.raises(LayerInputError, match="a bidirectional layer has 2H columns"):
        readout(torch.zeros(2, 12, dtype=DOUBLE))


def test_tied_readout_shares_the_embeddings_matrix() -> None:
    embedding = Embedding(9, 6, padding_idx=0)
    model = torch.nn.ModuleDict({"embedding": embedding, "readout": Readout(6, 9, tied=embedding)})
    assert len(list(model.parameters())) == 2
    for other in (model, copy.deepcopy(model), copy.deepcopy(model).double()):
        assert other["readout"].weight is other["embedding"].weight
    with pytest.raises(ConfigError, match="the tied embedding is"):
        Readout(7, 9, tied=embedding)


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


def test_locked_dropout_holds_its_mask_over_time() -> None:
    x = torch.ones(4, 7, 300)
    dropped = LockedDropout(0.3)(x)
    assert torch.equal(dropped, dropped[:, :1].expand_as(x))
    assert not torch.equal(dropped[0], dropped[1])
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert float(dropped.mean()) == pytest.approx(1, abs=0.1)
    assert torch.equal(LockedDropout(0.3).eval()(x), x)
    swapped = LockedDropout(0.3, batch_first=False)(x)
    assert torch.equal(swapped, swapped[:1].expand_as(x))
    with pytest.raises(ConfigError, match=r"range \[0, 1\)"):
        LockedDropout(1.0)


def test_embedding_dropout_drops_a_word_everywhere() -> None:
    embedding = Embedding(200, 5, dropout=0.4)
    ids = torch.arange(200).repeat(2, 1)
    vectors = embedding(ids)
    assert torch.equal(vectors[0], vectors[1])
    gone = (vectors[0] == 0).all(-1)
    close(vectors[0][~gone], embedding.weight[~gone] / 0.6)
    assert 0.25 < float(gone.float().mean()) < 0.55
    assert torch.equal(embedding.eval()(ids)[0], embedding.weight)


def test_embedding_names_the_wrong_id() -> None:
    embedding = Embedding(10, 4)
    with pytest.raises(LayerInputError, match=r"id 12 at \[1, 0\] is not in 0\.\.9"):
        embedding(torch.tensor([[1, 2], [12, 3]]))
    with pytest.raises(LayerInputError, match="ids are whole numbers"):
        embedding(torch.zeros(2, 2))
