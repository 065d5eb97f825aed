"""Stepwise recurrence in the core: weights packed once, states kept between steps, the layers of a stack together."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from recur.engine import tensor_checks
from recur.engine.backend_interface import Call
from recur.engine.low_precision import PRECISIONS
from recur.engine.native.arguments import TYPES, Arguments
from recur.engine.native.compiled_cell import CompiledCell, compiled_cell, parameters_of
from recur.engine.variables import FILL_NAN
from recur.errors import BackendError

ArrayStep = Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], bool]


class NativeStream:
    """A recurrence that runs step by step, in a ``NativeStack``.

    Parameters
    ----------
    call : Call
        Its equation, current parameters, initial states (B, S), precision and expectations of zoneout are used.

    Raises
    ------
    BackendError
        If the core cannot run it so.
    """

    def __init__(self, call: Call) -> None:
        cell = compiled_cell(call)
        self.core = cell.core
        parameters = {name: p.detach().contiguous() for name, p in parameters_of(cell, call).items()}
        states = [call.states[name].detach().contiguous() for name in cell.states]
        none = [0] * len(states)
        noises = _expected(cell, call)
        dtype = call.x.dtype
        addresses = [
            tensor_checks.contiguous(parameters[name], shape, dtype)
            for name, shape in zip((*cell.matrices, *cell.vectors), cell.measured(call.sizes).shapes, strict=True)
        ]
        arguments = Arguments(
            type=TYPES[call.x.dtype], T=0, B=states[0].shape[0], threads=torch.get_num_threads(),
            precision=PRECISIONS.index(call.precision), fill_nan=int(FILL_NAN.is_set()),
            sizes=cell.measured(call.sizes).table,
            matrices=addresses[: len(cell.matrices)], vectors=addresses[len(cell.matrices) :],
            initial=[tensor_checks.contiguous(state, state.shape, dtype) for state in states], series=none, final=none,
            noises=[tensor_checks.contiguous(noise, noise.shape, dtype) for noise in noises],
            noise_time=[0] * len(noises), noise_row=[0] * len(noises),
        )  # fmt: skip
        packed = None if call.frozen is None else call.frozen.matching(cell.core, cell.library, arguments)
        if packed is not None:
            arguments.set(frozen=packed.address)
        handle = self.core.stream_open(cell.library.pointer, arguments.address())
        if not handle:
            raise BackendError(f"the native core cannot stream this layer: {self.core.message}")
        self.handle = handle
        self._shapes = {
            name: (tuple(state.shape), state.dtype) for name, state in zip(cell.states, states, strict=True)
        }
        weakref.finalize(self, self.core.stream_close, handle)

    def _refuse(self) -> NoReturn:
        raise BackendError(f"the native core refused a stream: {self.core.message}")

    def states(self) -> dict[str, Tensor]:
        """Every state (B, S), copied."""
        states = {name: torch.empty(shape, dtype=dtype, device="cpu") for name, (shape, dtype) in self._shapes.items()}
        if self.core.stream_get(self.handle, _addresses(states.values())):
            self._refuse()
        return states

    def set_states(self, states: dict[str, Tensor]) -> None:
        """Continue from these states."""
        copies = {
            name: states[name].detach().to(dtype).reshape(shape).contiguous()
            for name, (shape, dtype) in self._shapes.items()
        }
        if self.core.stream_set(self.handle, _addresses(copies.values())):
            self._refuse()


class NativeStack:
    """Layers of which each reads the output of the one before it, run together for one step or a block of steps.

    Parameters
    ----------
    streams : sequence of NativeStream
        The layers, in order; the stack keeps them.
    residual : bool
        Add the input of a layer to its output where both have the same width.

    Attributes
    ----------
    step : callable or None
        ``step(x, y)`` runs one step from an array (B, X), or (X,) for one row, to one of (B, O) or (O,). False where
        one of them is not such an array, contiguous, in the layer's dtype: then nothing was computed. None where
        Python is not CPython.

    Raises
    ------
    BackendError
        If the streams do not fit together.
    """

    step: ArrayStep | None

    def __init__(self, streams: Sequence[NativeStream], residual: bool) -> None:
        self._streams, self._core = list(streams), streams[0].core
        handles = (ctypes.c_void_p * len(streams))(*(stream.handle for stream in streams))
        handle = self._core.stack_open(handles, len(handles), int(residual), torch.get_num_threads())
        if not handle:
            raise BackendError(f"the native core cannot run these layers together: {self._core.message}")
        self._handle = handle
        weakref.finalize(self, self._core.stack_close, handle)
        try:
            self.step = self._core.python_step(handle)
        except ValueError:
            self.step = None

    def run(self, x: int, y: int, steps: int) -> None:
        """Read x (steps, B, X) at one address and write (steps, B, O) to another; the caller guarantees both.

        Other threads of Python run meanwhile.
        """
        if self._core.stack_run(self._handle, x, y, steps):
            raise BackendError(f"the native core refused a step: {self._core.message}")


def _expected(cell: CompiledCell, call: Call) -> list[Tensor]:
    """The expectation of every noise (S,), which a stream uses in place of random masks."""
    tensors = []
    for name in cell.noises:
        kind, _, state = name.partition(":")
        value = call.noise.of(name) if kind in {"zoneout", "drawn"} else None
        if not isinstance(value, float):
            raise BackendError(f"the native core cannot stream this layer: the mask of {name} is not one number")
        tensors.append(torch.full((call.states[state].shape[-1],), value, dtype=call.x.dtype, device="cpu"))
    return tensors


def _addresses(tensors: Iterable[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    pointers = [tensor_checks.contiguous(tensor, tensor.shape, tensor.dtype) for tensor in tensors]
    return (ctypes.c_void_p * len(pointers))(*pointers)
