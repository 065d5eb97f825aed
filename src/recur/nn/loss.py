"""Loss functions over time: the error e_t = loss(z_t, y_t) of every step, without padded steps."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recur.engine import tensor_checks, torch_state
from recur.engine.native.readout import ReadoutOptions, TargetError, composed, why_not
from recur.engine.native.readout import error as fused_error
from recur.nn.checks import LayerInputError, check_choice

REDUCTIONS = ("mean", "sum", "none")


def linear_cross_entropy(
    h: Tensor,
    weight: Tensor,
    target: Tensor,
    bias: Tensor | None = None,
    *,
    ignore_index: int = -100,
    class_weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Readout and error in one: z_t = W_hy h_t + b_y,  e_t = -log softmax(z_t)[y_t].

    Steps whose target is ``ignore_index`` are left out before the product, so padding costs nothing and can
    hold anything. On the CPU, in float32 and float64, the logits of all steps are never in memory together: the core
    computes the error and its gradients in one pass over blocks of steps.

    Parameters
    ----------
    h : Tensor
        (..., H) hidden states.
    weight : Tensor
        (V, H), W_hy.
    target : Tensor
        (...) whole numbers in 0..V-1, or ``ignore_index``.
    bias : Tensor, optional
        (V,), b_y.
    ignore_index : int
        Target of the steps that are ignored.
    class_weight : Tensor, optional
        (V,) weight of each class; the mean is then a weighted mean, as in torch.
    label_smoothing : float
        Share of the probability that is spread evenly over all classes.
    reduction : "mean", "sum" or "none"
        "none" gives e_t of every step, 0 where it is ignored; the "mean" of no steps is 0.

    Returns
    -------
    Tensor
        A number, or (...) with "none".

    Raises
    ------
    LayerInputError
        If shapes do not fit or a target is not a class.
    ConfigError
        If the reduction is unknown.

    Examples
    --------
    >>> import torch
    >>> h, weight = torch.randn(2, 5, 8), torch.zeros(4, 8)
    >>> target = torch.tensor([[0, 1, 2, 3, 0], [1, -100, -100, -100, -100]])
    >>> round(linear_cross_entropy(h, weight, target).item(), 4)  # log 4
    1.3863
    """
    check_choice("reduction", reduction, REDUCTIONS)
    _check_shapes(h, weight, target, bias, class_weight)
    for name, tensor in (
        ("h", h),
        ("weight", weight),
        ("target", target),
        ("bias", bias),
        ("class_weight", class_weight),
    ):
        if tensor is not None:
            tensor_checks.check(name, tensor)
    flat, goal = h.reshape(-1, h.shape[-1]), target.reshape(-1).long()
    options = ReadoutOptions(ignore_index, label_smoothing, reduction)
    if why_not(flat, weight, bias, goal, class_weight, options) is None:
        try:
            error = fused_error(flat, weight, bias, goal, class_weight, options)
            return error if reduction != "none" else error.reshape(target.shape)
        except TargetError:
            pass  # which target it is, is reported below
    real = goal != ignore_index
    if torch_state.transformed() or h.device.type == "meta":
        return _without_looking(flat, weight, goal, bias, real, class_weight, label_smoothing, reduction, target.shape)
    _check_classes(goal[real], weight.shape[0], ignore_index)
    error = composed(flat, weight, bias, goal, class_weight, options)
    return error if reduction != "none" else error.reshape(target.shape)


def _without_looking(
    h: Tensor,
    weight: Tensor,
    goal: Tensor,
    bias: Tensor | None,
    real: Tensor,
    class_weight: Tensor | None,
    label_smoothing: float,
    reduction: str,
    shape: torch.Size,
) -> Tensor:
    """The same error where values cannot be read (vmap): every step is computed, and ignored ones are masked."""
    z = functional.linear(h.masked_fill(~real.unsqueeze(-1), 0), weight, bias)
    goal = goal.masked_fill(~real, 0)
    error = functional.cross_entropy(z, goal, class_weight, reduction="none", label_smoothing=label_smoothing)
    error = error.masked_fill(~real, 0)
    if reduction == "none":
        return error.reshape(shape)
    if reduction == "sum":
        return error.sum()
    share = real.to(error.dtype) if class_weight is None else class_weight[goal].masked_fill(~real, 0)
    total = share.sum()
    return error.sum() / torch.where(real.any(), total, torch.ones_like(total))


def mean_square_error(z: Tensor, target: Tensor, mask: Tensor | None = None, *, reduction: str = "mean") -> Tensor:
    """The squared error of a regression, e_t = mean over columns of (z_t - y_t)^2, over the steps that count.

    Parameters
    ----------
    z, target : Tensor
        (..., C).
    mask : Tensor, optional
        (...) bool, True for a step that counts; what z and target hold elsewhere, NaN too, has no effect.
    reduction : "mean", "sum" or "none"
        "none" gives e_t of every step, 0 where it is ignored; the "mean" of no steps is 0.

    Returns
    -------
    Tensor
        A number, or (...) with "none".

    Raises
    ------
    LayerInputError
        If shapes do not fit.
    ConfigError
        If the reduction is unknown.

    Examples
    --------
    >>> import torch
    >>> z, target = torch.zeros(1, 3, 1), torch.tensor([[[1.0], [3.0], [float("nan")]]])
    >>> mean_square_error(z, target, torch.tensor([[True, True, False]])).item()
    5.0
    """
    check_choice("reduction", reduction, REDUCTIONS)
    if z.shape != target.shape:
        # (B, T, 1) - (B, T) would broadcast to (B, T, T) in silence
        raise LayerInputError(
            f"z has shape {tuple(z.shape)} and target {tuple(target.shape)}, expected the same",
            hint="target.unsqueeze(-1)" if z.shape == (*target.shape, 1) else None,
        )
    if mask is None:
        mask = torch.ones(z.shape[:-1], dtype=torch.bool, device=z.device)
    if mask.shape != z.shape[:-1] or mask.dtype != torch.bool:
        raise LayerInputError(
            f"mask should be bool of shape {tuple(z.shape[:-1])}, got {mask.dtype} of shape {tuple(mask.shape)}"
        )
    hidden = ~mask.unsqueeze(-1)
    error = (z.masked_fill(hidden, 0) - target.masked_fill(hidden, 0)).square().mean(-1)
    if reduction == "none":
        return error
    total = error.sum()
    return total if reduction == "sum" else total / mask.sum().clamp(min=1)


def _check_shapes(h: Tensor, weight: Tensor, target: Tensor, bias: Tensor | None, class_weight: Tensor | None) -> None:
    if weight.dim() != 2 or h.shape[-1] != weight.shape[-1]:
        raise LayerInputError(
            f"h has shape {tuple(h.shape)} and weight {tuple(weight.shape)}, expected (..., H) and (V, H)",
            hint="weight.t()" if weight.dim() == 2 and h.shape[-1] == weight.shape[0] else None,
        )
    check_target(h, target)
    for name, vector in (("bias", bias), ("class_weight", class_weight)):
        if vector is not None and tuple(vector.shape) != (weight.shape[0],):
            raise LayerInputError(f"{name} has shape {tuple(vector.shape)}, expected ({weight.shape[0]},)")


def check_target(h: Tensor, target: Tensor) -> None:
    """Check that there is one class number (...) for each step of h (..., H).

    Raises
    ------
    LayerInputError
        If the shape or the dtype does not fit.
    """
    if target.shape != h.shape[:-1]:
        raise LayerInputError(
            f"target has shape {tuple(target.shape)}, expected {tuple(h.shape[:-1])}: one class for each step of h",
        )
    if target.dtype.is_floating_point or target.dtype.is_complex or target.dtype == torch.bool:
        raise LayerInputError(f"target is a class number (int64), got {target.dtype}", hint="target.long()")


def _check_classes(goal: Tensor, classes: int, ignore_index: int) -> None:
    if goal.numel() == 0:
        return
    low, high = int(goal.min()), int(goal.max())
    if low < 0 or high >= classes:
        raise LayerInputError(
            f"target {low if low < 0 else high} is not in 0..{classes - 1}",
            hint=f"steps that do not count have the target {ignore_index}",
        )
