"""Eager backend: the equation in torch operations, step by step. The reference for all others.

It runs on any device and dtype, can be differentiated any number of times, and works under vmap and forward-mode
differentiation, because it is made of nothing but torch's own out-of-place operations.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recur.compiler.plan import Plan, plan
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.noise import noisy
from recur.engine.operations import Values, evaluate
from recur.equations.graph import Graph, Node


def run(call: Call, report: BackendReport) -> Result:
    """Run a recurrence: h_t = f(h_{t-1}, x_t) for t = 1..T."""
    return run_graph(call, noisy(call.equation, call.noise), report)


def run_graph(call: Call, graph: Graph, report: BackendReport) -> Result:
    """Run a call whose step is this graph, of which the call's parameters are those."""
    packing, call = call.packing, call.padded()
    planned = plan(graph)
    values, over_time = prepare(call, graph, planned)
    states = dict(call.states)
    outputs: dict[str, list[Tensor]] = {name: [] for name in states}
    series_names = list(outputs) if call.all_states else list(outputs)[:1]
    for t in call.steps:
        fresh, live = call.fresh(t), call.live(t)
        if fresh is not None:
            states = {name: torch.where(fresh, 0.0, state) for name, state in states.items()}
        step: Values = dict(values)
        step.update((key, sequence[t]) for key, sequence in over_time.items())
        step.update((id(graph.states[name]), state) for name, state in states.items())
        evaluate(planned.inside, step, call.sizes, call.precision)
        new = {name: as_rows(step[id(node)], states[name]) for name, node in graph.outputs.items()}
        for name in series_names:
            outputs[name].append(new[name] if live is None else torch.where(live, new[name], 0.0))
        states = new if live is None else {n: torch.where(live, new[n], states[n]) for n in states}
    stacked = {name: _stack(outputs[name], call, states[name]) for name in series_names}
    first = call.equation.states[0]
    return Result(stacked[first], states, stacked if call.all_states else None, report).packed(packing)


def prepare(call: Call, graph: Graph, planned: Plan) -> tuple[Values, dict[int, tuple[Tensor, ...]]]:
    """What is computed before the loop: values without a time axis, and values to be read at each step."""
    values: Values = {id(node): call.parameters[name] for name, node in graph.parameters.items()}
    for name, node in graph.noises.items():
        values[id(node)] = call.noise.of(name)
    evaluate(planned.once, values, call.sizes, call.precision)
    values[id(graph.input)] = call.x
    evaluate(planned.before, values, call.sizes, call.precision)
    timed = {id(node): node for node in (graph.input, *planned.before)} | {
        id(node): node for node in graph.noises.values() if node.op == "noise"
    }
    over_time: dict[int, tuple[Tensor, ...]] = {}
    for key in read_inside(planned.inside, graph, timed):
        value = values[key]
        # an expected zoneout is one number for all steps and stays where it is
        if isinstance(value, Tensor) and value.dim() == 3:
            over_time[key] = value.unbind(0)
    return values, over_time


def read_inside(inside: list[Node], graph: Graph, timed: dict[int, Node]) -> list[int]:
    """Those of the timed nodes that the loop reads, or that are a new state as they are."""
    read = [a for node in inside for a in node.args] + list(graph.outputs.values())
    return list({id(a): None for a in read if id(a) in timed})


def as_rows(value: Tensor | float, like: Tensor) -> Tensor:
    """A state that does not depend on any row, spread over the rows."""
    if isinstance(value, Tensor):
        return value if value.shape == like.shape else value.expand_as(like)
    return torch.full_like(like, value)


def _stack(outputs: list[Tensor], call: Call, like: Tensor) -> Tensor:
    if not outputs:
        return call.x.new_zeros((0, *like.shape))
    return torch.stack(outputs[::-1] if call.reverse else outputs)
