"""Backpropagation through time, written out: the gradient graph of one step, run from the last step to the first.

    dh_t  =  dE/dh_t from the readout at t  +  what step t+1 hands back        (total derivative)
    step t hands back  dE/dh_{t-1},  and leaves  dz_t v_t^T  as its share of dE/dW for each product z_t = W v_t

It is the reference that the compiled backward pass is held against, and what the inspector looks into: the seeds
of every step are the total derivatives that a hook on the layer's output does not see. Source: P. Werbos (1990),
Backpropagation through time: what it does and how to do it; R. Williams, D. Zipser (1995), section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from recur.compiler.plan import BackwardPlan, Plan, backward_plan, plan
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.eager import as_rows, prepare
from recur.engine.low_precision import refuse_backward
from recur.engine.noise import noisy
from recur.engine.operations import Values, evaluate
from recur.equations.graph import Graph


@dataclass(frozen=True)
class Tape:
    """What the forward pass of BPTT stores.

    Attributes
    ----------
    call : Call
        The recurrence.
    stored : dict of int to Tensor
        Values of every step (T, B, n) by node, and values without a time axis.
    previous : dict of str to Tensor
        The states that step t was given (T, B, S).
    """

    call: Call
    stored: Values
    previous: dict[str, Tensor]


@dataclass(frozen=True)
class Gradients:
    """What the backward pass of BPTT returns.

    Attributes
    ----------
    x : Tensor
        dE/dx (T, B, X).
    states : dict of str to Tensor
        dE/d(initial state) (B, S).
    parameters : dict of str to Tensor
        dE/dW for every parameter, summed over steps and rows.
    totals : dict of str to Tensor
        For each state dE/dstate_t (T, B, S), the total derivative through all later steps.
    products : dict of str to list of (Tensor, Tensor)
        For each matrix the pairs (dz, v), each (T, B, n): step t's share of dE/dW is the sum over rows of dz_t v_t^T.
    """

    x: Tensor
    states: dict[str, Tensor]
    parameters: dict[str, Tensor]
    totals: dict[str, Tensor]
    products: dict[str, list[tuple[Tensor, Tensor]]]


@torch.no_grad()
def forward(call: Call) -> tuple[Result, Tape]:
    """Run the recurrence and store what the backward pass will read.

    Parameters
    ----------
    call : Call
        The recurrence, padded; its tensors need no gradient.

    Returns
    -------
    Result, Tape
        Outputs (T, B, O) and final states (B, S), and the values of every step that ``backward`` reads.

    Raises
    ------
    ShapeError
        By ``prepare``, which makes the call, if shapes, names or lengths do not fit.

    References
    ----------
    P. Werbos (1990), Backpropagation through time: what it does and how to do it.

    Examples
    --------
    >>> from recur import equations
    >>> from recur.engine import prepare
    >>> cell = equations.get("elman")
    >>> weights = {"W_xh": torch.ones(2, 3), "W_hh": torch.ones(2, 2), "b": torch.zeros(2)}
    >>> result, tape = forward(prepare(cell, torch.ones(5, 4, 3), None, weights))  # T, B, X = 5, 4, 3
    >>> gradients = backward(tape, torch.ones(5, 4, 2))
    >>> gradients.totals["h"].shape, gradients.parameters["W_hh"].shape
    (torch.Size([5, 4, 2]), torch.Size([2, 2]))
    """
    graph = noisy(call.equation, call.noise)
    planned, backward = plan(graph), backward_plan(graph)
    values, over_time = prepare(call, graph, planned)
    states = dict(call.states)
    stored_values: dict[int, dict[int, Tensor]] = {id(node): {} for node in backward.stored}
    previous: dict[str, dict[int, Tensor]] = {name: {} for name in states}
    outputs: dict[str, dict[int, Tensor]] = {name: {} for name in states}
    for t in call.steps:
        fresh, live = call.fresh(t), call.live(t)
        if fresh is not None:
            states = {name: torch.where(fresh, 0.0, state) for name, state in states.items()}
        step: Values = dict(values)
        step.update((key, sequence[t]) for key, sequence in over_time.items())
        step.update((id(graph.states[name]), state) for name, state in states.items())
        evaluate(planned.inside, step, call.sizes, call.precision)
        for node in backward.stored:
            value = step[id(node)]
            stored_values[id(node)][t] = value if isinstance(value, Tensor) else torch.tensor(value, dtype=call.x.dtype)
        for name, node in graph.outputs.items():
            new = as_rows(step[id(node)], states[name])
            previous[name][t] = states[name]
            outputs[name][t] = new if live is None else torch.where(live, new, 0.0)
            states = {**states, name: new if live is None else torch.where(live, new, previous[name][t])}
    stored = dict(values)
    for node in backward.stored:
        steps = stored_values[id(node)]
        # an expected zoneout, and what is made of it alone, is one number for all steps
        one = next((value for value in steps.values() if not value.dim()), None)
        stored[id(node)] = _over_time(steps, call, node.size.value(call.sizes)) if one is None else one
    stacked = {name: _over_time(steps, call, states[name].shape[-1]) for name, steps in outputs.items()}
    before = {name: _over_time(steps, call, states[name].shape[-1]) for name, steps in previous.items()}
    result = Result(stacked[call.equation.states[0]], states, stacked, BackendReport("eager", {}))
    return result, Tape(call, stored, before)


@torch.no_grad()
def backward(tape: Tape, outputs: Tensor, states: Mapping[str, Tensor] | None = None) -> Gradients:
    """Carry the error back through time.

    Parameters
    ----------
    tape : Tape
        What ``forward`` stored.
    outputs : Tensor
        dE/dh_t from outside the recurrence, at every step (T, B, O).
    states : mapping of str to Tensor, optional
        dE/d(final state) (B, S) for states that are used after the last step.

    Returns
    -------
    Gradients
        Of the inputs, the initial states and the parameters, with every step's share.

    Raises
    ------
    BackendError
        If the precision of the call has no gradient.
    """
    call = tape.call
    refuse_backward(call.precision)
    graph = noisy(call.equation, call.noise)
    planned, reverse = plan(graph), backward_plan(graph)
    derived = reverse.gradient
    first = call.equation.states[0]
    carried = {name: torch.zeros_like(state) for name, state in call.states.items()}
    carried.update((name, d) for name, d in (states or {}).items())
    totals: dict[str, dict[int, Tensor]] = {name: {} for name in carried}
    constant, timed = _split(tape, graph, planned, reverse)
    for t in reversed(call.steps):
        fresh, live = call.fresh(t), call.live(t)
        total = dict(carried)
        total[first] = total[first] + outputs[t]
        if live is not None:
            total = {name: torch.where(live, d, 0.0) for name, d in total.items()}
        step: Values = dict(constant)
        step.update((key, value[t]) for key, value in timed.items())
        for name, d in total.items():
            totals[name][t] = d
            step[id(derived.seeds[name])] = d
        evaluate(reverse.inside, step, call.sizes, call.precision)
        for name, node in derived.states.items():
            d = as_rows(step.get(id(node), 0.0), carried[name])
            # a padded step hands the message on unchanged; a reset stops it
            if live is not None:
                d = torch.where(live, d, carried[name])
            carried[name] = d if fresh is None else torch.where(fresh, 0.0, d)
    every = {name: _over_time(steps, call, carried[name].shape[-1]) for name, steps in totals.items()}
    return _after(tape, reverse, {**constant, **timed}, every, carried)


def _split(tape: Tape, graph: Graph, planned: Plan, reverse: BackwardPlan) -> tuple[Values, dict[int, Tensor]]:
    """Forward values without and with a time axis."""
    timed_nodes = {id(n): n for n in (*reverse.stored, graph.input, *planned.before)} | {
        id(n): n for n in graph.noises.values() if n.op == "noise"
    }
    timed: dict[int, Tensor] = {}
    constant: Values = {}
    for key, value in tape.stored.items():
        if key in timed_nodes and isinstance(value, Tensor) and value.dim() == 3:
            timed[key] = value
        else:
            constant[key] = value
    for name, node in graph.states.items():
        timed[id(node)] = tape.previous[name]
    return constant, timed


def _after(
    tape: Tape,
    reverse: BackwardPlan,
    values: Values,
    totals: dict[str, Tensor],
    carried: dict[str, Tensor],
) -> Gradients:
    """Behind the loop: dE/dx and the shares of the parameters, all steps at once."""
    call, derived = tape.call, reverse.gradient
    T, B = call.x.shape[:2]
    values = dict(values)
    for name, total in totals.items():
        values[id(derived.seeds[name])] = total
    evaluate(reverse.inside, values, call.sizes, call.precision)
    evaluate(reverse.after, values, call.sizes, call.precision)

    def rows(key: int, size: int) -> Tensor:
        value = values.get(key, 0.0)
        if not isinstance(value, Tensor):
            return call.x.new_full((T, B, size), value)
        return value.expand(T, B, size)

    products: dict[str, list[tuple[Tensor, Tensor]]] = {}
    parameters: dict[str, Tensor] = {}
    for name, pairs in derived.products.items():
        products[name] = [
            (rows(id(dz), dz.size.value(call.sizes)), rows(id(v), v.size.value(call.sizes))) for dz, v in pairs
        ]
        total = torch.zeros_like(call.parameters[name])
        for dz, v in products[name]:
            total = total + dz.reshape(-1, dz.shape[-1]).t() @ v.reshape(-1, v.shape[-1])
        parameters[name] = total
    for name, node in derived.vectors.items():
        parameters[name] = rows(id(node), node.size.value(call.sizes)).sum((0, 1))
    x = rows(id(derived.input), call.x.shape[-1])
    ordered = {name: parameters[name] for name in call.equation.parameters}
    return Gradients(x.clone(), carried, ordered, totals, products)


def _over_time(steps: dict[int, Tensor], call: Call, size: int) -> Tensor:
    """Stack per-step values (T, B, n) in the order of time."""
    T, B = call.x.shape[:2]
    return torch.stack([steps[t] for t in range(T)]) if T else call.x.new_zeros((0, B, size))
