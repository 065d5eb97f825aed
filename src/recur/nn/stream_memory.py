"""Inputs and outputs of a stream: arrays and tensors of one step or of a block of steps, checked and allocated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.engine import tensor_checks, torch_state
from recur.engine.native.library import Core
from recur.engine.native.tensor_addresses import TensorSpecs, addresses
from recur.engine.tensor_checks import UnfitError
from recur.nn.checks import LayerInputError, check_readable

NUMPY: dict[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}

Array = np.ndarray[Any, Any]


class StreamMemory:
    """What the arrays and tensors of a stream have to look like.

    Parameters
    ----------
    core : Core or None
        The core that reads them; None where the eager backend runs.
    batch, input_size, output_size : int
        B, X and O.
    dtype : torch.dtype
        Of the layer.
    """

    def __init__(self, core: Core | None, batch: int, input_size: int, output_size: int, dtype: torch.dtype) -> None:
        self._core, self._batch, self._input, self._output = core, batch, input_size, output_size
        self._dtype, self.numpy = dtype, NUMPY[dtype]
        self._specs = [TensorSpecs([shape], strided=0) for shape in ((input_size,), (batch, input_size))]

    def step_of_array(self, x: Array) -> tuple[Array, Array]:
        """An input (B, X) or (X,), converted where necessary, and memory for the output."""
        self._check_step(x.shape)
        if x.dtype.kind not in "fiub":
            raise LayerInputError(f"x has the dtype {x.dtype}, expected {self.numpy}", hint=f"x.astype('{self.numpy}')")
        x = np.require(x, self.numpy, ("C", "A"))
        return x, np.empty((*x.shape[:-1], self._output), self.numpy)

    def step_of_tensor(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """An input (B, X) or (X,), converted where necessary, and memory for the output."""
        shape = tuple(x.shape)
        self._check_step(shape)
        if not self._reads(x):
            x = self._readable(x).to(self._dtype).contiguous()
        return x, torch.empty((*shape[:-1], self._output), dtype=self._dtype, device="cpu")

    def block_of_arrays(self, x: Array, out: object) -> tuple[Array, Array]:
        """Inputs (T, B, X), copied where they are not contiguous, and memory for the outputs: ``out`` if given."""
        shape = self._output_shape(x.shape)
        if x.dtype != self.numpy:
            raise LayerInputError(f"x has the dtype {x.dtype}, expected {self.numpy}", hint=f"x.astype('{self.numpy}')")
        x = np.require(x, requirements=("C", "A"))
        if out is None:
            return x, np.empty(shape, self.numpy)
        if not isinstance(out, np.ndarray):
            raise LayerInputError(f"out is a {type(out).__name__}, expected an ndarray like x", hint=self._new(shape))
        if out.dtype != self.numpy or out.shape != shape:
            raise LayerInputError(
                f"out has shape {out.shape} and the dtype {out.dtype}, expected {shape} and {self.numpy}",
                hint=self._new(shape),
            )
        if not out.flags.carray:
            raise LayerInputError("out is read-only or not contiguous, expected writable memory", hint=self._new(shape))
        _check_apart(x.ctypes.data, x.nbytes, out.ctypes.data, out.nbytes)
        return x, out

    def block_of_tensors(self, x: Tensor, out: object) -> tuple[Tensor, Tensor]:
        """Inputs (T, B, X), copied where they are not contiguous, and memory for the outputs: ``out`` if given."""
        shape = self._output_shape(tuple(x.shape))
        x = self._readable(x)
        if x.dtype is not self._dtype:
            raise LayerInputError(f"x has the dtype {x.dtype}, expected {self._dtype}", hint=f"x.to({self._dtype})")
        x = x.contiguous()
        if out is None:
            return x, torch.empty(shape, dtype=self._dtype, device="cpu")
        hint = f"torch.empty({shape}, dtype={self._dtype})"
        if not isinstance(out, Tensor):
            raise LayerInputError(f"out is a {type(out).__name__}, expected a tensor like x", hint=hint)
        if out.requires_grad:
            raise LayerInputError("out requires a gradient, which a stream does not compute", hint=hint)
        try:
            address = tensor_checks.contiguous(out, shape, self._dtype)
        except UnfitError as error:
            raise LayerInputError(f"a stream cannot write to out: {error.message}", hint=hint) from None
        _check_apart(x.data_ptr(), x.nbytes, address, out.nbytes)
        if not out.is_inference():
            # a backward pass that needs the old values is told that they changed
            torch.autograd.graph.increment_version(out)
        return x, out

    def _check_step(self, shape: Sequence[int]) -> None:
        if shape != (self._batch, self._input) and not (self._batch == 1 and shape == (self._input,)):
            raise LayerInputError(
                f"x has shape {tuple(shape)}, expected {(self._batch, self._input)}: one step of every stream",
                hint="batch in layer.stream(batch) is the number of streams that are stepped together",
            )

    def _output_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        if tuple(shape[1:]) != (self._batch, self._input) and not (self._batch == 1 and shape[1:] == (self._input,)):
            raise LayerInputError(
                f"x has shape {tuple(shape)}, expected (T, {self._batch}, {self._input}): steps of every stream",
                hint="stream.step(x) takes one step; batch in layer.stream(batch) is the number of streams",
            )
        return (*shape[:-1], self._output)

    def _reads(self, x: Tensor) -> bool:
        """Whether a step can read the memory of x, and no transform or mode observes the operations."""
        if self._core is None or not torch_state.quiet():
            return False
        try:
            return addresses(self._core, [x], self._specs[x.dim() - 1], 0, 0, self._dtype)[0] != 0
        except UnfitError:
            return False

    def _readable(self, x: Tensor) -> Tensor:
        reason = torch_state.observer()
        if reason is not None:
            raise LayerInputError(f"a stream computes outside of torch: {reason}", hint="layer(x, state)")
        check_readable("a stream", "x", x)
        x = torch_state.settled(x.detach())
        reason = tensor_checks.why_not(x, x.dtype)
        if reason is not None:
            raise LayerInputError(f"a stream cannot read x: {reason}", hint="x of class torch.Tensor on the CPU")
        return x

    def _new(self, shape: Sequence[int]) -> str:
        return f"np.empty({tuple(shape)}, np.{self.numpy})"


def _check_apart(x: int, x_bytes: int, y: int, y_bytes: int) -> None:
    if x < y + y_bytes and y < x + x_bytes:
        raise LayerInputError("out shares memory with x, which is read while outputs are written", hint="another array")
