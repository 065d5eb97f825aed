"""Prepared calls: everything but the tensors is checked and laid out once, for layers that repeat a call."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recur.engine import observers, torch_state
from recur.engine.backend_interface import BackendReport, Call
from recur.engine.low_precision import PRECISIONS, refuse_gradients
from recur.engine.native import directions, passes
from recur.engine.native.arguments import TYPES, Arguments
from recur.engine.native.backend import Recurrence, instructions
from recur.engine.native.compiled_cell import CompiledCell, compiled_cell
from recur.engine.native.core_memory import WORTH_KEEPING
from recur.engine.native.frozen import FrozenWeights, PackedMatrices
from recur.engine.native.tensor_addresses import add_numbers, addresses, interface, numbers_of
from recur.engine.torch_state import address_of
from recur.engine.variables import BACKEND, FILL_NAN

UNFIT = 5
_SMALL = WORTH_KEEPING // 8  # elements that fit in less, whatever their dtype


class PreparedCall:
    """A call of the native backend without the checks that it has already passed.

    Parameters
    ----------
    call : Call
        A checked call without lengths, resets, noise and packing, all of whose parameters are given. Its tensors are
        not kept.
    """

    def __init__(self, call: Call) -> None:
        self.cell: CompiledCell = compiled_cell(call)
        self.call = call.without_tensors()
        self.report = BackendReport(
            "native", slowed=self.call.slowed, scanned=self.cell.scanned, instructions=instructions(call)
        )
        self._widths = self.cell.measured(call.sizes).widths
        self._function = self._python_function() if self.possible else None

    @property
    def possible(self) -> bool:
        """Whether every parameter of the step is one of the layer's own, in a dtype that the core computes in."""
        return not self.cell.once and self.call.x.dtype in TYPES

    def __call__(
        self,
        tensors: Sequence[Tensor | None],
        lengths: Tensor | None = None,
        frozen: FrozenWeights | None = None,
        ids: Tensor | None = None,
    ) -> Sequence[Tensor]:
        """Run it on x (T, B, X), initial states (None for zeros), matrices and vectors: y, then the final states.

        ``lengths`` (B,) are from 0 to T. With ``ids`` (T, B), x is a table (V, X) whose rows they name. The backward
        pass has copies of both.
        """
        self.call.slowed.clear()
        if _differentiated(tensors, self.call.precision):
            call = self.call
            if lengths is not None or ids is not None:
                call = replace(call, lengths=_copied(lengths), ids=_copied(ids))
            # torch does not annotate `apply`
            outputs: Sequence[Tensor] = Recurrence.apply(self.cell, call, *tensors)  # type: ignore[no-untyped-call]
            return outputs
        call = self.call
        if not (lengths is None and frozen is None and ids is None):
            call = replace(call, lengths=lengths, frozen=frozen if ids is None else None, ids=ids)
        return passes.forward(self.cell, call, tensors, training=False)[0]

    def outputs(
        self,
        x: Tensor,
        states: Sequence[Tensor | None],
        own: Mapping[str, object],
        names: Sequence[str | None],
        frozen: FrozenWeights | None,
        axis: bool,
    ) -> list[Tensor] | None:
        """Run it without gradients, in one call of C.

        Parameters
        ----------
        x : Tensor
            Inputs (T, B, X), not empty.
        states : sequence of Tensor or None
            Initial states, None for zeros.
        own : mapping of str to object
            The parameters of a layer.
        names : sequence of str or None
            Those that are the matrices, the vectors, and what is added to each vector; None where there is none.
        frozen : FrozenWeights, optional
            Where packed matrices are kept between calls.
        axis : bool
            Whether final states are (1, B, S), in place of (B, S).

        Returns
        -------
        list of Tensor, or None
            y and the final states; None where a tensor is not what the call expects, and nothing was computed.
        """
        function, new, widths = self._function, x.new_empty, self._widths
        numbers = numbers_of((x, *states))
        if function is None or numbers is None or not add_numbers(numbers, own, names):
            return None
        steps, rows, _ = x.shape
        time, row, _ = x.stride()
        small = time >= row and steps * rows * widths[0] < _SMALL
        y = new(steps, rows, widths[0]) if small else passes.room(self.cell, x, widths[0])
        outputs = [y, *[new(1, rows, width) if axis else new(rows, width) for width in widths]]
        for output in outputs:
            numbers.append(address_of(output))
        threads, fill = torch.get_num_threads(), FILL_NAN.is_set()
        packed = None if frozen is None else frozen.packed or self._pack(frozen, own, names, x)
        status = function(threads, fill, 0 if packed is None else packed.address, *numbers)
        if status == passes.OK:
            return outputs
        if status == passes.STALE and frozen is not None:
            packed = self._pack(frozen, own, names, x)
            status = function(threads, fill, 0 if packed is None else packed.address, *numbers)
        if status == passes.STALE:  # another thread changes the weights meanwhile
            status = function(threads, fill, 0, *numbers)
        return outputs if status != UNFIT and passes.completed(self.cell.core, status, x) else None

    def _pack(
        self, frozen: FrozenWeights, own: Mapping[str, object], names: Sequence[str | None], x: Tensor
    ) -> PackedMatrices | None:
        cell, measured, first = self.cell, self.cell.measured(self.call.sizes), 1 + len(self.cell.states)
        parameters: list[Any] = [None if name is None else own[name] for name in names]
        given = [x, *[None] * len(cell.states), *parameters[: len(cell.matrices) + len(cell.vectors)]]
        pointers = addresses(cell.core, given, measured.inputs(packed=False), x.shape[0], x.shape[1], x.dtype)
        arguments = Arguments(
            type=TYPES[x.dtype], precision=PRECISIONS.index(self.call.precision), sizes=measured.table,
            matrices=pointers[first : first + len(cell.matrices)],
        )  # fmt: skip
        return frozen.renew(cell.core, cell.library, arguments)

    def _python_function(self) -> Callable[..., int] | None:
        """The call as a function of C; None where torch or Python lacks the interface for one."""
        table = interface()
        if table is None:
            return None
        cell, dtype = self.cell, self.call.x.dtype
        measured = cell.measured(self.call.sizes)
        code, element = table.dtypes[dtype]
        sizes = array("q", measured.table)
        self._sizes = sizes
        self._prepared = array(
            "q",
            (
                cell.library.pointer, table.address, TYPES[dtype], PRECISIONS.index(self.call.precision), code, element,
                sizes.buffer_info()[0], measured.inputs(packed=False).address, cell.core.interrupted,
            ),
        )  # fmt: skip
        try:
            function: Callable[..., int] = cell.core.python_forward(self._prepared.buffer_info()[0])
        except ValueError:
            return None
        return function


def in_both_directions(
    pair: Sequence[PreparedCall],
    tensors: Sequence[Tensor | None],
    lengths: Tensor | None,
    frozen: Sequence[FrozenWeights | None],
    ids: Tensor | None = None,
) -> Sequence[Tensor]:
    """Run the prepared calls of both directions on x (T, B, X), and for each initial states, matrices and vectors.

    Returns y (T, B, 2 S), the outputs of the directions beside each other, then each final state (2, B, S). ``lengths``
    and ``ids`` as in the call of one direction.
    """
    cell = pair[0].cell
    for one in pair:
        one.call.slowed.clear()
    calls = [one.call for one in pair]
    if _differentiated(tensors, calls[0].precision):
        if lengths is not None or ids is not None:
            lengths, ids = _copied(lengths), _copied(ids)
            calls = [replace(call, lengths=lengths, ids=ids) for call in calls]
        # torch does not annotate `apply`
        outputs: Sequence[Tensor] = directions.Directions.apply(cell, calls, *tensors)  # type: ignore[no-untyped-call]
        return outputs
    calls = [
        replace(call, lengths=lengths, frozen=one if ids is None else None, ids=ids)
        for call, one in zip(calls, frozen, strict=True)
    ]
    return directions.forward(cell, calls, tensors, training=False)[0]


def _copied(numbers: Tensor | None) -> Tensor | None:
    return None if numbers is None else numbers.clone()


def _differentiated(tensors: Sequence[Tensor | None], precision: str) -> bool:
    """Whether a gradient is needed of a call; refused where the precision has none."""
    if torch.is_grad_enabled():
        for tensor in tensors:
            if tensor is not None and tensor.requires_grad:
                refuse_gradients(precision, (tensor,))
                return True
    return False


def undisturbed() -> bool:
    """Whether no observer of operations is active: tracing, transforms, forward mode, autocast."""
    return (
        torch_state.quiet()
        and not torch.is_autocast_enabled("cpu")
        and observers.current() is None
        and not BACKEND.is_set()
    )
