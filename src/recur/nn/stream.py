"""``Stream``: a layer that is given one step at a time and keeps its state in between."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor

from recur.engine import BackendReport, prepare, run, tensor_checks, torch_state
from recur.engine.native import why_not
from recur.engine.native.library import core
from recur.engine.native.stream import NativeStream
from recur.engine.native.tensor_addresses import TensorSpecs, addresses
from recur.engine.tensor_checks import UnfitError
from recur.errors import BackendError, ConfigError
from recur.nn.backend_report import merge_reports
from recur.nn.base import LayerBase
from recur.nn.checks import LayerInputError, check_readable

# after a pause of so many seconds one thread steps alone: waking the others takes longer than a step
_AWAKE = 2e-3  # seconds

_open: weakref.WeakSet[Stream] = weakref.WeakSet()


def _forked() -> None:
    """Give every stream of a forked process a free lock: the thread that held the old one does not exist there."""
    for stream in list(_open):
        stream._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

_NUMPY: dict[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


class Stream:
    """A layer run one step per call: ``y_t = stream.step(x_t)``, the state kept between calls.

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
        if weight.device.type != "cpu" or weight.dtype not in _NUMPY:
            raise ConfigError(
                f"a stream runs on the CPU in float32 or float64, and this layer is {weight.dtype} on {weight.device}",
                hint='layer.to("cpu", torch.float32).stream()',
            )
        self.batch = batch
        self._lock = threading.RLock()
        _open.add(self)
        self._dtype = weight.dtype
        self._numpy = _NUMPY[weight.dtype]
        self._input_size, self._output_size = layer.input_size, layer.output_size
        self._residual = layer.residual
        self._wanted = [TensorSpecs([shape], strided=0) for shape in ((layer.input_size,), (batch, layer.input_size))]
        parts = [_part(layer, number, batch, weight) for number in range(layer.num_layers)]
        self._parts = [part for part, _ in parts]
        self._report = merge_reports([report for _, report in parts])
        self.backend = "native" if self._report.ran == "native" else "eager"
        self._threads = torch.get_num_threads()
        self._core = None if self.backend == "eager" else core()
        self._last = 0.0
        self._between = [torch.empty(batch, part.width, dtype=weight.dtype, device="cpu") for part in self._parts[:-1]]

    @overload
    def step(self, x: Tensor) -> Tensor: ...

    @overload
    def step(self, x: ArrayLike) -> np.ndarray[Any, Any]: ...

    def step(self, x: Tensor | ArrayLike) -> Tensor | np.ndarray[Any, Any]:
        """Compute one step of every sequence.

        Parameters
        ----------
        x : ndarray or Tensor
            (B, X), or (X,) when B is 1, in the layer's dtype (others are converted).

        Returns
        -------
        ndarray or Tensor
            h_t of the last layer, (B, O) or (O,), in the form of x.

        Raises
        ------
        LayerInputError
            If x has another shape.
        """
        with self._lock:
            now = time.perf_counter()
            threads = self._threads if now - self._last < _AWAKE else 1
            y = self._tensor(x, threads) if isinstance(x, Tensor) else self._array(np.asarray(x), threads)
            self._last = time.perf_counter()
            return y

    def __reduce_ex__(self, _protocol: object) -> Any:
        raise ConfigError(
            "a stream cannot be copied or pickled: its weights and states are in the core of this process",
            hint="kept = stream.state(); other = layer.stream(); other.restore(kept)",
        )

    def _array(self, x: np.ndarray[Any, Any], threads: int) -> np.ndarray[Any, Any]:
        shape = x.shape
        if shape != (self.batch, self._input_size) and not (self.batch == 1 and shape == (self._input_size,)):
            self._refuse(shape)
        if x.dtype != self._numpy or not x.flags.c_contiguous:
            x = np.ascontiguousarray(x, dtype=self._numpy)
        y: np.ndarray[Any, Any] = np.empty((*shape[:-1], self._output_size), self._numpy)
        only = self._parts[0] if len(self._parts) == 1 and not self._residual else None
        if isinstance(only, _Native):
            only.run(x.ctypes.data, y.ctypes.data, threads)
        else:
            self._run(torch.from_numpy(x).reshape(self.batch, -1), torch.from_numpy(y).view(self.batch, -1), threads)
        return y

    def _tensor(self, x: Tensor, threads: int) -> Tensor:
        shape = tuple(x.shape)
        if shape != (self.batch, self._input_size) and not (self.batch == 1 and shape == (self._input_size,)):
            self._refuse(shape)
        if not self._reads(x):
            x = self._made_readable(x)
        y = torch.empty((*shape[:-1], self._output_size), dtype=self._dtype, device="cpu")
        only = self._parts[0] if len(self._parts) == 1 and not self._residual else None
        if isinstance(only, _Native):
            only.run(x.data_ptr(), y.data_ptr(), threads)
        else:
            self._run(x.detach().view(self.batch, -1), y.view(self.batch, -1), threads)
        return y

    def _reads(self, x: Tensor) -> bool:
        """Whether a step can read the memory of x, and no transform or mode observes the operations."""
        if self._core is None or not torch_state.quiet():
            return False
        try:
            return addresses(self._core, [x], self._wanted[x.dim() - 1], 0, 0, self._dtype)[0] != 0
        except UnfitError:
            return False

    def _made_readable(self, x: Tensor) -> Tensor:
        reason = torch_state.observer()
        if reason is not None:
            raise LayerInputError(f"a stream computes outside of torch: {reason}", hint="layer(x, state)")
        check_readable("a stream", "x", x)
        x = torch_state.settled(x.detach())
        reason = tensor_checks.why_not(x, x.dtype)
        if reason is not None:
            raise LayerInputError(f"a stream cannot read x: {reason}", hint="x of class torch.Tensor on the CPU")
        return x.to(self._dtype).contiguous()

    def _run(self, x: Tensor, y: Tensor, threads: int) -> None:
        for number, part in enumerate(self._parts):
            out = y if number == len(self._parts) - 1 else self._between[number]
            part.run_tensors(x, out, threads)
            if self._residual and x.shape == out.shape:
                out += x
            x = out

    def _refuse(self, shape: Sequence[int]) -> None:
        raise LayerInputError(
            f"x has shape {tuple(shape)}, expected {(self.batch, self._input_size)}: one step of every stream",
            hint="batch in layer.stream(batch) is the number of streams that are stepped together",
        )

    def backend_report(self) -> BackendReport:
        """Which backend runs the steps, and why a faster one does not."""
        return self._report

    def states(self) -> list[dict[str, Tensor]]:
        """Every state (B, S) by name, for each layer, copied."""
        with self._lock:
            return [part.states() for part in self._parts]

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
            for part, state in zip(self._parts, states, strict=True):
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
        states: list[dict[str, Tensor]] = [{} for _ in self._parts]
        for key, value in named.items():
            layer, _, name = key.partition(".")
            if not layer.isdigit() or int(layer) >= len(states):
                raise LayerInputError(f"these bytes are the state of another layer: they have {key}")
            states[int(layer)][name] = value
        self.set_states(states)


class _Native:
    """One layer, streamed by the core."""

    def __init__(self, stream: NativeStream, width: int) -> None:
        self._stream = stream
        self.width = width
        self.run = stream.step
        self.states = stream.states
        self.set_states = stream.set_states

    def run_tensors(self, x: Tensor, y: Tensor, threads: int) -> None:
        # the stream has checked its input; all other tensors are its own
        self.run(x.data_ptr(), y.data_ptr(), threads)


class _Eager:
    """One layer, run over sequences of one step."""

    def __init__(self, layer: LayerBase, number: int, states: dict[str, Tensor]) -> None:
        self._layer, self._number, self._states = layer, number, states
        self.width = states[layer.equation.states[0]].shape[-1]
        self._parameters = {name: parameter.detach().clone() for name, parameter in layer.gather(number).items()}

    @torch.no_grad()
    def run_tensors(self, x: Tensor, y: Tensor, _threads: int) -> None:
        noise = self._layer.evaluation_noise()
        result = run(
            self._layer.equation, x.unsqueeze(0), self._states, self._parameters, noise=noise,
            backend="eager", precision=self._layer.precision,
        )  # fmt: skip
        self._states = result.states
        y.copy_(result.outputs[0])

    def states(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._states.items()}

    def set_states(self, states: dict[str, Tensor]) -> None:
        self._states = {name: states[name].to(value.dtype).clone() for name, value in self._states.items()}


def _part(layer: LayerBase, number: int, batch: int, weight: Tensor) -> tuple[_Native | _Eager, BackendReport]:
    learned = layer.learned_states(number, 0, batch)
    level = layer.layout.levels[number]
    sizes = level.state_sizes
    states = {
        name: weight.new_zeros(batch, size) if learned is None else learned[name].detach().clone()
        for name, size in sizes.items()
    }
    call = prepare(
        layer.equation, weight.new_zeros(1, batch, level.input_size), states, layer.gather(number),
        precision=layer.precision, noise=layer.evaluation_noise(),
    )  # fmt: skip
    engine = os.environ.get("RECUR_BACKEND") or layer.engine
    reason = why_not(call) if engine in {"auto", "native"} else f"{engine} was requested"
    if reason is None:
        try:
            return _Native(NativeStream(call), sizes[layer.equation.states[0]]), BackendReport("native")
        except BackendError as error:
            reason = error.message
    return _Eager(layer, number, states), BackendReport("eager", {"native": reason})
