"""Stock backend: torch's own kernels (oneDNN or ATen on the CPU, cuDNN on the GPU) for the cells that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recur.engine import torch_state
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.packing import Packing

_KERNELS: dict[str, Callable[..., Any]] = {
    "elman": torch.rnn_tanh,
    "elman_relu": torch.rnn_relu,
    "gru": torch.gru,
    "lstm": torch.lstm,
    "lstm_projected": torch.lstm,
}


def why_not(call: Call) -> str | None:
    """The reason why torch has no kernel for this call; None if it has one."""
    from recur import equations  # only the library's own cells have a kernel; a user's cell may have the same name

    name = call.equation.name
    if name not in _KERNELS or equations.get(name).digest != call.equation.digest:
        return f"torch has no kernel for the cell {name}"
    if name == "lstm_projected" and call.sizes["P"] >= call.sizes["H"]:
        return f"torch projects to fewer than H={call.sizes['H']} units only, not to {call.sizes['P']}"
    if call.noise.recurrent:
        return "torch's kernels have no recurrent dropout"
    if call.noise.zoneout:
        return "torch's kernels have no zoneout"
    if call.resets is not None:
        return "torch's kernels cannot reset a state inside a row"
    if call.all_states and len(call.states) > 1:
        return "torch's kernels return the inner state of the last step only"
    if call.precision != "float32":
        return f"precision {call.precision} is not torch's"
    if call.x.shape[0] == 0 or call.x.shape[1] == 0:
        return "the batch or the sequence is empty"
    if torch_state.transformed():
        return "torch's kernels do not run under torch.func transforms"
    if torch_state.dual():
        return "torch's kernels have no forward-mode derivative"
    return None


def run(call: Call, report: BackendReport) -> Result:
    """Run a recurrence for which ``why_not`` returned None."""
    if call.lengths is not None:
        return _ragged(call, call.lengths, report)
    state = tuple(value.unsqueeze(0).contiguous() for value in call.states.values())
    hx = state if len(state) > 1 else state[0]
    kernel, weights = _KERNELS[call.equation.name], _weights(call)
    # in training mode cuDNN keeps what its backward pass needs, which evaluation needs too; there is no dropout here
    options = (weights, True, 1, 0.0, torch.is_grad_enabled(), False)
    x = _reversed(call.x, call.packing) if call.reverse else call.x
    if call.packing is None:
        outputs, *final = kernel(x, hx, *options, False)
    else:
        outputs, *final = kernel(x, call.packing.batch_sizes, hx, *options)
    if call.reverse:
        outputs = _reversed(outputs, call.packing)
    states = {name: value.squeeze(0) for name, value in zip(call.states, final, strict=True)}
    all_states = {call.equation.states[0]: outputs} if call.all_states else None
    return Result(outputs, states, all_states, report)


def _ragged(call: Call, lengths: Tensor, report: BackendReport) -> Result:
    """Run padded rows as packed ones, in any order and down to a length of zero."""
    # a row of length zero is run for one step, which is then discarded
    counted = lengths.cpu()
    packed_lengths = counted.clamp(min=1)
    # rows that are sorted by length, as those of a PackedSequence are, need not be moved
    packed = pack_padded_sequence(
        call.x, packed_lengths, enforce_sorted=bool((packed_lengths[:-1] >= packed_lengths[1:]).all())
    )
    order, back = packed.sorted_indices, packed.unsorted_indices
    states = call.states
    if order is not None:
        states = {name: state.index_select(0, order) for name, state in states.items()}
    packing = Packing(packed.batch_sizes)
    result = run(replace(call, x=packed.data, states=states, lengths=None, packing=packing), report)
    outputs, _ = pad_packed_sequence(packed._replace(data=result.outputs), total_length=call.x.shape[0])
    states = result.states
    if back is not None:
        states = {name: state.index_select(0, back) for name, state in states.items()}
    if bool((counted == 0).any()):
        none = (lengths == 0).unsqueeze(-1)
        outputs = torch.where(none, 0.0, outputs)
        states = {name: torch.where(none, call.states[name], state) for name, state in states.items()}
    all_states = {call.equation.states[0]: outputs} if call.all_states else None
    return Result(outputs, states, all_states, report)


def _weights(call: Call) -> list[Tensor]:
    """The equation's parameters in the order of torch's kernels."""
    p = call.parameters
    if call.equation.name == "gru":
        return [p["W_xh"], p["W_hh"], p["b_x"], p["b_h"]]
    flat = [p["W_xh"], p["W_hh"], p["b"], torch.zeros_like(p["b"])]
    return [*flat, p["W_hr"]] if call.equation.name == "lstm_projected" else flat


def _reversed(x: Tensor, packing: Packing | None) -> Tensor:
    """(T, B, n), or (N, n) packed, with each row's steps in reverse order."""
    return x.flip(0) if packing is None else packing.mirrored(x)
