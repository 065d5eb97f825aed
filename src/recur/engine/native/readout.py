"""Fused readout and error: computed by the core in one pass, without the logits of all steps in memory."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from recur.engine import tensor_checks, torch_state
from recur.engine.native.arguments import TYPES, inner_contiguous, pointer
from recur.engine.native.core_memory import empty
from recur.engine.native.library import Core, core
from recur.engine.native.torch_backward import apart, readable
from recur.engine.variables import FILL_NAN
from recur.errors import BackendError, NotEnoughMemoryError

_OK, _BAD_CALL, _NO_MEMORY, _INTERRUPTED = range(4)


@dataclass(frozen=True)
class ReadoutOptions:
    """Options of the error.

    Attributes
    ----------
    ignore_index : int
        Target of the steps that are ignored.
    label_smoothing : float
        Share of the probability that is spread evenly over all classes.
    reduction : "mean", "sum" or "none"
        Over the steps that count.
    """

    ignore_index: int
    label_smoothing: float
    reduction: str


class TargetError(ValueError):
    """A target is neither a class nor ``ignore_index``."""


def why_not(
    h: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, class_weight: Tensor | None, options: ReadoutOptions
) -> str | None:
    """The reason why torch's operations compute this error, or None if the core does."""
    requested = os.environ.get("RECUR_BACKEND")
    if requested in {"eager", "stock"}:
        return f"{requested} was requested"
    if torch.compiler.is_compiling():
        return "a trace looks into every operation"
    reason = torch_state.observer()
    if reason is not None:
        return reason
    if torch.is_autocast_enabled("cpu"):
        return "autocast chooses a dtype for every operation"
    for tensor in (h, weight, bias, target, class_weight):
        if tensor is None:
            continue
        reason = tensor_checks.why_not(tensor, target.dtype if tensor is target else h.dtype)
        if reason is not None:
            return reason
    if h.dtype not in TYPES:
        return f"it computes in float32 and float64, not in {h.dtype}"
    if class_weight is not None and class_weight.requires_grad:
        return "the weights of the classes require a gradient"
    if weight.numel() == 0:
        return "there is nothing to multiply"
    if not -(2**63) <= options.ignore_index < 2**63:
        return "no target can be the one that is ignored"
    if not 0 <= options.label_smoothing <= 1:
        return "label smoothing is a share"
    try:
        _function(core())
    except BackendError as error:
        return error.message
    return None


def error(
    h: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, class_weight: Tensor | None, options: ReadoutOptions
) -> Tensor:
    """The error of a readout for which ``why_not`` returned None.

    z_t = W_hy h_t + b_y,  e_t = -log softmax(z_t)[y_t]

    Parameters
    ----------
    h : Tensor
        (N, H) hidden states.
    weight : Tensor
        (V, H), W_hy.
    bias : Tensor or None
        (V,), b_y.
    target : Tensor
        (N,) int64, y.
    class_weight : Tensor or None
        (V,) weight of each class.
    options : ReadoutOptions
        Smoothing, reduction, and the target to ignore.

    Returns
    -------
    Tensor
        A number, or (N,) with the reduction "none".

    Raises
    ------
    TargetError
        If a target is not a class.
    """
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (h, weight, bias)):
        return FusedError.apply(h, weight, bias, target, class_weight, options)  # type: ignore[no-any-return,no-untyped-call]
    return run((h, weight, bias), target, class_weight, options, (False, False, False))[0]


def composed(
    h: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, class_weight: Tensor | None, options: ReadoutOptions
) -> Tensor:
    """The same as ``error``, in torch's operations. Targets are classes, or ``ignore_index``."""
    real = target != options.ignore_index
    count = int(real.sum())
    goal = target
    if count < target.numel():
        h, goal = h[real], target[real]
    errors = functional.cross_entropy(
        functional.linear(h, weight, bias),
        goal,
        class_weight,
        ignore_index=options.ignore_index,
        # torch's mean of no elements is NaN
        reduction="sum" if count == 0 and options.reduction == "mean" else options.reduction,
        label_smoothing=options.label_smoothing,
    )
    if options.reduction != "none":
        return errors
    return errors.new_zeros(real.shape).masked_scatter(real, errors)


class FusedError(torch.autograd.Function):
    """The error together with its gradients: by the core; further derivatives in torch's operations."""

    @staticmethod
    def forward(
        ctx: Any,
        h: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        target: Tensor,
        class_weight: Tensor | None,
        options: ReadoutOptions,
    ) -> Tensor:
        ctx.options = options
        ctx.save_for_backward(h, weight, bias, target, class_weight)
        # with one upstream derivative per step, the gradients are computed in the backward pass
        needed = (False, False, False) if options.reduction == "none" else ctx.needs_input_grad[:3]
        result, ctx.gradients = run((h, weight, bias), target, class_weight, options, needed)
        return result

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        *inputs, target, class_weight = ctx.saved_tensors
        options, needed = ctx.options, ctx.needs_input_grad[:3]
        rest = (None, None, None)
        upstream = torch_state.settled(upstream)
        if torch.is_grad_enabled() or not readable((upstream,), inputs[0].dtype):
            return (*_differentiable(inputs, target, class_weight, options, needed, upstream), *rest)
        if options.reduction == "none":
            upstream = upstream.contiguous()
            return (*run(inputs, target, class_weight, options, needed, upstream)[1], *rest)
        # passed on, not stored: a parameter without a gradient then takes over the memory
        gradients, ctx.gradients = ctx.gradients, None
        if gradients is None:
            gradients = run(inputs, target, class_weight, options, needed)[1]
        if upstream.item() != 1:
            for gradient in gradients:
                if gradient is not None:
                    gradient.mul_(upstream)
        return (*gradients, *rest)


def _differentiable(
    inputs: Sequence[Tensor | None],
    target: Tensor,
    class_weight: Tensor | None,
    options: ReadoutOptions,
    needed: Sequence[bool],
    upstream: Tensor,
) -> list[Tensor | None]:
    """Gradients that can be differentiated again: of the error recomputed in torch's operations."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # with tied weights h depends on the weight
        inputs = apart(inputs)
        h, weight, bias = inputs
        if h is None or weight is None:
            raise TypeError("there is nothing to multiply")
        errors = composed(h, weight, bias, target, class_weight, options)
        sources = [t for t, need in zip(inputs, needed, strict=True) if need and t is not None]
        derivatives = iter(torch.autograd.grad(errors, sources, upstream, create_graph=again))
    return [next(derivatives) if need else None for need in needed]


class _Arguments(ctypes.Structure):
    """A ``RecurReadout``."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("type", "N", "H", "V", "threads", "fill_nan")),
        ("h", ctypes.c_void_p),
        ("h_row", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("weight", "bias", "target")),
        ("ignore_index", ctypes.c_int64),
        ("class_weight", ctypes.c_void_p),
        ("smoothing", ctypes.c_double),
        ("mean", ctypes.c_int64),
        *(
            (name, ctypes.c_void_p)
            for name in ("row_scale", "error", "errors", "d_h", "d_weight", "d_bias", "interrupted")
        ),
    )


@cache
def _function(library: Core) -> Callable[[int], int]:
    """The core's function.

    Raises
    ------
    BackendError
        If the core is older than the function.
    """
    function = getattr(library.library, "recur_readout", None)
    if function is None:
        raise BackendError("the native core was built before it had readouts")
    function.restype, function.argtypes = ctypes.c_int64, [ctypes.c_void_p]
    result: Callable[[int], int] = function
    return result


def _vector(tensor: Tensor | None, size: int, dtype: torch.dtype) -> int:
    """The address of a vector, 0 for none."""
    return 0 if tensor is None else tensor_checks.contiguous(tensor, (size,), dtype)


def run(
    inputs: Sequence[Tensor | None],
    target: Tensor,
    class_weight: Tensor | None,
    options: ReadoutOptions,
    needed: Sequence[bool],
    upstream: Tensor | None = None,
) -> tuple[Tensor, list[Tensor | None]]:
    """Call the core, on plain tensors without autograd.

    Parameters
    ----------
    inputs : sequence of Tensor or None
        h (N, H), weight (V, H) and bias (V,).
    target, class_weight, options
        As in ``error``.
    needed : sequence of bool
        Which of ``inputs`` need a gradient.
    upstream : Tensor, optional
        (N,) weight of each step's error in the gradients; without it 1, or 1 / (sum of class weights) for the mean.

    Returns
    -------
    Tensor
        The error, reduced as in ``options``.
    list of Tensor or None
        The gradients of ``inputs``.

    Raises
    ------
    TargetError
        If a target is not a class.
    """
    library = core()
    h, weight, bias = (None if t is None else t.detach() for t in inputs)
    if h is None or weight is None:
        raise TypeError("there is nothing to multiply")
    h, weight, target = inner_contiguous(h), weight.contiguous(), target.contiguous()
    bias = None if bias is None else bias.contiguous()
    class_weight = None if class_weight is None else class_weight.contiguous()
    (N, H), V = h.shape, weight.shape[0]
    dtype = h.dtype
    each = options.reduction == "none"
    result = h.new_empty((N,) if each else ())
    shapes = ((N, H), (V, H), (V,))
    gradients = [empty(library, shape, h.dtype) if need else None for shape, need in zip(shapes, needed, strict=True)]
    arguments = _Arguments(
        type=TYPES[dtype],
        N=N,
        H=H,
        V=V,
        threads=torch.get_num_threads(),
        fill_nan=int(FILL_NAN.is_set()),
        h=tensor_checks.strided(h, (N, H), dtype),
        h_row=h.stride(0),
        weight=tensor_checks.contiguous(weight, (V, H), dtype),
        bias=_vector(bias, V, dtype),
        target=tensor_checks.contiguous(target, (N,), torch.int64),
        ignore_index=options.ignore_index,
        class_weight=_vector(class_weight, V, dtype),
        smoothing=options.label_smoothing,
        mean=int(options.reduction == "mean"),
        row_scale=_vector(upstream, N, dtype),
        error=0 if each else pointer(result),
        errors=pointer(result) if each else 0,
        d_h=pointer(gradients[0]),
        d_weight=pointer(gradients[1]),
        d_bias=pointer(gradients[2]),
        interrupted=library.interrupted,
    )
    status = _function(library)(ctypes.addressof(arguments))
    if status == _BAD_CALL:
        raise TargetError(library.message)
    if status == _NO_MEMORY:
        raise NotEnoughMemoryError(
            f"the error of {N} rows over {V} classes needs more memory than there is", hint="fewer rows in one call"
        )
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    return result, gradients
