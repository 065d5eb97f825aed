"""Fast path of a layer: plain batches, also ragged and in both directions, on the native backend.

All other calls (resets, packed or unbatched inputs, dropout of any form, parametrised weights, a tensor that
the tensor checks refuse) take the checked path, which reports what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import torch
from torch import Tensor
from torch.nn import Parameter

from recur.engine import BackendReport, prepare
from recur.engine.native import why_not
from recur.engine.native.frozen import FrozenWeights
from recur.engine.native.prepared_call import PreparedCall, in_both_directions, undisturbed
from recur.engine.tensor_checks import UnfitError
from recur.nn.base import LayerBase
from recur.nn.look_up import LookUp
from recur.nn.state import State, join_state


@dataclass(frozen=True)
class FastLayers:
    """The prepared calls of all layers of the stack.

    Attributes
    ----------
    dtype : torch.dtype
        Of inputs, states and parameters.
    precision : str
        Of the products.
    runs : list of list of PreparedCall
        One per layer of the stack and direction.
    names : list of list of tuple of str
        For each layer the attributes whose sum each of the step's parameters is, in the core's order, those of the
        first direction before those of the second; none for a bias that is switched off.
    flat : list of list of str or None
        The same without sums, of one direction: the matrices, the first summand of each vector, then the second of
        each.
    zeros : list of list of list of None
        Initial states that are not given, of each layer and direction.
    """

    dtype: torch.dtype
    precision: str
    runs: list[list[PreparedCall]]
    names: list[list[tuple[str, ...]]]
    flat: list[list[str | None]]
    zeros: list[list[list[Tensor | None]]]

    @cached_property
    def reports(self) -> list[BackendReport]:
        """What ran in each layer of the stack."""
        return [run.report for runs in self.runs for run in runs]


class FastPath:
    """The calls of a layer whose tensors alone have to be checked.

    Everything else that a call depends on is prepared once per dtype and precision (``prepared``). All other options
    are read in every call: see `plain`.
    """

    def __init__(self) -> None:
        self.prepared: FastLayers | None = None

    def run(
        self, layer: LayerBase, parameters: Mapping[str, object], x: object, hx: object, lengths: object = None
    ) -> tuple[Tensor, State] | None:
        """Run a layer on a padded batch, or return None if it has to take the checked path."""
        look_up = x if isinstance(x, LookUp) else None
        values = x if look_up is None else look_up.table
        if values.__class__ is not Tensor or not plain(layer) or not undisturbed():
            return None
        if look_up is not None and not look_up.pays(layer.input_size):
            return None
        try:
            return self._run(layer, parameters, values, hx, lengths, None if look_up is None else look_up.ids)
        except (RuntimeError, ValueError):
            # refused by the tensor checks or by torch: the checked path reports why, or finds a backend that can run it
            return None

    @property
    def reports(self) -> list[BackendReport]:
        """What ran in each layer of the stack."""
        return [] if self.prepared is None else self.prepared.reports

    def _run(
        self,
        layer: LayerBase,
        parameters: Mapping[str, object],
        x: Tensor,
        hx: object,
        lengths: object,
        ids: Tensor | None,
    ) -> tuple[Tensor, State] | None:
        shape = x.shape
        if len(shape) != (3 if ids is None else 2) or not x.is_cpu:
            return None
        layers = self.prepared
        if layers is None or layers.dtype is not x.dtype or layers.precision != layer.precision:
            layers = self.prepared = _learn(layer, x)
        if layers is None or shape[-1] != layer.input_size or 0 in shape:
            return None
        if layer.batch_first:
            x, ids = (x.transpose(0, 1), None) if ids is None else (x, ids.t())
        if x.stride(-1) != 1:
            x = x.contiguous()
        states = layers.zeros if hx is None else _states(layer, hx, (x if ids is None else ids).shape[1])
        if states is None:
            return None
        counted = None
        if lengths is not None:
            batch = x.shape[:2] if ids is None else ids.shape
            if not _readable(lengths, batch):
                return None
            counted = None if int(lengths.min()) == batch[0] else lengths
        finals: list[list[Tensor]] = []
        gradients, frozen, alone = torch.is_grad_enabled(), layer.frozen, len(layers.runs) == 1
        if counted is not None or ids is not None or layer.bidirectional:
            for number, runs in enumerate(layers.runs):
                packed = [layer.kept_weights(number, way) if frozen else None for way in range(len(runs))]
                own = _gather(parameters, layers.names[number])
                x, *ends = _ragged(runs, x, states[number], own, counted, packed, ids if number == 0 else None)
                finals.append(ends)
            return x.transpose_(0, 1) if layer.batch_first else x, _joined(layer, finals)
        for number, (run,) in enumerate(layers.runs):
            weights = layer.kept_weights(number) if frozen else None
            found = None
            if not gradients:
                found = run.outputs(x, states[number][0], parameters, layers.flat[number], weights, axis=alone)
            if found is not None and alone:
                return _alone(layer, found)
            x, *ends = found or run([x, *states[number][0], *_gather(parameters, layers.names[number])])
            finals.append(ends)
        # axes are moved in place: a view could not be detached, nor changed after a call without gradients
        y = x.transpose_(0, 1) if layer.batch_first else x
        return y, _joined(layer, finals)


def plain(layer: LayerBase) -> bool:
    """Whether the layers of the stack run now without randomness, observers and other options."""
    if (
        layer.engine not in {"auto", "native"}
        or (layer.bidirectional and layer.merge != "concat")
        or layer.zoneout
        or layer.equation.graph.noises
        or layer.residual
        or layer.learn_initial_state
        or layer.memory_budget
    ):
        return False
    return not layer.training or not (
        layer.dropout or layer.variational_dropout or layer.recurrent_dropout or layer.weight_drop
    )


def _alone(layer: LayerBase, results: list[Tensor]) -> tuple[Tensor, State]:
    """The results of a single layer, whose states have their axis of layers already."""
    y, *ends = results
    return y.transpose_(0, 1) if layer.batch_first else y, ends[0] if len(ends) == 1 else tuple(ends)


def _ragged(
    runs: Sequence[PreparedCall],
    x: Tensor,
    states: Sequence[list[Tensor | None]],
    parameters: Sequence[Tensor | None],
    lengths: Tensor | None,
    frozen: Sequence[FrozenWeights | None],
    ids: Tensor | None,
) -> Sequence[Tensor]:
    """Run one layer of the stack, of one direction or of both; the final states are (B, S) or (2, B, S)."""
    if len(runs) == 1:
        return runs[0]([x, *states[0], *parameters], lengths, frozen[0], ids)
    half = len(parameters) // 2
    tensors = [x, *states[0], *parameters[:half], *states[1], *parameters[half:]]
    return in_both_directions(runs, tensors, lengths, frozen, ids)


def _readable(lengths: object, batch: torch.Size) -> TypeGuard[Tensor]:
    """Whether lengths are whole numbers from 0 to T, one for each row of a batch (T, B), in memory of their own."""
    if not isinstance(lengths, Tensor) or lengths.__class__ is not Tensor:
        return False
    if lengths.dtype is not torch.int64 or not lengths.is_cpu or lengths.shape != batch[1:]:
        return False
    return int(lengths.min()) >= 0 and int(lengths.max()) <= batch[0]


def _joined(layer: LayerBase, finals: Sequence[list[Tensor]]) -> State:
    """The final states as a caller sees them."""
    if layer.bidirectional:
        if len(finals) > 1 and not layer.layout.one_size:
            return [ends[0] if len(ends) == 1 else tuple(ends) for ends in finals]
        both = finals[0] if len(finals) == 1 else [torch.cat(ends) for ends in zip(*finals, strict=True)]
        return both[0] if len(both) == 1 else tuple(both)
    if len(finals) == 1:
        last = [end.unsqueeze_(0) for end in finals[0]]
        return last[0] if len(last) == 1 else tuple(last)
    names = layer.equation.states
    joined = [[dict(zip(names, ends, strict=True))] for ends in finals]
    return join_state(joined, names, layer.layout.state_sizes)


def _gather(own: Mapping[str, object], names: list[tuple[str, ...]]) -> list[Tensor | None]:
    """The current parameters of a step; the tensor checks decide whether they fit."""
    tensors: list[Tensor | None] = []
    for parts in names:
        if not parts:
            tensors.append(None)
            continue
        value = own.get(parts[0])
        if value.__class__ is not Parameter and not isinstance(value, Tensor):
            raise UnfitError(f"{parts[0]} is no tensor")
        if len(parts) == 2:
            other = own.get(parts[1])
            if not isinstance(other, Tensor) or value.shape != other.shape:
                raise UnfitError(f"{parts[0]} and {parts[1]} do not fit")
            tensors.append(torch.add(value, other))
        else:
            tensors.append(value if value.is_contiguous() else value.contiguous())
    return tensors


def _states(layer: LayerBase, hx: object, rows: int) -> list[list[list[Tensor | None]]] | None:
    """The initial states of every layer of the stack and direction; None where the checked path has to look."""
    count, ways = len(layer.equation.states), layer.layout.directions
    states = (hx,) if count == 1 else hx
    if not isinstance(states, tuple) or len(states) != count or not layer.layout.one_size:
        return None
    B, sizes = rows, layer.layout.state_sizes[0]
    for name, state in zip(layer.equation.states, states, strict=True):
        if state.__class__ is not Tensor or state.layout is not torch.strided:
            return None
        if tuple(state.shape) != (layer.num_layers * ways, B, sizes[name]) or not state.is_contiguous():
            return None
    return [
        [[state[number * ways + way] for state in states] for way in range(ways)] for number in range(layer.num_layers)
    ]


def _learn(layer: LayerBase, x: Tensor) -> FastLayers | None:
    """Prepare the calls of the layers of the stack; None if one of them needs the checked path."""
    if any(binding.has_stored for binding in layer.layout.bindings):
        return None
    runs: list[list[PreparedCall]] = []
    names: list[list[tuple[str, ...]]] = []
    flat = []
    for number, level in enumerate(layer.layout.levels):
        like = x.new_zeros(1, 1, level.input_size)
        runs.append([])
        names.append([])
        for way, binding in enumerate(level.bindings):
            own = layer.gather(number, way)
            call = prepare(layer.equation, like, None, own, reverse=way == 1, precision=layer.precision)
            if why_not(call) is not None:
                return None
            quick = PreparedCall(call)
            if not quick.possible:
                return None
            runs[-1].append(quick)
            parts = {part.name: part.own for part in binding.parts}
            names[-1] += [parts[name] for name in (*quick.cell.matrices, *quick.cell.vectors)]
        flat.append(_flat(names[-1], len(quick.cell.matrices)))
    none: list[Tensor | None] = [None] * len(layer.equation.states)
    return FastLayers(x.dtype, layer.precision, runs, names, flat, [[none] * len(ways) for ways in runs])


def _flat(names: Sequence[tuple[str, ...]], matrices: int) -> list[str | None]:
    firsts = [parts[0] if parts else None for parts in names]
    return [*firsts, *(parts[1] if len(parts) == 2 else None for parts in names[matrices:])]
