"""The record of one example: activations of every copy, and the gradient that reaches each of them.

A pass is one recurrence (one direction of one layer) over some steps. While the network computes its error as in
training, every pass is noted; automatic differentiation then gives dE/dh_t from *outside* the recurrence, and
BPTT written out (engine/bptt.py) carries it back through the copies: all numbers of this package are from these two.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from recur.compiler.gradient import StepGradient, gradient
from recur.compiler.plan import plan
from recur.data import Example
from recur.engine import Call, Result, bptt, observers
from recur.engine.eager import prepare
from recur.engine.low_precision import refuse_backward
from recur.engine.noise import noisy
from recur.engine.operations import Values, evaluate
from recur.equations.graph import Graph, Node, topological
from recur.modes import Mode
from recur.network import Batch
from recur.nn.layer_positions import LayerPosition, parameter_positions

Outside = tuple[Tensor, dict[str, Tensor]]  # dE/dh_t (T, B, S) and dE/d(final states) (B, S), from outside a recurrence

PARTS = ("stack", "encoder", "decoder")


@dataclass(frozen=True)
class Pass:
    """One recurrence that was computed.

    Attributes
    ----------
    place : LayerPosition
    call : Call
        Its arguments, padded, without gradients.
    outputs : Tensor
        (T, B, S) in the graph of automatic differentiation; its gradient is dE/dh_t from outside.
    states : dict of str to Tensor
        (B, S) after the last step, in the same graph.
    """

    place: LayerPosition
    call: Call
    outputs: Tensor
    states: dict[str, Tensor]


@dataclass(frozen=True)
class Reading:
    """N predictions that were read out and compared, in the order of rows and steps.

    Attributes
    ----------
    errors : Tensor
        (N,) e of each; training's error is their mean.
    where : Tensor
        (N, 2) row and step of each.
    vectors : Tensor
        (N, H) v, what the readout reads.
    z : Tensor or None
        (B, T, V) the readout's values, in the graph of the errors; None where the readout is not one matrix.
    mask : Tensor
        (B, T) bool: where there is a prediction.
    """

    errors: Tensor
    where: Tensor
    vectors: Tensor
    z: Tensor | None
    mask: Tensor


@dataclass(frozen=True)
class Answer:
    """Vectors that were read out: (B, T, H) or (B, H), their targets, and where there is a prediction."""

    output: Any
    vectors: Tensor
    targets: Tensor
    mask: Tensor | None

    @property
    def steps(self) -> int:
        """How many steps it covers."""
        return int(self.vectors.shape[1]) if self.vectors.dim() == 3 else 1

    def reading(self, lengths: Tensor | None = None) -> Reading:
        """The predictions; that of a row as a whole is at its last step, by the ``lengths`` (B,) of the inputs."""
        vectors, targets, mask = self.vectors, self.targets, self.mask
        whole = vectors.dim() == 2
        if whole:
            vectors, targets = vectors[:, None], targets[:, None]
        if mask is None:
            mask = torch.ones(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
        errors, z = self.output.errors(vectors, targets, mask)
        where = mask.nonzero()
        if whole and lengths is not None:
            where[:, 1] = (lengths.to(where.device) - 1).clamp(min=0)
        return Reading(errors, where, vectors[mask], z, mask)


class Recorder:
    """Records the passes and answers of a network.

    Parameters
    ----------
    mode : Mode
        The network.
    """

    def __init__(self, mode: Mode) -> None:
        self.passes: list[Pass] = []
        self.answers: list[Answer] = []
        self.attention: list[Tensor] = []
        # a character encoder's steps lie within one step of the sentence, so they are not steps of a layer here
        self._places = {id(parameter): place for parameter, place in parameter_positions(mode) if place.part in PARTS}

    def recurrence(self, call: Call, result: Result) -> Result:
        """Record a pass; the rest of the network reads a copy, whose gradient is that from outside the recurrence."""
        place = self.place_of(call)
        if place is None or call.x.shape[0] == 0 or (call.lengths is not None and not bool(call.lengths.any())):
            return result
        outputs = result.outputs.clone()
        states = {name: state.clone() for name, state in result.states.items()}
        self.passes.append(Pass(place, _without_gradients(call), outputs, states))
        return replace(result, outputs=outputs, states=states)

    def place_of(self, call: Call) -> LayerPosition | None:
        """Where in the network a recurrence is, by its parameters; None for a recurrence outside the network."""
        return next((self._places[id(p)] for p in call.parameters.values() if id(p) in self._places), None)

    def answer(self, output: Any, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
        """Record what is read out."""
        self.answers.append(Answer(output, vectors, targets, mask))
        return vectors

    def outside(self, error: Tensor) -> list[Outside]:
        """For each pass dE/dh_t (T, B, S), and dE/d(final states), from what lies outside the recurrence."""
        leaves = [t for one in self.passes for t in (one.outputs, *one.states.values())]
        live = [t for t in leaves if t.requires_grad]
        gradients: dict[int, Tensor | None] = {}
        if live and error.requires_grad:
            gradients_of_live = torch.autograd.grad(error, live, retain_graph=True, allow_unused=True)
            gradients = {id(t): g for t, g in zip(live, gradients_of_live, strict=True)}

        def of(t: Tensor) -> Tensor:
            g = gradients.get(id(t))
            return torch.zeros_like(t) if g is None else g

        return [(of(one.outputs), {n: of(s) for n, s in one.states.items()}) for one in self.passes]


@contextmanager
def recording(mode: Mode) -> Iterator[Recorder]:
    """Record what a network computes inside this context, in evaluation mode and with gradients."""
    recorder = Recorder(mode)
    with _prepared(mode), torch.enable_grad(), observers.observed_by(recorder):
        yield recorder


@dataclass
class _Before:
    """The state of a network before the first of its current observers."""

    training: bool
    frozen: list[torch.nn.Parameter]
    observers: int = 0


_observed: WeakKeyDictionary[Mode, _Before] = WeakKeyDictionary()
_lock = threading.Lock()


@contextmanager
def _prepared(mode: Mode) -> Iterator[None]:
    """Evaluation mode, and frozen parameters with gradients, until the last of several observers has finished."""
    with _lock:
        before = _observed.get(mode)
        if before is None:
            before = _Before(mode.training, [p for p in mode.parameters() if not p.requires_grad])
            _observed[mode] = before
            mode.eval()
            for parameter in before.frozen:
                parameter.requires_grad_(True)
        before.observers += 1
    try:
        yield
    finally:
        with _lock:
            before.observers -= 1
            if not before.observers:
                del _observed[mode]
                for parameter in before.frozen:
                    parameter.requires_grad_(False)
                mode.train(before.training)


@dataclass(frozen=True)
class Steps:
    """The values of every node of the step's graph, at every step of a pass.

    Attributes
    ----------
    call : Call
    graph : Graph
        The equation's graph, with zoneout as it is outside training.
    derived : StepGradient
    values : dict
        (T, B, n) by ``id(node)``; parameters as they are.
    states : dict of str to Tensor
        The states after each step (T, B, S), zero at padded steps.
    tape : Tape
        What BPTT reads.
    """

    call: Call
    graph: Graph
    derived: StepGradient
    values: Values
    states: dict[str, Tensor]
    tape: bptt.Tape

    def of(self, node: Node) -> Tensor:
        """The value of a node (T, B, n)."""
        value = self.values[id(node)]
        T, B = self.call.x.shape[:2]
        size = node.size.value(self.call.sizes)
        if not isinstance(value, Tensor):
            return self.call.x.new_full((T, B, size), value)
        return value.expand(T, B, size)


@torch.no_grad()
def step_values(call: Call) -> Steps:
    """Compute every node of every step: states by the loop, every other node by one operation over all steps."""
    graph = noisy(call.equation, call.noise)
    step_plan = plan(graph)
    result, tape = bptt.forward(call)
    values, _ = prepare(call, graph, step_plan)
    values = dict(values)
    for name, node in graph.states.items():
        values[id(node)] = tape.previous[name]
    evaluate(step_plan.inside, values, call.sizes, call.precision)
    return Steps(call, graph, gradient(graph), values, result.all_states or {}, tape)


@dataclass(frozen=True)
class PassValues:
    """One pass, and all values in it."""

    one: Pass
    steps: Steps


def forward_pass(mode: Mode, batch: Batch) -> tuple[list[PassValues], Tensor]:
    """Read a batch forward only: every pass, and the error e (N,) of each prediction; fast enough to follow typing."""
    with recording(mode) as recorder, torch.no_grad():
        mode.loss(batch)
        errors = [answer.reading().errors for answer in recorder.answers]
    return [PassValues(one, step_values(one.call)) for one in recorder.passes], torch.cat(errors or [torch.zeros(0)])


@torch.no_grad()
def derivatives(steps: Steps, seeds: dict[str, Tensor], nodes: Sequence[Node]) -> list[Tensor]:
    """Values (T, B, n) of nodes of the gradient, given the messages dE/dstate_t (T, B, S) of BPTT."""
    refuse_backward(steps.call.precision)
    values = dict(steps.values)
    for name, seed in seeds.items():
        values[id(steps.derived.seeds[name])] = seed
    missing = [n for n in topological(nodes) if n.args and id(n) not in values]
    evaluate(missing, values, steps.call.sizes, steps.call.precision)
    T, B = next(iter(seeds.values())).shape[:2]
    gradients = []
    for node in nodes:
        value = values.get(id(node), 0.0)
        size = node.size.value(steps.call.sizes)
        shape = (T, B, size)
        gradients.append(value.expand(shape) if isinstance(value, Tensor) else steps.call.x.new_full(shape, value))
    return gradients


def _without_gradients(call: Call) -> Call:
    call = call.padded()
    return replace(
        call.without_padding(),
        x=call.without_padding().x.detach(),
        states={name: state.detach() for name, state in call.states.items()},
        parameters={name: value.detach() for name, value in call.parameters.items()},
        lengths=None if call.lengths is not None and bool((call.lengths == call.x.shape[0]).all()) else call.lengths,
        memory_budget=None,
    )


def as_batch(mode: Mode, example: Any) -> Batch:
    """An example as a batch of one row, on the network's device and in its precision."""
    if not isinstance(example, Batch):
        source, target = example if isinstance(example, tuple) else (example, example)
        example = mode.collate([mode.encode(Example(source, target, ""))])
    batch = example.to(mode.device)
    dtype = next(mode.parameters()).dtype

    def cast(values: Tensor | None) -> Tensor | None:
        return values.to(dtype) if values is not None and values.is_floating_point() else values

    return Batch(
        cast(batch.inputs), batch.input_lengths, batch.targets, batch.target_lengths, batch.resets
    )  # targets are cast where they are compared


def array(value: Tensor) -> np.ndarray:
    """A tensor as an array, without its gradient."""
    return value.detach().cpu().numpy()
