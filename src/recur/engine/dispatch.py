"""Dispatch of a recurrence to a backend: argument checks, choice of the backend, and the reasons for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from recur.engine import eager, native, observers, stock, tensor_checks, torch_state
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.low_precision import PRECISIONS, refuse_gradients
from recur.engine.native.frozen import FrozenWeights
from recur.engine.native.half_precision import half_precision_of
from recur.engine.noise import HALF, Noise, drawn_states
from recur.engine.packing import Packing
from recur.engine.variables import BACKEND
from recur.equations import Equation
from recur.equations.sizes import Size
from recur.errors import BackendError, ShapeError, did_you_mean

_RUN = {"native": native.run, "stock": stock.run, "eager": eager.run}
BACKENDS = ("auto", "native", "stock", "eager")


def choose(call: Call, backend: str = "auto") -> BackendReport:
    """Choose the backend of a call: the compiled equation, else torch's kernel, else the equation step by step.

    Parameters
    ----------
    call : Call
        The recurrence.
    backend : str
        "auto", or the name of one backend.

    Raises
    ------
    BackendError
        If the backend requested does not exist or cannot run this call.
    """
    if backend not in BACKENDS:
        forced = "RECUR_BACKEND" in os.environ
        raise BackendError(
            f'there is no backend "{backend}".{did_you_mean(backend, BACKENDS)}',
            hint="unset RECUR_BACKEND" if forced else None,
        )
    if backend == "eager":
        return BackendReport("eager", {"native": "eager was requested", "stock": "eager was requested"})
    reasons: dict[str, str] = {}
    for name, candidate in (("native", native), ("stock", stock)):
        if backend not in {"auto", name}:
            reasons[name] = f"{backend} was requested"
            continue
        reason = candidate.why_not(call)
        if reason is None:
            if name == "stock":
                return BackendReport(name, reasons)
            return BackendReport(name, reasons, scanned=native.scanned(call), instructions=native.instructions(call))
        if backend == name:
            raise BackendError(
                f"the {name} backend cannot run this layer: {reason}", hint='engine="auto" chooses one that can'
            )
        reasons[name] = reason
    return BackendReport("eager", reasons)


def run(
    equation: Equation,
    x: Tensor,
    states: Mapping[str, Tensor] | None,
    parameters: Mapping[str, Tensor],
    *,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    reverse: bool = False,
    noise: Noise | None = None,
    all_states: bool = False,
    backend: str = "auto",
    precision: str = "float32",
    packing: Packing | None = None,
    memory_budget: int | str | None = None,
    frozen: FrozenWeights | None = None,
) -> Result:
    """Run a recurrence over a batch of sequences, one direction of one layer.

    Parameters
    ----------
    equation : Equation
        The cell.
    x : Tensor
        Inputs (T, B, X), or packed (N, X).
    states : mapping of str to Tensor, optional
        Initial states (B, S); those not given are zero.
    parameters : mapping of str to Tensor
        One for each parameter of the equation.
    lengths : Tensor, optional
        Real steps of each row (B,), in any order, 0..T; later steps never matter. The reverse direction starts
        at each row's last real step.
    resets : Tensor, optional
        (T, B) bool. True at t is a boundary between t-1 and t that no state crosses, in either direction.
    reverse : bool
        From the last step to the first.
    noise : Noise, optional
        Masks of recurrent dropout and zoneout.
    all_states : bool
        Return each state of every step.
    backend : str
        "auto", "native", "stock" or "eager".
    precision : str
        "float32": the tensors' own dtype; "bfloat16": factors of matrix products rounded to bfloat16; "int8": to
        whole numbers of 8 bits with a scale per row (`recur.engine.low_precision`), without gradients.
    packing : Packing, optional
        How the inputs are packed, in place of ``lengths``.
    memory_budget : int or "sqrt", optional
        Bytes that the values kept for the backward pass may take (native backend): segments of the sequence are
        recomputed in the backward pass. "sqrt" keeps about 2 sqrt(T) steps.
    frozen : FrozenWeights, optional
        Where the native backend keeps packed weights between calls without gradients.

    Returns
    -------
    Result
        Outputs (T, B, O) or packed (N, O), final states (B, S), and the backend report.

    Raises
    ------
    ShapeError
        If shapes, names or lengths do not fit.
    BackendError
        If the backend requested cannot run it, or a gradient is needed of a precision that has none.
    """
    call = prepare(equation, x, states, parameters, lengths, resets, reverse, noise, all_states, precision, packing)
    refuse_gradients(precision, (call.x, *call.states.values(), *call.parameters.values()))
    if memory_budget is not None:
        call = replace(call, memory_budget=memory_budget)
    if frozen is not None:
        call = replace(call, frozen=frozen)
    observer = observers.current()
    if observer is not None and not x.is_cpu:
        # cuDNN has no backward pass outside training
        backend = "eager"
    report = choose(call, BACKEND.get() or backend)
    if report.ran != "native":
        # the padding, NaN included, must not reach a result or a gradient; the core never reads it
        call = call.without_padding()
    result = _RUN[report.ran](call, report)
    if report.ran == "eager" and call.x.is_cpu:
        half = half_precision_of(call)
        # torch's operations promote dtypes: give each state the dtype that it has in torch.nn's layers and in the core
        result = result if half is None else half.narrow(result)
    return result if observer is None else observer.recurrence(call, result)


def prepare(
    equation: Equation,
    x: Tensor,
    states: Mapping[str, Tensor] | None,
    parameters: Mapping[str, Tensor],
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    reverse: bool = False,
    noise: Noise | None = None,
    all_states: bool = False,
    precision: str = "float32",
    packing: Packing | None = None,
) -> Call:
    """Check the arguments of ``run`` and return them as a Call."""
    if x.dim() != (3 if packing is None else 2):
        expected = "(T, B, X)" if packing is None else "(N, X), packed"
        raise ShapeError(f"{equation.name}: x has shape {tuple(x.shape)}, expected {expected}")
    if packing is not None and lengths is not None:
        raise ShapeError(f"{equation.name}: packed inputs carry their own lengths")
    if set(parameters) != set(equation.parameters):
        raise ShapeError(
            f"{equation.name}: parameters are {sorted(parameters)}, expected {sorted(equation.parameters)}"
        )
    x = _readable(equation, "x", x)
    parameters = {name: _readable(equation, name, parameter) for name, parameter in parameters.items()}
    if packing is not None and x.shape[0] != packing.count:
        raise ShapeError(f"{equation.name}: {packing.count} steps are packed, and x has {x.shape[0]} rows")
    T, B = x.shape[:2] if packing is None else (packing.steps, packing.rows)
    sizes = _sizes(equation, x, parameters, states or {})
    initial = dict(states or {})
    for name in initial:
        if name not in equation.states:
            raise ShapeError(f'{equation.name} has no state "{name}".{did_you_mean(name, equation.states)}')
    full = {}
    for name in equation.states:
        shape = (B, *equation.shape(name, **sizes))
        full[name] = initial.get(name, x.new_zeros(shape)) if name in initial else x.new_zeros(shape)
        full[name] = _readable(equation, f"the state {name}", full[name])
        if tuple(full[name].shape) != shape:
            raise ShapeError(f"{equation.name}: the state {name} has shape {tuple(full[name].shape)}, expected {shape}")
    if lengths is not None:
        tensor_checks.check("lengths", lengths)
        lengths = lengths.to(x.device, copy=True)
        if tuple(lengths.shape) != (B,):
            raise ShapeError(f"lengths has shape {tuple(lengths.shape)}, expected ({B},)")
    if resets is not None:
        tensor_checks.check("resets", resets)
        resets = resets.to(x.device, torch.bool, copy=True)
        if tuple(resets.shape) != (T, B):
            raise ShapeError(f"resets has shape {tuple(resets.shape)}, expected ({T}, {B})")
    noise = noise or Noise()
    if equation.graph.noises:
        # what is not given is not drawn
        noise = replace(noise, drawn={**dict.fromkeys(drawn_states(equation), HALF), **noise.drawn})
    noise = _fitting(equation, noise, full, T)
    if precision not in PRECISIONS:
        raise ShapeError(f'precision is "{precision}", expected one of {", ".join(PRECISIONS)}')
    return Call(
        equation, x, full, parameters, sizes, lengths, resets, reverse, noise, all_states, precision, packing
    )  # fmt: skip


def _readable(equation: Equation, name: str, tensor: Tensor) -> Tensor:
    """A tensor whose numbers are in memory; refuse one that cannot have them there."""
    tensor_checks.check(f"{equation.name}: {name}", tensor)
    return torch_state.settled(tensor)


def _fitting(equation: Equation, noise: Noise, states: Mapping[str, Tensor], T: int) -> Noise:
    """The masks expanded to their full shapes: (B, S) for all steps, (T, B, S) for every step."""

    def stretched(name: str, mask: Tensor | float, shape: tuple[int, ...]) -> Tensor | float:
        if not isinstance(mask, Tensor):
            return mask
        try:
            return mask.expand(shape)
        except RuntimeError:
            raise ShapeError(
                f"{equation.name}: the mask of {name} has shape {tuple(mask.shape)}, expected {shape}"
            ) from None

    recurrent = {n: stretched(n, m, tuple(states[n].shape)) for n, m in noise.recurrent.items()}
    zoneout = {n: stretched(n, m, (T, *states[n].shape)) for n, m in noise.zoneout.items()}
    drawn = {n: stretched(n, m, (T, *states[n].shape)) for n, m in noise.drawn.items() if n in states}
    return Noise({n: m for n, m in recurrent.items() if isinstance(m, Tensor)}, zoneout, drawn)


def _sizes(
    equation: Equation, x: Tensor, parameters: Mapping[str, Tensor], states: Mapping[str, Tensor]
) -> Mapping[str, int]:
    """The number of each size symbol, inferred from the tensors."""
    sized_states = {name: state for name, state in states.items() if name in equation.states and state.dim() == 2}
    # symbolic shapes of a trace cannot be hashed; the sizes of a cell are fixed by its parameters
    width, *shapes = (tuple(map(int, shape)) for shape in (x.shape[-1:], *(p.shape for p in parameters.values())))
    return _sizes_of(
        equation, width[0], tuple(parameters), tuple(shapes),
        tuple((name, int(state.shape[-1])) for name, state in sized_states.items()),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _sizes_of(
    equation: Equation,
    width: int,
    names: tuple[str, ...],
    shapes: tuple[tuple[int, ...], ...],
    states: tuple[tuple[str, int], ...],
) -> Mapping[str, int]:
    shaped = [(equation.input, (width,)), *zip(names, map(tuple, shapes), strict=True)]
    for name, numbers in shaped:
        if len(equation.shapes[name]) != len(numbers):
            raise ShapeError(
                f"{equation.name}: {name} has shape {numbers}, expected {len(equation.shapes[name])} dimension(s)"
            )
    sizes = _solved(
        [
            (size, number)
            for name, numbers in [*shaped, *((name, (width,)) for name, width in states)]
            for size, number in zip(equation.shapes[name], numbers, strict=True)
        ]
    )
    for name, numbers in [*shaped, *((name, ()) for name in equation.states)]:
        missing = {symbol for size in equation.shapes[name] for symbol in size.symbols} - set(sizes)
        if missing:
            where = f"{name} of shape {numbers}" if numbers else "the parameters"
            raise ShapeError(
                f"{equation.name}: the size {min(missing)} cannot be inferred from {where}",
                hint=None if numbers else f"give the state {name}: states={{'{name}': torch.zeros(B, size)}}",
            )
        expected = equation.shape(name, **sizes)
        if numbers and expected != numbers:
            raise ShapeError(
                f"{equation.name}: {name} has shape {numbers}, expected {expected} "
                f"({', '.join(f'{symbol}={number}' for symbol, number in sizes.items())})"
            )
    return sizes


def _solved(equations: Sequence[tuple[Size, int]]) -> dict[str, int]:
    """The numbers of the symbols, sorted, from sizes and their values: 2H = 6, then H + P = 5."""
    sizes: dict[str, int] = {}
    count = -1
    while len(sizes) > count:
        count = len(sizes)
        # single symbols come first: where tensors contradict each other, the sum is refused
        for alone in (True, False):
            for written, number in equations:
                size = written.substituted(sizes)
                if (alone and (len(size.terms) > 1 or size.constant)) or any(
                    "*" in symbol or "/" in symbol for symbol, _ in size.terms
                ):
                    continue
                unknown = [(symbol, factor) for symbol, factor in size.terms if symbol not in sizes]
                rest = number - size.constant - sum(f * sizes[s] for s, f in size.terms if s in sizes)
                if len(unknown) == 1 and rest >= 0 and rest % unknown[0][1] == 0:
                    sizes[unknown[0][0]] = rest // unknown[0][1]
            if len(sizes) > count:
                break
    return dict(sorted(sizes.items()))
