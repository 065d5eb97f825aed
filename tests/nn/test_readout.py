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
