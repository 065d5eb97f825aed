"""Tensor checks in front of the native core: whether the memory of a tensor may be read.

An address alone does not show that memory may be read. A parameter can be replaced or resized between two calls, and
storage can be released; a tensor can be lazily negated, unmaterialised zeros, part of a transform or on another device.
All code that passes a tensor to the core takes its address here:

    why_not     the reason why only torch's operations can read a tensor; None if the core can read it
    contiguous  the address of a contiguous tensor of exactly this shape
    strided     the same where only the innermost axis has to be contiguous
    check       refuse a tensor that cannot be read: it is not dense, or exceeds its storage
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from recur.engine import torch_state
from recur.errors import BackendError, ShapeError


class UnfitError(BackendError):
    """A tensor is not what the core expects, so that its memory must not be read."""


def why_not(tensor: Tensor, dtype: torch.dtype) -> str | None:
    """The reason why the core cannot read a tensor, or None if it can."""
    kind = tensor.__class__
    if kind is not Tensor and kind is not Parameter and not torch_state.ordinary(kind):
        return f"a {kind.__name__} has operations of its own"
    if tensor.layout is not torch.strided or tensor.is_nested:
        return "it reads dense tensors only"
    if not tensor.is_cpu:
        return f"it runs on the CPU, and the tensors are on {tensor.device}"
    if tensor.dtype is not dtype:
        return f"the inputs are {dtype} and a parameter or state is {tensor.dtype}"
    return torch_state.lazy(tensor) or torch_state.without_memory(tensor)


def contiguous(tensor: Tensor, shape: Sequence[int], dtype: torch.dtype) -> int:
    """The address of a contiguous tensor of this shape and dtype.

    Raises
    ------
    UnfitError
        If it is not such a tensor.
    """
    kind = tensor.__class__
    try:
        if (
            (kind is Tensor or kind is Parameter or torch_state.ordinary(kind))
            and tensor.dtype is dtype
            and tensor.shape == shape
            and tensor.is_cpu
            and tensor.is_contiguous()
            and not tensor.is_neg()
        ):
            address = tensor.data_ptr()
            needed = dtype.itemsize * tensor.storage_offset() + tensor.nbytes
            if address and tensor.untyped_storage().nbytes() >= needed:
                return address
            if 0 in shape:
                return address
    except (RuntimeError, NotImplementedError, TypeError):
        pass  # it has no memory
    raise _unfit(tensor, shape, dtype)


def strided(tensor: Tensor, shape: Sequence[int], dtype: torch.dtype, inner: bool = True) -> int:
    """The address of a tensor of this shape and dtype whose last axis has stride 1.

    Without ``inner`` the last axis may have any stride, like the others.

    Raises
    ------
    UnfitError
        If it is not such a tensor.
    """
    kind = tensor.__class__
    try:
        if (
            (kind is Tensor or kind is Parameter or torch_state.ordinary(kind))
            and tensor.dtype is dtype
            and tensor.shape == shape
            and tensor.is_cpu
            and not tensor.is_neg()
        ):
            address = tensor.data_ptr()
            if 0 in shape:
                return address
            strides = tensor.stride()
            last = tensor.storage_offset()
            for size, stride in zip(shape, strides, strict=True):
                last += (size - 1) * stride
            if inner and shape[-1] > 1 and strides[-1] != 1:
                address = 0
            if address and tensor.untyped_storage().nbytes() > dtype.itemsize * last:
                return address
    except (RuntimeError, NotImplementedError, TypeError):
        pass  # it has no memory
    raise _unfit(tensor, shape, dtype)


def check(name: str, tensor: Tensor) -> None:
    """Refuse a tensor that no backend can read: one that is not dense, or that exceeds its storage.

    Raises
    ------
    ShapeError
        With its name and a hint.
    """
    if torch.compiler.is_compiling():
        return
    if tensor.layout is not torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.").removeprefix("_")
        raise ShapeError(
            f"{name} is a {kind} tensor, expected a dense one",
            hint="torch.nested.to_padded_tensor(x, 0.0), and lengths=..." if tensor.is_nested else "x.to_dense()",
        )
    if not torch_state.ordinary(tensor.__class__) or tensor.device.type == "meta":
        return
    held, needed = _bytes(tensor)
    if held < needed:
        raise ShapeError(
            f"{name} has shape {tuple(tensor.shape)} and needs {needed} bytes, and its storage has {held}: "
            "it was resized or released",
            hint="create the tensor again, or restore the size of its storage before the call",
        )


def _bytes(tensor: Tensor) -> tuple[int, int]:
    """The bytes of a tensor's storage, and the bytes up to its last element; zeros where there is no storage."""
    try:
        if 0 in tensor.shape or torch_state.without_memory(tensor) is not None:
            return 0, 0
        last = tensor.storage_offset() + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))
        return tensor.untyped_storage().nbytes(), (int(last) + 1) * tensor.dtype.itemsize
    except (RuntimeError, NotImplementedError):
        return 0, 0


def _unfit(tensor: Tensor, shape: Sequence[int], dtype: torch.dtype) -> UnfitError:
    """The error that tells what is wrong with a tensor."""
    hint = "a tensor of a recurrence must not be replaced or resized between the forward and the backward pass"
    try:
        reason = why_not(tensor, dtype)
        if reason is None and tuple(tensor.shape) != tuple(shape):
            reason = f"a tensor has shape {tuple(tensor.shape)}, expected {tuple(shape)}"
        if reason is None:
            held, needed = _bytes(tensor)
            reason = f"a tensor needs {needed} bytes and its storage has {held}" if held < needed else None
        reason = reason or f"a tensor has strides {tensor.stride()}, which the core does not read"
    except (RuntimeError, NotImplementedError, TypeError) as error:
        reason = str(error)
    return UnfitError(f"the native core cannot read a tensor: {reason}", hint=hint)
