"""``Stream``: a layer that is given one step or a block of steps at a time and keeps its state in between."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor

from recur.engine import BackendReport
from recur.engine.native.stream import ArrayStep, NativeStack
from recur.errors import ConfigError
from recur.nn.backend_report import merge_reports
from recur.nn.base import LayerBase
from recur.nn.checks import LayerInputError
from recur.nn.stream_layers import NativeLayer, streamed
from recur.nn.stream_memory import NUMPY, StreamMemory

# a block is divided into calls of so many multiplications, tens of milliseconds: in between Ctrl-C is noticed
_CALL_WORK = 10**9
_CALL_STEPS = 64  # and at least so many steps

_open: weakref.WeakSet[Stream] = weakref.WeakSet()


def _forked() -> None:
    """Give every stream of a forked process a free lock: the thread that held the old one does not exist there."""
    for stream in list(_open):
        stream._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Stream:
    """A layer run one step per call, ``y_t = stream.step(x_t)``, or a block per call, the state kept between calls.

        h_t = f(h_{t-1}, x_t)

    The weights are those of the layer when the stream is made, packed once. The outputs agree with those of the layer
    run over the whole sequence up to rounding: sums are taken in another order, so each product differs by a few
    units in the last place. Dropout of every form is off, as in evaluation.

    Made by ``layer.stream(batch)``. Threads may share a stream: each call waits for the one before it.

    Attributes
    ----------
    batch : int
        B, sequences per step.
    backend : str
        "native" or "eager"; ``backend_report()`` gives the reason.

    Examples
    --------
    >>> import numpy as np
    >>> from recur.nn import LSTM
    >>> stream = LSTM(3, 5).stream()
    >>> y = stream.step(np.zeros((1, 3), np.float32))
    >>> kept = stream.state()
    >>> after = stream.step(np.ones((1, 3), np.float32))
    >>> stream.restore(kept)
    >>> bool((stream.step(np.ones((1, 3), np.float32)) == after).all())
    True
    >>> stream.run(np.ones((64, 1, 3), np.float32)).shape
    (64, 1, 5)
    """

    def __init__(self, layer: LayerBase, batch: int = 1) -> None:
        if layer.bidirectional:
            raise ConfigError(
                "a bidirectional layer reads a sequence from its end as well, so it cannot be streamed",
                hint="bidirectional=False",
            )
        if batch < 1:
            raise ConfigError(f"batch is {batch}, expected 1 or more")
        layer.check_parameters()
        weight = layer.first_weight()
        if weight.device.type != "cpu" or weight.dtype not in NUMPY:
            raise ConfigError(
                f"a stream runs on the CPU in float32 or float64, and this layer is {weight.dtype} on {weight.device}",
                hint='layer.to("cpu", torch.float32).stream()',
            )
        self.batch = batch
        self._lock = threading.RLock()
        _open.add(self)
        made = [streamed(layer, number, batch, weight) for number in range(layer.num_layers)]
        self._layers = [one for one, _ in made]
        self._residual = layer.residual
        self._report = merge_reports([report for _, report in made])
        self.backend = "native" if self._report.ran == "native" else "eager"
        native = [one.stream for one in self._layers if isinstance(one, NativeLayer)]
        self._stack = NativeStack(native, layer.residual) if len(native) == len(made) else None
        self._memory = StreamMemory(
            native[0].core if self._stack else None, batch, layer.input_size, layer.output_size, weight.dtype
        )
        self._between = [torch.empty(batch, one.width, dtype=weight.dtype, device="cpu") for one in self._layers[:-1]]
        work = batch * sum(parameter.numel() for parameter in layer.parameters())
        self._call_steps = max(_CALL_STEPS, _CALL_WORK // max(1, work))
        # for the steps of plain arrays, where every operation counts
        self._numpy = self._memory.numpy
        self._one, self._all = (layer.output_size,), (batch, layer.output_size)
        self._step_array: ArrayStep = (self._stack and self._stack.step) or _refuses

    @overload
    def step(self, x: Tensor) -> Tensor: ...

    @overload
    def step(self, x: ArrayLike) -> np.ndarray[Any, Any]: ...

    def step(self, x: Tensor | ArrayLike) -> Tensor | np.ndarray[Any, Any]:
        """Compute one step of every sequence.

        Parameters
        ----------
        x : ndarray or Tensor
            (B, X), or (X,) when B is 1, in the layer's dtype (other real numbers are converted).

        Returns
        -------
        ndarray or Tensor
            h_t of the last layer, (B, O) or (O,), in the form of x.

        Raises
        ------
        LayerInputError
            If x has another shape, or is no array of real numbers.
        """
        if x.__class__ is np.ndarray:
            y = np.empty(self._all if x.ndim == 2 else self._one, self._numpy)
            with self._lock:
                if self._step_array(x, y):
                    return y
        with self._lock:
            if isinstance(x, Tensor):
                tensor, output = self._memory.step_of_tensor(x)
                self._compute(tensor, output, 1)
                return output
            array, result = self._memory.step_of_array(_as_array(x))
            self._compute(array, result, 1)
            return result

    @overload
    def run(self, x: Tensor, out: Tensor | None = None) -> Tensor: ...

    @overload
    def run(self, x: ArrayLike, out: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]: ...

    def run(
        self, x: Tensor | ArrayLike, out: Tensor | np.ndarray[Any, Any] | None = None
    ) -> Tensor | np.ndarray[Any, Any]:
        """Compute a block of steps in one call: what ``step`` gives, step after step, bit for bit.

        Other threads of Python run meanwhile; with ``out`` nothing is allocated on the native backend. Ctrl-C stops a
        long block between two steps: the state is then that after the steps that were computed. Where torch has several
        threads, a step after a pause runs on one of them, with the same bits.

        Parameters
        ----------
        x : ndarray or Tensor
            (T, B, X), or (T, X) when B is 1, in the layer's dtype; copied where it is not contiguous.
        out : ndarray or Tensor, optional
            Contiguous memory for the outputs, of the kind and dtype of x, apart from it.

        Returns
        -------
        ndarray or Tensor
            h_t of the last layer at every step, (T, B, O) or (T, O): ``out`` if given.

        Raises
        ------
        LayerInputError
            If x or out has another shape, dtype or kind.
        """
        with self._lock:
            if isinstance(x, Tensor):
                tensors = self._memory.block_of_tensors(x, out)
                self._compute(*tensors, len(x))
                return tensors[1]
            arrays = self._memory.block_of_arrays(_as_array(x), out)
            self._compute(*arrays, len(arrays[0]))
            return arrays[1]

    def __reduce_ex__(self, _protocol: object) -> Any:
        raise ConfigError(
            "a stream cannot be copied or pickled: its weights and states are in the core of this process",
            hint="kept = stream.state(); other = layer.stream(); other.restore(kept)",
        )

    def _compute(self, x: Any, y: Any, steps: int) -> None:
        """Run steps from one contiguous array or tensor to another."""
        if steps == 0:
            return
        if self._stack is None:
            self._in_torch(_as_tensor(x), _as_tensor(y), steps)
            return
        at, to = (x.ctypes.data, y.ctypes.data) if isinstance(x, np.ndarray) else (x.data_ptr(), y.data_ptr())
        for first in range(0, steps, self._call_steps):
            count = min(self._call_steps, steps - first)
            self._stack.run(at + first * (x.nbytes // steps), to + first * (y.nbytes // steps), count)

    def _in_torch(self, x: Tensor, y: Tensor, steps: int) -> None:
        """Run steps through layers of which not all are in the core."""
        for x_t, y_t in zip(x.view(steps, self.batch, -1), y.view(steps, self.batch, -1), strict=True):
            for number, layer in enumerate(self._layers):
                out = y_t if number == len(self._layers) - 1 else self._between[number]
                layer.step(x_t, out)
                if self._residual and x_t.shape == out.shape:
                    out += x_t
                x_t = out

    def backend_report(self) -> BackendReport:
        """Which backend runs the steps, and why a faster one does not."""
        return self._report

    def states(self) -> list[dict[str, Tensor]]:
        """Every state (B, S) by name, for each layer, copied."""
        with self._lock:
            return [part.states() for part in self._layers]

    def set_states(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        """Continue from the states of every layer, in the form of ``states``.

        Raises
        ------
        LayerInputError
            If a state is missing or has another shape.
        """
        mine = self.states()
        if len(states) != len(mine):
            raise LayerInputError(f"there are states of {len(states)} layers, expected {len(mine)}")
        for layer, (new, old) in enumerate(zip(states, mine, strict=True)):
            for name, value in old.items():
                if name not in new or tuple(new[name].shape) != tuple(value.shape):
                    got = tuple(new[name].shape) if name in new else "none"
                    raise LayerInputError(f"state {name} of layer {layer}: got {got}, expected {tuple(value.shape)}")
        with self._lock:
            for part, state in zip(self._layers, states, strict=True):
                part.set_states(dict(state))

    def reset(self, rows: Sequence[int] | None = None) -> None:
        """Zero the state of all sequences, or of these."""
        with self._lock:
            states = self.states()
            for state in states:
                for value in state.values():
                    value[list(range(self.batch)) if rows is None else list(rows)] = 0
            self.set_states(states)

    def state(self) -> bytes:
        """The state of all sequences as bytes (in the safetensors format)."""
        named = {f"{layer}.{name}": v for layer, states in enumerate(self.states()) for name, v in states.items()}
        return to_bytes(named)

    def restore(self, state: bytes) -> None:
        """Continue from the bytes that ``state`` returned.

        Raises
        ------
        LayerInputError
            If the bytes are not the state of such a stream.
        """
        try:
            named = from_bytes(state)
        except Exception as error:
            raise LayerInputError(f"these {len(state)} bytes are not the state of a stream: {error}") from None
        states: list[dict[str, Tensor]] = [{} for _ in self._layers]
        for key, value in named.items():
            layer, _, name = key.partition(".")
            if not layer.isdigit() or int(layer) >= len(states):
                raise LayerInputError(f"these bytes are the state of another layer: they have {key}")
            states[int(layer)][name] = value
        self.set_states(states)


def _refuses(_x: np.ndarray[Any, Any], _y: np.ndarray[Any, Any]) -> bool:
    """The step of plain arrays where the core does not run it."""
    return False


def _as_array(x: object) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(x)
    except (ValueError, TypeError) as error:
        raise LayerInputError(f"x is no array of numbers: {error}", hint="np.asarray(x, np.float32)") from None


def _as_tensor(x: Tensor | np.ndarray[Any, Any]) -> Tensor:
    if isinstance(x, Tensor):
        return x.detach()
    # torch warns of read-only arrays, which are only read here
    return torch.from_numpy(x if x.flags.writeable else x.copy())
