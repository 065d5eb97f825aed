"""The stock backend: torch's own kernels (oneDNN or ATen on the CPU, cuDNN on the GPU) for the cells that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recur.engine.call import Call, Report, Result

_KERNELS: dict[str, Callable[..., Any]] = {
    "elman": torch.rnn_tanh,
    "elman_relu": torch.rnn_relu,
    "gru": torch.gru,
    "lstm": torch.lstm,
    "lstm_projected": torch.lstm,
}


def why_not(call: Call) -> str | None:
    """The reason why torch has no kernel for this call, or None if it has one."""
    from recur import equations  # only the library's own cells have a kernel, whatever a user's is called

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
    if torch._C._functorch.maybe_current_level() is not None:
        return "torch's kernels do not run under torch.func transforms"
    if torch.autograd.forward_ad._current_level >= 0:
        return "torch's kernels have no forward-mode derivative"
    return None


def run(call: Call, report: Report) -> Result:
    """Run a recurrence that ``why_not`` has no objection to."""
    x, lengths = call.x, call.lengths
    T = x.shape[0]
    if call.reverse:
        x = _reversed(x, lengths)
    state = tuple(value.unsqueeze(0).contiguous() for value in call.states.values())
    hx = state if len(state) > 1 else state[0]
    kernel, weights = _KERNELS[call.equation.name], _weights(call)
    # training mode keeps what cuDNN's backward pass needs in evaluation as well; there is no dropout here
    training = torch.is_grad_enabled()
    if lengths is None:
        outputs, *final = kernel(x, hx, weights, True, 1, 0.0, training, False, False)
    else:
        # a row of length zero is run for one step, which is then thrown away
        counted = lengths.cpu()
        kept = counted.clamp(min=1)
        # rows that come longest first, as those of a PackedSequence do, need not be moved
        packed = pack_padded_sequence(x, kept, enforce_sorted=bool((kept[:-1] >= kept[1:]).all()))
        order, back = packed.sorted_indices, packed.unsorted_indices
        if order is not None:
            hx = tuple(s.index_select(1, order) for s in state) if len(state) > 1 else state[0].index_select(1, order)
        data, *final = kernel(packed.data, packed.batch_sizes, hx, weights, True, 1, 0.0, training, False)
        outputs, _ = pad_packed_sequence(packed._replace(data=data), total_length=T)
        if back is not None:
            final = [f.index_select(1, back) for f in final]
        if bool((counted == 0).any()):
            none = (lengths == 0).unsqueeze(-1)
            outputs = torch.where(none, 0.0, outputs)
            final = [torch.where(none, s, f) for s, f in zip(state, final, strict=True)]
    if call.reverse:
        outputs = _reversed(outputs, lengths)
    states = {name: value.squeeze(0) for name, value in zip(call.states, final, strict=True)}
    all_states = {call.equation.states[0]: outputs} if call.all_states else None
    return Result(outputs, states, all_states, report)


def _weights(call: Call) -> list[Tensor]:
    """The equation's parameters in the order of torch's kernels."""
    p = call.parameters
    if call.equation.name == "gru":
        return [p["W_xh"], p["W_hh"], p["b_x"], p["b_h"]]
    flat = [p["W_xh"], p["W_hh"], p["b"], torch.zeros_like(p["b"])]
    return [*flat, p["W_hr"]] if call.equation.name == "lstm_projected" else flat


def _reversed(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(T, B, n) with each row's real steps in reverse order and its padding where it was."""
    if lengths is None:
        return x.flip(0)
    t = torch.arange(x.shape[0], device=x.device).unsqueeze(1)
    index = torch.where(t < lengths, lengths - 1 - t, t)
    return x.gather(0, index.unsqueeze(-1).expand_as(x))
