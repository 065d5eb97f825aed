"""One cell and its rival: built with the same parameters, run on the same case, with equal results."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recur.nn
from benchmarks.by_hand import MinimalGatedUnit
from benchmarks.proof import NotProvedError, prove
from benchmarks.shapes import Shape
from recur import equations
from recur.equations import Equation
from recur.nn import Recurrent
from recur.nn.parameter_binding import TORCH_NAMES

PASSES = ("forward", "training")


@dataclass(frozen=True)
class Cell:
    """One recurrence and its rival.

    Attributes
    ----------
    name : str
        In the table and after ``--cells``.
    equation : str or Equation
        Its name in ``recur cells``, or what ``recur.equation`` made.
    rival : callable
        ``rival(X, H)`` makes the module that everything is compared with; it has input_size and hidden_size.
    """

    name: str
    equation: str | Equation
    rival: Callable[[int, int], nn.Module]


def _both_ways(X: int, H: int) -> nn.Module:
    return nn.LSTM(X, H, num_layers=2, bidirectional=True)


CELLS = [Cell("RNN", "elman", nn.RNN), Cell("GRU", "gru", nn.GRU), Cell("LSTM", "lstm", nn.LSTM)]
BY_HAND = Cell("MGU", "minimal_gated_unit", MinimalGatedUnit)
TAGGER = Cell("LSTM 2x2", "lstm", _both_ways)


@dataclass(frozen=True)
class Contestant:
    """One of our backends for a cell.

    Attributes
    ----------
    name : str
        The heading of its column, and what ``--also`` calls it.
    build : callable
        ``build(cell, rival, engine)``: a layer with the rival's parameters.
    engine : str
        The backend that is requested; a layer that reports another one is not timed.
    """

    name: str
    build: Callable[[Cell, nn.Module, str], Recurrent]
    engine: str


def ours(cell: Cell, rival: nn.Module, engine: str, precision: str = "float32") -> Recurrent:
    """Build the layer of recur.nn that is called as the one of torch.nn, else ``Recurrent`` over the equation."""
    X, H = rival.input_size, rival.hidden_size
    if isinstance(rival, (nn.RNNBase, recur.nn.RNN, recur.nn.GRU, recur.nn.LSTM)):
        layers, directions = places(rival)
        layer: Recurrent = getattr(recur.nn, type(rival).__name__)(
            X, H, layers, bidirectional=directions == 2, engine=engine, precision=precision
        )
        layer.load_state_dict(rival.state_dict())
        return layer
    layer = Recurrent(cell.equation, X, H, engine=engine, precision=precision)
    own = rival.state_dict()
    layer.load_state_dict({name: sum(own[part] for part in _parts(name, own)) for name in layer.state_dict()})
    return layer


def in_bfloat16(cell: Cell, rival: nn.Module, engine: str) -> Recurrent:
    """Build our layer with products in bfloat16."""
    return ours(cell, rival, engine, "bfloat16")


def in_int8(cell: Cell, rival: nn.Module, engine: str) -> Recurrent:
    """Build our layer with products in int8."""
    return ours(cell, rival, engine, "int8")


NATIVE = Contestant("native", ours, "native")
CONTESTANTS = [NATIVE, Contestant("stock", ours, "stock"), Contestant("eager", ours, "eager")]


@dataclass(frozen=True)
class Case:
    """Inputs of one cell at one shape, and dE/d(everything that it returns).

    Attributes
    ----------
    x : Tensor
        (T, B, X), a leaf.
    states : tuple of Tensor
        Initial states, each (L*D, B, H), leaves.
    lengths : Tensor or None
        (B,) in any order; the longest is T.
    seeds : tuple of Tensor
        dE/d(outputs), then dE/d(each final state).
    """

    x: Tensor
    states: tuple[Tensor, ...]
    lengths: Tensor | None
    seeds: tuple[Tensor, ...]

    @property
    def steps(self) -> int:
        """Real steps of all rows."""
        T, B = self.x.shape[:2]
        return T * B if self.lengths is None else int(self.lengths.sum())


def make_case(cell: Cell, shape: Shape, layers: int = 1, directions: int = 1) -> Case:
    """Draw the inputs of a case."""
    T, B, H = shape.T, shape.B, shape.H
    equation = equations.get(cell.equation) if isinstance(cell.equation, str) else cell.equation
    count, places = len(equation.states), layers * directions
    lengths = shape.lengths()
    return Case(
        x=torch.randn(T, B, shape.inputs, requires_grad=True),
        states=tuple(torch.randn(places, B, H, requires_grad=True) for _ in range(count)),
        lengths=lengths,
        seeds=(torch.randn(T, B, directions * H), *(torch.randn(places, B, H) for _ in range(count))),
    )


def run(layer: nn.Module, case: Case) -> tuple[Tensor, ...]:
    """Run a layer forward: its outputs (T, B, D*H) and its final states."""
    hx = case.states if len(case.states) > 1 else case.states[0]
    if case.lengths is None:
        output, final = layer(case.x, hx)
    elif isinstance(layer, nn.RNNBase):
        packed = pack_padded_sequence(case.x, case.lengths, enforce_sorted=False)
        output, final = layer(packed, hx)
        output, _ = pad_packed_sequence(output, total_length=len(case.x))
    else:
        output, final = layer(case.x, hx, lengths=case.lengths)
    return (output, *final) if len(case.states) > 1 else (output, final)


def forward(layer: nn.Module, case: Case) -> tuple[Tensor, ...]:
    """The pass without gradients."""
    with torch.no_grad():
        return run(layer, case)


def training(layer: nn.Module, case: Case) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The pass with the gradients of the inputs, the initial states and every parameter."""
    results = run(layer, case)
    return results, torch.autograd.grad(results, (case.x, *case.states, *layer.parameters()), case.seeds)


def bind(which: str, layer: nn.Module, case: Case) -> Callable[[], object]:
    """Return a call of one pass, to be timed."""
    call: Callable[[nn.Module, Case], object] = training if which == "training" else forward
    return lambda: call(layer, case)


def compute(layer: nn.Module, case: Case, which: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Run a pass once and name what it gives: outputs with final states, and gradients."""
    results, gradients = training(layer, case) if which == "training" else (forward(layer, case), ())
    states = [f"state {n}" for n in range(len(case.states))]
    names = ["x", *states, *(name for name, _ in layer.named_parameters())] if gradients else []
    return (
        {name: value.detach() for name, value in zip(["output", *states], results, strict=True)},
        dict(zip(names, gradients, strict=True)),
    )


def rounding(rival: nn.Module, case: Case, which: str) -> dict[str, float]:
    """How far a rival is from itself in float64: outputs and gradients, as a share of the largest magnitude.

    Some cells magnify a rounding from step to step (layer normalisation does); no two ways to compute them in float32
    agree better than this.
    """
    exact = Case(
        x=case.x.detach().double().requires_grad_(),
        states=tuple(state.detach().double().requires_grad_() for state in case.states),
        lengths=case.lengths,
        seeds=tuple(seed.double() for seed in case.seeds),
    )
    computed = compute(rival, case, which)
    expected = compute(copy.deepcopy(rival).double(), exact, which)
    return {
        kind: max((_apart(got[name].double(), wanted) for name, wanted in right.items()), default=0.0)
        for kind, got, right in zip(("outputs", "gradients"), computed, expected, strict=True)
    }


def _apart(got: Tensor, wanted: Tensor) -> float:
    return (got - wanted).abs().max().item() / (wanted.abs().max().item() or 1.0)


def check(
    engine: str,
    layer: Recurrent,
    rival: nn.Module,
    case: Case,
    which: str,
    dtype: torch.dtype = torch.float32,
    spared: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Check that our layer computes the same as its rival, on its own backend.

    ``spared`` is what ``rounding`` gave, for cells that magnify it.

    Returns
    -------
    dict of str to float
        The largest differences of outputs and of gradients, each as a share of the largest magnitude.

    Raises
    ------
    NotProvedError
        If it does not.
    BackendError
        If the backend cannot run this case.
    """
    spared = spared or {"outputs": 0.0, "gradients": 0.0}
    outputs, gradients = compute(layer, case, which)
    expected_outputs, expected_gradients = compute(rival, case, which)
    engines = {layer: engine, **({rival: rival.engine} if isinstance(rival, Recurrent) else {})}
    for one, wanted in engines.items():
        ran = one.backend_report().ran
        if ran != wanted:
            raise NotProvedError(f"the {ran} backend ran, expected {wanted}")
    # a parameter that is the sum of two of the rival's has the gradient of each
    expected = {
        name: expected_gradients[name if name in expected_gradients else _parts(name, expected_gradients)[0]]
        for name in gradients
    }
    return {
        "outputs": prove("outputs", outputs, expected_outputs, dtype, spared["outputs"]),
        "gradients": prove("gradients", gradients, expected, dtype, spared["gradients"]),
    }


def places(rival: nn.Module) -> tuple[int, int]:
    """Layers and directions of a rival."""
    return getattr(rival, "num_layers", 1), 2 if getattr(rival, "bidirectional", False) else 1


def _parts(name: str, own: Any) -> list[str]:
    """The rival's names for one parameter of the equation, ``W_xh_l0``: itself, or those of torch.nn."""
    if name in own:
        return [name]
    return [f"{part}_l0" for part in TORCH_NAMES[name.removesuffix("_l0")]]
