"""The ledger of backpropagation through time: the gradient at every step, and the share of every step in dE/dW.

    e_t                                          the error of each prediction;  E is their mean, as in training
    dE/dz_t                                      the gradient at the readout
    dE/dh_t, dE/dc_t                             total derivatives: through the readout at t and through all later steps
    dE/dW_hy = sum_t dE/dz_t h_t^T               the three paths: hidden to output,
    dE/dW_xh = sum_t dE/da_t x_t^T                                input to hidden,
    dE/dW_hh = sum_t dE/da_t h_{t-1}^T                            hidden to hidden

The term of step t is its *share*; the shares of all steps add up to the gradient that training uses. A hook on a
layer's output (``retain_grad``) has the gradient of the readout at t alone, and none of what comes back through time.

Sources: P. Werbos (1990), Backpropagation through time: what it does and how to do it; R. Pascanu, T. Mikolov,
Y. Bengio (2013), On the difficulty of training recurrent neural networks, section 2 (the factors of the Jacobian).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from recur.engine import Call
from recur.engine import bptt as engine_bptt
from recur.errors import ConfigError
from recur.inspect.error_matrix import itemise
from recur.inspect.jacobian import spectrum
from recur.inspect.ledgers import LayerLedger, Ledger, Part
from recur.inspect.lyapunov import growth
from recur.inspect.record import (
    Answer,
    Outside,
    Pass,
    Reading,
    array,
    as_batch,
    derivatives,
    recording,
    step_values,
)  # fmt: skip
from recur.inspect.shares import parameter_shares, readout_shares
from recur.modes import Mode
from recur.network import Batch
from recur.nn.layer_positions import LayerPosition
from recur.training.tbptt import detach, piece

ITEMISED = 64  # errors that are followed back one by one, unless requested otherwise


def bptt(
    model: Any, example: Any, *, window: int | None = None, itemised: int = ITEMISED, jacobian: bool = False
) -> Ledger:
    """Follow the error of an example back through time.

    Parameters
    ----------
    model : Model or Mode
        A network.
    example : text, (input, target), or Batch
        A text for a model of the next item; an input and its target for the others; or rows that are encoded already.
    window : int, optional
        Steps of truncated BPTT, between which the state is carried and the gradient is not; by default all steps.
    itemised : int
        How many errors, the last ones, are followed back one by one (single rows only); 0 for none.
    jacobian : bool
        Whether the singular values of dh_t/dh_{t-1}, and the Lyapunov exponent of all together, are computed.

    Returns
    -------
    Ledger
        Of every layer and direction: total derivatives dE/dstate_t (T, B, S), and for every matrix the share of each
        step in its gradient.

    Raises
    ------
    RecurError
        When the example cannot be read, or the network's error is not a sum over single steps.

    References
    ----------
    P. Werbos (1990), Backpropagation through time: what it does and how to do it. R. Pascanu, T. Mikolov, Y. Bengio
    (2013), On the difficulty of training recurrent neural networks, section 2.

    Examples
    --------
    >>> import recur
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = recur.fit(rows, epochs=1, hidden_size=8, bidirectional=False, progress=False)
    >>> [layer] = bptt(model, ("a fine film", "good")).layers
    >>> layer.norms()["h"].shape  # (T, B): ||dE/dh_t|| of each step
    (3, 1)
    >>> round(float(layer.paths["W_hh"].fraction.sum()), 3)
    1.0
    """
    mode: Mode = model.mode
    return ledger(mode, as_batch(mode, example), window=window, itemised=itemised, jacobian=jacobian)


def ledger(
    mode: Mode,
    batch: Batch,
    *,
    window: int | None = None,
    itemised: int = 0,
    jacobian: bool = False,
    only: Tensor | Literal["last"] | None = None,
) -> Ledger:
    """Return the ledger of a batch.

    Parameters
    ----------
    mode : Mode
    batch : Batch
    window, itemised, jacobian
        As for `bptt`.
    only : Tensor or "last", optional
        Other weights (N,) of the errors than 1/N each, or the last error alone.
    """
    limit = sys.maxsize if jacobian else 0
    return follow(mode, batch, window=window, itemised=itemised, jacobian=limit, only=only)[0]


def follow(
    mode: Mode,
    batch: Batch,
    *,
    window: int | None = None,
    itemised: int = 0,
    jacobian: int = 0,
    only: Tensor | Literal["last"] | None = None,
    run: Callable[[], bool] | None = None,
) -> tuple[Ledger, list[Part]]:
    """The ledger of a batch, and the passes that it is made from.

    Parameters
    ----------
    mode : Mode
    batch : Batch
    window, itemised, only
        As for `ledger`.
    jacobian : int
        Units up to which the singular values of the states of a layer are computed.
    run : callable, optional
        Computes an error other than that of training; returns whether the gradient is cut between passes.
    """
    with recording(mode) as recorder:
        cuts = _run(mode, batch, window) if run is None else run()
        readings = _readings(recorder.answers, batch)
        errors = torch.cat([one.errors for one in readings])
        error = (errors * _weights(errors, only)).sum()
        outside = recorder.outside(error)
        # errors of different rows reach different steps, so they are followed one by one in a single row only
        indices = torch.arange(max(0, len(errors) - itemised), len(errors)) if len(batch) == 1 else torch.arange(0)
        items = [recorder.outside(errors[int(k)]) for k in indices]
    parts = [
        _part(one, derived, [item[number] for item in items], jacobian)
        for number, (one, derived) in enumerate(zip(recorder.passes, outside, strict=True))
    ]
    layers, matrix = _by_place(parts, cuts)
    where = torch.cat([one.where for one in readings])
    d_z, readout, read_at = readout_shares(mode, batch, recorder.answers, readings, error)
    whole = Ledger(
        float(error.detach()), array(errors), array(where), d_z, layers, readout, read_at, matrix, array(indices)
    )  # fmt: skip
    return whole, parts


def _weights(errors: Tensor, only: Tensor | Literal["last"] | None) -> Tensor:
    """The weight of each error (N,) in the error that is followed back: by default 1/N, as in training."""
    if isinstance(only, str):
        weights = torch.zeros_like(errors)
        weights[-1:] = 1
        return weights
    return torch.full_like(errors, 1 / max(1, len(errors))) if only is None else only.to(errors)


def _part(one: Pass, outside: Outside, items: Sequence[Outside], jacobian: int) -> Part:
    """Carry the gradient from outside a pass back through its copies."""
    steps = step_values(one.call)
    messages = engine_bptt.backward(steps.tape, *outside).totals
    small = max(state.shape[-1] for state in steps.states.values()) <= jacobian
    return Part(one, steps, messages, itemise(steps, items), spectrum(steps) if small else {})


def _run(mode: Mode, batch: Batch, window: int | None) -> bool:
    """Compute the error as training does, in windows if requested; return whether the gradient is cut between them."""
    steps = batch.targets.shape[1] if batch.targets.dim() > 1 else 1
    if window is None or window >= steps or not mode.abilities.carries_state:
        mode.loss(batch)
        return False
    state: Any = None
    for start in range(0, steps, window):
        state = detach(mode.loss(_window(batch, start, min(steps, start + window)), state).state)
    return True


def _window(batch: Batch, start: int, stop: int) -> Batch:
    """Some steps of a batch; each row keeps those that it has in this window."""
    part = piece(batch, start, stop)
    for name in ("input_lengths", "target_lengths"):
        lengths = getattr(batch, name)
        if lengths is not None:
            setattr(part, name, (lengths - start).clamp(0, stop - start))
    return part


def _readings(answers: Sequence[Answer], batch: Batch) -> list[Reading]:
    """The predictions of all windows, with steps counted over the whole sequence."""
    if not answers:
        raise ConfigError("the error of this network is not one of single steps, so it cannot be followed back by step")
    readings, offset = [], 0
    for answer in answers:
        one = answer.reading(batch.input_lengths)
        readings.append(replace(one, where=one.where + torch.tensor([0, offset], device=one.where.device)))
        offset += answer.steps
    return readings


def _by_place(
    parts: Sequence[Part], separate: bool
) -> tuple[tuple[LayerLedger, ...], dict[LayerPosition, dict[str, np.ndarray]]]:
    """Join the passes of each place."""
    layers, matrix = [], {}
    for place in dict.fromkeys(part.one.place for part in parts):
        mine = [part for part in parts if part.one.place == place]
        layers.append(_layer(place, mine, separate))
        if mine[0].itemised:
            matrix[place] = {n: np.concatenate([p.itemised[n] for p in mine], axis=1) for n in mine[0].itemised}
    return tuple(layers), matrix


def _layer(place: LayerPosition, parts: Sequence[Part], separate: bool) -> LayerLedger:
    """The ledger of the passes of one place."""
    equation = parts[0].one.call.equation

    def joined(values: Iterable[dict[str, Tensor]]) -> dict[str, np.ndarray]:
        every = list(values)
        return {name: np.concatenate([array(one[name]) for one in every]) for name in equation.states}

    return LayerLedger(
        place, equation.name, np.asarray(sum(_lengths(part.one.call) for part in parts)),
        joined(part.steps.states for part in parts), joined(map(_totals, parts)),
        joined(part.messages for part in parts), parameter_shares(parts), _boundaries(parts, separate),
        {name: np.concatenate([part.jacobian[name] for part in parts]) for name in parts[0].jacobian},
        growth(place, [part.steps for part in parts]) if parts[0].jacobian else None,
    )  # fmt: skip


def _lengths(call: Call) -> np.ndarray:
    """The real steps (B,) of each row."""
    return np.full(call.x.shape[1], call.x.shape[0]) if call.lengths is None else array(call.lengths)


def _boundaries(parts: Sequence[Part], separate: bool) -> tuple[int, ...]:
    """The steps before which no gradient is passed back: where truncated BPTT cuts, and at resets."""
    steps, offset = set(), 0
    for part in parts:
        call = part.one.call
        if separate:
            steps.add(offset)
        if call.resets is not None:
            steps |= {offset + int(t) for t in call.resets.any(1).nonzero()[:, 0]}
        offset += call.x.shape[0]
    return tuple(sorted(steps - {0}))


def _totals(part: Part) -> dict[str, Tensor]:
    """The total derivative dE/dstate_t, with the paths through other states of the same step."""
    steps = part.steps
    nodes = [steps.derived.nodes[id(node)] for node in steps.graph.outputs.values()]
    return dict(zip(steps.graph.outputs, derivatives(steps, part.messages, nodes), strict=True))
