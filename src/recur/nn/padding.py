"""Conversion of padded, packed or unbatched inputs to time-major steps, and of outputs back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from recur.engine import Packing, tensor_checks
from recur.nn.checks import LayerInputError
from recur.nn.state import State, map_state


@dataclass(frozen=True)
class TimeMajorSteps:
    """An input arranged for the engine, and the conversion to the caller's layout.

    Attributes
    ----------
    x : Tensor
        (T, B, X), where padded steps have any values; or packed (N, X).
    lengths : Tensor or None
        (B,), or None where every row has T steps or ``packing`` is given.
    resets : Tensor or None
        (T, B) bool.
    packed : PackedSequence or None
        The input, if it was one.
    packing : Packing or None
        How ``x`` is packed. Packed rows of equal length are treated as padded rows, which kernels run faster.
    """

    x: Tensor
    lengths: Tensor | None
    resets: Tensor | None
    batch_first: bool
    unbatched: bool = False
    packed: PackedSequence | None = None
    packing: Packing | None = None

    @property
    def time(self) -> int:
        """T."""
        return self.x.shape[0] if self.packing is None else self.packing.steps

    @property
    def rows(self) -> int:
        """B."""
        return self.x.shape[1] if self.packing is None else self.packing.rows

    def without_padding(self) -> TimeMajorSteps:
        """The same with zeros in the padding."""
        if self.lengths is None:
            return self
        return self.carrying(self.x.masked_fill(padded(self.lengths, self.time).unsqueeze(-1), 0))

    def carrying(self, x: Tensor) -> TimeMajorSteps:
        """The same steps of another ``x``."""
        # written out: torch 2.6 cannot trace dataclasses.replace
        return TimeMajorSteps(x, self.lengths, self.resets, self.batch_first, self.unbatched, self.packed, self.packing)

    def enter(self, state: State) -> State:
        """Reorder a caller's state to the rows of ``x``."""
        if self.packed is None or self.packed.sorted_indices is None:
            return state
        order = self.packed.sorted_indices
        return map_state(lambda tensor: tensor.index_select(1, order), state)

    def leave(self, state: State, alone: bool = False) -> State:
        """Reorder a state (L*D, B, S) to the caller's rows; ``alone`` as in ``output``."""
        if self.unbatched:
            return map_state(lambda tensor: tensor.squeeze_(1) if alone else tensor.squeeze(1), state)
        if self.packed is None or self.packed.unsorted_indices is None:
            return state
        order = self.packed.unsorted_indices
        return map_state(lambda tensor: tensor.index_select(1, order), state)

    @property
    def moves_axes(self) -> bool:
        """Whether outputs have another axis order than the engine's."""
        return self.unbatched or (self.batch_first and self.packed is None)

    def output(self, y: Tensor, alone: bool = False) -> Tensor | PackedSequence:
        """Return the outputs (T, B, O), or packed (N, O), in the form of the input.

        ``alone`` means that nothing else refers to ``y``: its axes are then moved in place, because autograd refuses to
        detach a view in place, or to change one that was made without gradients.
        """
        if self.packed is None:
            if alone and self.moves_axes:
                return y.squeeze_(1) if self.unbatched else y.transpose_(0, 1)
            return self.series(y)
        flat = y
        if self.packing is None:
            flat = y.flatten(0, 1).clone() if alone else y.flatten(0, 1)
        return PackedSequence(
            flat,
            self.packed.batch_sizes,
            self.packed.sorted_indices,
            self.packed.unsorted_indices,
        )

    def series(self, y: Tensor) -> Tensor:
        """Return any (T, B, S), or packed (N, S), in the caller's order of axes and rows, padded."""
        if self.packing is not None:
            y = self.packing.pad(y)
        if self.unbatched:
            return y.squeeze(1)
        if self.packed is not None and self.packed.unsorted_indices is not None:
            y = y.index_select(1, self.packed.unsorted_indices)
        return y.transpose(0, 1) if self.batch_first else y


def packing_of(x: PackedSequence) -> Packing:
    """Return how a sequence is packed; refuse one whose parts do not fit each other.

    Raises
    ------
    LayerInputError
        If the number of steps differs from ``batch_sizes``, or an order of rows is not a permutation.
    ShapeError
        If ``batch_sizes`` are not sizes of batches.
    """
    packing = Packing(x.batch_sizes)
    if x.data.shape[0] != packing.count:
        raise LayerInputError(
            f"a PackedSequence has {x.data.shape[0]} steps, expected {packing.count}: the sum of its batch_sizes",
            hint="torch.nn.utils.rnn.pack_padded_sequence(x, lengths) makes one that fits",
        )
    for name, order in (("sorted_indices", x.sorted_indices), ("unsorted_indices", x.unsorted_indices)):
        if order is None or torch.compiler.is_compiling():
            continue
        places = order.detach().cpu()
        if places.shape != (packing.rows,) or not torch.equal(
            places.sort().values, torch.arange(packing.rows, dtype=places.dtype, device="cpu")
        ):
            raise LayerInputError(
                f"{name} of a PackedSequence is {places.tolist()}, expected each of the {packing.rows} rows once"
            )
    return packing


def arrange(
    x: Tensor | PackedSequence,
    lengths: Tensor | Sequence[int] | None,
    resets: Tensor | None,
    batch_first: bool,
    packing: Packing | None = None,
) -> TimeMajorSteps:
    """Arrange a checked input for the engine.

    Parameters
    ----------
    x : Tensor or PackedSequence
        (T, B, X), (B, T, X) with ``batch_first``, or (T, X).
    lengths : Tensor or sequence of int, optional
        (B,) whole numbers from 0 to T.
    resets : Tensor, optional
        (B, T) bool in every layout; (T,) for an unbatched input.
    batch_first : bool
        Axis order of ``x``.
    packing : Packing, optional
        The result of ``packing_of`` for a PackedSequence.

    Returns
    -------
    TimeMajorSteps

    Raises
    ------
    LayerInputError
        If ``lengths`` or ``resets`` do not fit the input.
    """
    if isinstance(x, PackedSequence):
        if lengths is not None:
            raise LayerInputError(
                "a PackedSequence carries its own lengths", hint="leave lengths out, or pass the padded tensor"
            )
        packing = packing or packing_of(x)
        time, batch = packing.steps, packing.rows
        boundaries = None
        if resets is not None:
            boundaries = _resets(as_tensor("resets", resets), time, batch, False, x.data.device)
            if x.sorted_indices is not None:
                boundaries = boundaries.index_select(1, x.sorted_indices)
        if packing.count == batch * time:
            return TimeMajorSteps(x.data.reshape(time, batch, -1), None, boundaries, batch_first, packed=x)
        return TimeMajorSteps(x.data, None, boundaries, batch_first, packed=x, packing=packing)
    unbatched = x.dim() == 2
    if unbatched:
        steps = x.unsqueeze(1)
    else:
        steps = x.transpose(0, 1) if batch_first else x
    time, batch = steps.shape[:2]
    if time == 0:
        raise LayerInputError("Expected sequence length to be larger than 0 in RNN, got an input of no steps")
    counted = None if lengths is None else _lengths(lengths, time, batch, unbatched, batch_first, x.device)
    boundaries = None if resets is None else _resets(as_tensor("resets", resets), time, batch, unbatched, x.device)
    return TimeMajorSteps(steps, counted, boundaries, batch_first, unbatched)


def as_tensor(name: str, values: object) -> Tensor:
    """Convert lengths or resets to a readable tensor, on the CPU where they are not tensors.

    Raises
    ------
    LayerInputError
        If they are not numbers, or have no memory.
    """
    if not isinstance(values, Tensor):
        try:
            return torch.as_tensor(values, device="cpu")
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            raise LayerInputError(f"{name} cannot be read as a tensor: {error}") from None
    if values.is_meta:
        raise LayerInputError(f"{name} are on the meta device and have no values", hint=f'{name}.to("cpu")')
    tensor_checks.check(name, values)
    return values


def padded(lengths: Tensor, time: int) -> Tensor:
    """The padded steps of time-major rows: (T, B) bool, True where t >= length."""
    return torch.arange(time, device=lengths.device).unsqueeze(1) >= lengths


def as_lengths(lengths: Tensor | Sequence[int], time: int, batch: int, hint: str | None = None) -> Tensor:
    """Return lengths as whole numbers (B,), refusing what is not in 0..T.

    Raises
    ------
    LayerInputError
        If the shape, the dtype or a value does not fit.
    """
    tensor = as_tensor("lengths", lengths)
    if not tensor.numel():
        # an empty list has no dtype of its own
        tensor = tensor.long()
    if tensor.dtype.is_floating_point or tensor.dtype.is_complex or tensor.dtype == torch.bool:
        raise LayerInputError(f"lengths are whole numbers, got {tensor.dtype}", hint="lengths.long()")
    if tuple(tensor.shape) != (batch,):
        raise LayerInputError(
            f"lengths should have one number a row, shape ({batch},), got {tuple(tensor.shape)}", hint=hint
        )
    # torch has no min and max of the wider unsigned dtypes
    tensor = tensor.long()
    # a traced length has no value yet: the core checks it when the program runs
    if batch and not torch.compiler.is_compiling():
        low, high = int(tensor.min()), int(tensor.max())
        if low < 0 or high > time:
            raise LayerInputError(
                f"lengths should be from 0 to the {time} steps of the input, got {low if low < 0 else high}",
                hint=hint,
            )
    return tensor


def _lengths(
    lengths: Tensor | Sequence[int], time: int, batch: int, unbatched: bool, batch_first: bool, device: torch.device
) -> Tensor | None:
    hint = None
    values = as_tensor("lengths", lengths)
    if unbatched:
        values = values.reshape(1) if values.numel() == 1 else values
        hint = "a 2-D input is read as one sequence (T, X); give a batch three axes"
    elif not batch_first:
        hint = "the input is read as (T, B, X); if its first axis is the batch, make the layer with batch_first=True"
    else:
        hint = "the input is read as (B, T, X) because batch_first=True"
    counted = as_lengths(values, time, batch, hint)
    if not torch.compiler.is_compiling() and (batch == 0 or int(counted.min()) == time):
        return None
    return counted.to(device)


def _resets(resets: Tensor, time: int, batch: int, unbatched: bool, device: torch.device) -> Tensor:
    expected = (time,) if unbatched else (batch, time)
    if resets.dtype != torch.bool:
        raise LayerInputError(f"resets are True or False, got {resets.dtype}", hint="resets.bool()")
    if tuple(resets.shape) != expected:
        raise LayerInputError(
            f"resets should have shape {expected}, got {tuple(resets.shape)}",
            hint="resets are (B, T) in every layout: True where the state is zeroed before that step",
        )
    return (resets.unsqueeze(1) if unbatched else resets.t()).to(device)
