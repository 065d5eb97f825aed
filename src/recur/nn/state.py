"""States of a layer: the caller's one tensor for all layers, and the tensors of each layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor

from recur.nn.checks import LayerInputError, check_readable

# A tensor for a cell with one state, a tuple for several; a list of these, one per layer, when layers differ in size.
OneSizeState = Tensor | tuple[Tensor, ...]
State = OneSizeState | list[OneSizeState]
StepStates = dict[str, Tensor]


def split_state(
    kind: str, hx: State, names: Sequence[str], sizes: Sequence[Mapping[str, int]], directions: int, batch: int | None
) -> list[list[StepStates]]:
    """Split a caller's state into one dictionary for each layer and direction.

    Parameters
    ----------
    kind : str
        The layer's name, for errors.
    hx : Tensor, tuple of Tensor, or list of these
        Each (L*D, B, S), or (L*D, S) when ``batch`` is None; a list has one such state per layer.
    names : sequence of str
        The equation's states.
    sizes : sequence of dict
        Size S of each state, for each layer.
    directions : int
        1 or 2.
    batch : int or None
        B, or None for an unbatched input.

    Returns
    -------
    list of list of dict
        ``[layer][direction][name]``, each (B, S).

    Raises
    ------
    LayerInputError
        If a tensor is missing or has the wrong shape.
    """
    if not same_sizes(sizes):
        if not isinstance(hx, (list, tuple)) or len(hx) != len(sizes):
            raise LayerInputError(
                f"the layers of this {kind} differ in size, so its state is a list with one state per layer; "
                f"expected {len(sizes)}, got {_describe(hx)}",
                hint="pass back the state that the layer returned, or None",
            )
        return [
            split_state(kind, one, names, [size], directions, batch)[0] for one, size in zip(hx, sizes, strict=True)
        ]
    tensors = _tensors(kind, hx, names)
    for tensor in tensors:
        check_readable(kind, "hidden", tensor)
    _check_dimensions(tensors, batch is None)
    for position, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        rows = len(sizes) * directions
        expected = (rows, sizes[0][name]) if batch is None else (rows, batch, sizes[0][name])
        if tuple(tensor.shape) != expected:
            which = "hidden" if len(names) == 1 else f"hidden[{position}]"
            shown = expected if batch is not None else (rows, 1, sizes[0][name])
            got = list(tensor.shape) if batch is not None else [tensor.shape[0], 1, tensor.shape[1]]
            swapped = batch is not None and tuple(tensor.transpose(0, 1).shape) == expected
            raise LayerInputError(
                f"Expected {which} size {shown}, got {got}",
                hint="states are (layers x directions, batch, size) also when batch_first=True: hx.transpose(0, 1)"
                if swapped
                else "states are (layers x directions, batch, size); None starts from zeros",
            )
    if batch is None:
        tensors = [tensor.unsqueeze(1) for tensor in tensors]
    return [
        [
            {name: tensor[layer * directions + direction] for name, tensor in zip(names, tensors, strict=True)}
            for direction in range(directions)
        ]
        for layer in range(len(sizes))
    ]


def join_state(states: list[list[StepStates]], names: Sequence[str], sizes: Sequence[Mapping[str, int]]) -> State:
    """Stack the layers' final states in the caller's form; the inverse of ``split_state``."""
    if not same_sizes(sizes):
        return [_stacked([one], names) for one in states]
    return _stacked(states, names)


def _stacked(states: list[list[StepStates]], names: Sequence[str]) -> OneSizeState:
    joined = tuple(torch.stack([step[name] for layer in states for step in layer]) for name in names)
    return joined[0] if len(joined) == 1 else joined


def map_state(change: Callable[[Tensor], Tensor], state: State) -> State:
    """Apply a function to every tensor of a state, e.g. ``map_state(torch.Tensor.detach, state)``."""
    if isinstance(state, Tensor):
        return change(state)
    mapped = [map_state(change, one) for one in state]
    return cast(State, tuple(mapped) if isinstance(state, tuple) else mapped)


def flat_state(state: State) -> list[Tensor]:
    """Return every tensor of a state in a flat list."""
    if isinstance(state, Tensor):
        return [state]
    return [tensor for one in state for tensor in flat_state(one)]


def same_sizes(sizes: Sequence[Mapping[str, int]]) -> bool:
    """Whether all layers have states of the same sizes, so that one tensor can hold them."""
    return all(size == sizes[0] for size in sizes)


def _tensors(kind: str, hx: State, names: Sequence[str]) -> list[Tensor]:
    if len(names) == 1:
        if isinstance(hx, Tensor):
            return [hx]
        if isinstance(hx, (tuple, list)) and len(hx) == 1 and isinstance(hx[0], Tensor):
            return [hx[0]]
        raise LayerInputError(
            f"the state of {kind} is one tensor ({names[0]}), got {_describe(hx)}",
            hint="pass hx[0]" if isinstance(hx, (tuple, list)) else "pass a tensor, or None for zeros",
        )
    if not isinstance(hx, (tuple, list)) or len(hx) != len(names) or not all(isinstance(one, Tensor) for one in hx):
        listed = ", ".join(names)
        raise LayerInputError(
            f"the state of {kind} is a tuple of {len(names)} tensors ({listed}), got {_describe(hx)}",
            hint=f"pass ({listed}), or None for zeros",
        )
    return [one for one in hx if isinstance(one, Tensor)]


def _check_dimensions(tensors: Sequence[Tensor], unbatched: bool) -> None:
    expected = 2 if unbatched else 3
    if all(tensor.dim() == expected for tensor in tensors):
        return
    dimensions = [tensor.dim() for tensor in tensors]
    what = "unbatched 2-D" if unbatched else "batched 3-D"
    if len(tensors) == 1:
        message = f"For {what} input, hx should also be {expected}-D but got {dimensions[0]}-D tensor"
    else:
        dims = ", ".join(f"{dim}-D" for dim in dimensions)
        message = f"For {what} input, hx and cx should also be {expected}-D but got ({dims}) tensors"
    hint = (
        "a 2-D input is read as one sequence (T, X) without a batch; for a batch give (T, B, X), "
        "or (B, T, X) with batch_first=True"
        if unbatched
        else None
    )
    raise LayerInputError(message, hint=hint)


def _describe(hx: object) -> str:
    if isinstance(hx, Tensor):
        return f"a tensor of shape {tuple(hx.shape)}"
    if isinstance(hx, (tuple, list)):
        return f"a {type(hx).__name__} of {len(hx)}"
    return type(hx).__name__
