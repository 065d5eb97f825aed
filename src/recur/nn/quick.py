"""The fast path of a layer: plain batches on the native backend.

Whatever is out of the ordinary (lengths, resets, packed or unbatched inputs, dropout of any form, parametrised weights,
a tensor that the guard does not let pass) takes the checked path, which says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Parameter

from recur.engine import Report, prepare
from recur.engine.guard import UnfitError
from recur.engine.native import why_not
from recur.engine.native.quick import Quick, undisturbed
from recur.nn.state import join_state

if TYPE_CHECKING:
    from recur.nn.recurrent import Recurrent


@dataclass(frozen=True)
class QuickLayers:
    """What the layers are called with.

    Attributes
    ----------
    dtype : torch.dtype
        Of inputs, states and parameters.
    precision : str
        Of the products.
    runs : list of Quick
        One a layer.
    names : list of list of tuple of str
        For each layer the attributes whose sum each of the step's parameters is, in the core's order; none for a bias
        that is switched off.
    """

    dtype: torch.dtype
    precision: str
    runs: list[Quick]
    names: list[list[tuple[str, ...]]]

    @property
    def reports(self) -> list[Report]:
        """What ran in each layer."""
        return [run.report for run in self.runs]


def run_quickly(layer: Recurrent, x: Any, hx: Any) -> tuple[Tensor, Any] | None:
    """Run a layer on a padded batch, or return None if it has to take the checked path."""
    if x.__class__ is not Tensor or layer.bidirectional or not _plain(layer) or not undisturbed():
        return None
    try:
        return _run(layer, x, hx)
    except (RuntimeError, ValueError):
        # the guard's or torch's refusal: the checked path says what is wrong, or finds a backend that can
        return None


def _run(layer: Recurrent, x: Tensor, hx: Any) -> tuple[Tensor, Any] | None:
    if x.dim() != 3 or not x.is_cpu:
        return None
    known = layer._quick
    if known is None or known.dtype is not x.dtype or known.precision != layer.precision:
        known = layer.__dict__["_quick"] = _learn(layer, x)
    if known is None or x.shape[-1] != layer.input_size or 0 in x.shape:
        return None
    if layer.batch_first:
        x = x.transpose(0, 1)
    if x.stride(-1) != 1:
        x = x.contiguous()
    states = _states(layer, hx, x)
    if states is None:
        return None
    finals = []
    for run, names, given in zip(known.runs, known.names, states, strict=True):
        x, *ends = run([x, *given, *_gather(layer._parameters, names)])
        finals.append(ends)
    layer.__dict__["_reports"] = known.reports
    # axes are moved in place: a view could not be detached, nor changed after a call without gradients
    y = x.transpose_(0, 1) if layer.batch_first else x
    if len(finals) == 1:
        last = [end.unsqueeze_(0) for end in finals[0]]
        return y, last[0] if len(last) == 1 else tuple(last)
    names_of = layer.equation.states
    joined = [[dict(zip(names_of, ends, strict=True))] for ends in finals]
    return y, join_state(joined, names_of, layer._state_sizes)


def _gather(own: Mapping[str, Any], names: list[tuple[str, ...]]) -> list[Tensor | None]:
    """The parameters of a step as they are now; whether they fit is for the guard to say."""
    found: list[Tensor | None] = []
    for parts in names:
        if not parts:
            found.append(None)
            continue
        value = own.get(parts[0])
        if value.__class__ is not Parameter and not isinstance(value, Tensor):
            raise UnfitError(f"{parts[0]} is no tensor")
        if len(parts) == 2:
            other = own.get(parts[1])
            if not isinstance(other, Tensor) or value.shape != other.shape:
                raise UnfitError(f"{parts[0]} and {parts[1]} do not fit")
            found.append(torch.add(value, other))
        else:
            found.append(value if value.is_contiguous() else value.contiguous())
    return found


def _plain(layer: Recurrent) -> bool:
    """Whether nothing random or unusual happens between and within the layers now."""
    if (
        layer.engine not in {"auto", "native"}
        or layer.zoneout
        or layer.residual
        or layer.learn_initial_state
        or layer.memory_budget
    ):
        return False
    return not layer.training or not (
        layer.dropout or layer.variational_dropout or layer.recurrent_dropout or layer.weight_drop
    )


def _states(layer: Recurrent, hx: Any, x: Tensor) -> list[list[Tensor | None]] | None:
    """The initial states of every layer; None if they do not fit, or need a longer look."""
    count = len(layer.equation.states)
    if hx is None:
        none: list[Tensor | None] = [None] * count
        return [none] * layer.num_layers
    given = (hx,) if count == 1 else hx
    if given.__class__ is not tuple or len(given) != count:
        return None
    B, first = x.shape[1], layer._state_sizes[0]
    for name, state in zip(layer.equation.states, given, strict=True):
        if state.__class__ is not Tensor or state.layout is not torch.strided:
            return None
        if tuple(state.shape) != (layer.num_layers, B, first[name]) or not state.is_contiguous():
            return None
    if any(sizes != first for sizes in layer._state_sizes):
        return None
    return [[state[number] for state in given] for number in range(layer.num_layers)]


def _learn(layer: Recurrent, x: Tensor) -> QuickLayers | None:
    """Look once at what the layers run."""
    runs, names = [], []
    for number, (binding,) in enumerate(layer._bindings):
        parameters = binding.gather(lambda name: getattr(layer, name))
        (width,) = layer.equation.shape(layer.equation.input, **layer._layer_sizes[number])
        call = prepare(
            layer.equation, x.new_zeros(1, 1, width), None, parameters, precision=layer.precision
        )  # fmt: skip
        if why_not(call) is not None:
            return None
        quick = Quick(call)
        if not quick.possible:
            return None
        runs.append(quick)
        parts = {part.name: part.own for part in binding.parts}
        names.append([parts[name] for name in (*quick.made.matrices, *quick.made.vectors)])
    return QuickLayers(x.dtype, layer.precision, runs, names)
