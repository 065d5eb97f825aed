"""A layer that looks its inputs up in a table gives what it gives for the inputs, with the gradients of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.engine import observers
from recur.engine.native import passes
from recur.engine.variables import FILL_NAN
from recur.errors import BackendError
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state
from recur.nn.look_up import LookUp
from tests.engine.conftest import kept_cells
from tests.tolerances import near

__all__ = ["kept_cells"]

V, X, H, T, B = 7, 33, 20, 9, 4
LENGTHS = torch.tensor([9, 0, 4, 7])
LAYERS: dict[str, Callable[..., Any]] = {
    "lstm": LSTM,
    "gru": GRU,
    "elman": RNN,
    "layer norm": lambda *sizes, **options: LSTM(*sizes, layer_norm=True, **options),
    "affine": lambda *sizes, **options: Recurrent("min_gru", *sizes, **options),
    "reads x element by element": lambda _, __, **options: Recurrent("simple_recurrent_unit", X, X, **options),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "one direction": {},
    "both directions": {"bidirectional": True},
    "two layers": {"num_layers": 2},
    "batch first": {"batch_first": True},
}


@pytest.fixture(autouse=True)
def nan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that nothing has written to is NaN."""
    monkeypatch.setenv(FILL_NAN.name, "1")


def looked_up(layer: Any, *, rows: int = V, whole: bool = True) -> tuple[LookUp, Tensor]:
    """Ids of a batch, and the leaf of the table."""
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(rows, (B, T) if layer.batch_first else (T, B), generator=draw)
    table = torch.randn(rows, layer.input_size, generator=draw, dtype=layer.first_weight().dtype)
    return LookUp(ids, table.requires_grad_(whole)), table


def gradients(layer: Any, values: LookUp | Tensor, table: Tensor, **given: Any) -> list[Tensor]:
    """Outputs and final states, then the gradients of the table and of every parameter."""
    layer.zero_grad()
    table.grad = None
    y, state = layer(values, **given)
    outputs = [y, *flat_state(state)]
    draw = torch.Generator().manual_seed(2)
    error = sum((one * torch.randn(one.shape, generator=draw, dtype=one.dtype)).sum() for one in outputs)
    error.backward()  # type: ignore[union-attr]
    found = [table.grad] if table.requires_grad else []
    return [one.detach() for one in (*outputs, *found, *(p.grad for p in layer.parameters()))]


def same(layer: Any, values: LookUp, table: Tensor, like: torch.dtype | None = None, **given: Any) -> None:
    """Compare with the inputs themselves on the eager backend."""
    actual = gradients(layer, values, table, **given)
    layer.engine = "eager"
    expected = gradients(layer, values.vectors(), table, **given)
    layer.engine = "auto"
    for number, (one, other) in enumerate(zip(actual, expected, strict=True)):
        near(one, other, f"tensor {number}", like)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each pass of the core looked its inputs up."""
    seen: list[bool] = []

    def watch(original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(cell: Any, call: Any, *rest: Any, **options: Any) -> Any:
            seen.append(call.ids is not None)
            return original(cell, call, *rest, **options)

        return watched

    monkeypatch.setattr(passes, "forward", watch(passes.forward))
    monkeypatch.setattr(passes, "backward", watch(passes.backward))
    return seen


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["dense", "ragged"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", LAYERS)
def test_it_gives_what_the_inputs_give(name: str, options: str, lengths: Tensor | None, runs: list[bool]) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name](X, H, dtype=torch.float64, **OPTIONS[options])
    values, table = looked_up(layer)
    same(layer, values, table, lengths=lengths)
    assert any(runs), "the inputs were copied"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("units", "rows", "precision"), [(40, 5, "float32"), (300, 70, "float32"), (300, 5, "bfloat16")]
)
def test_it_is_the_same_with_threads_wide_layers_and_long_tables(
    units: int, rows: int, precision: str, threads: int
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.manual_seed(0)
        layer = LSTM(X, units, precision=precision)
        draw = torch.Generator().manual_seed(1)
        table = torch.randn(rows, X, generator=draw, requires_grad=True)
        ids = torch.randint(rows, (T, 32), generator=draw)
        lengths = torch.randint(T + 1, (32,), generator=draw)
        like = torch.bfloat16 if precision == "bfloat16" else None
        for given in ({}, {"lengths": lengths}):
            same(layer, LookUp(ids, table), table, like, **given)
    finally:
        torch.set_num_threads(before)


def test_a_table_of_more_rows_than_a_block_is_added_up_whole() -> None:
    torch.manual_seed(0)
    layer = GRU(X, 8, dtype=torch.float64)
    table = torch.randn(1100, X, dtype=torch.float64, requires_grad=True)
    same(layer, LookUp(torch.randint(1100, (75, 30)), table), table)


@pytest.mark.parametrize("frozen", ["table", "weights"])
def test_what_needs_no_gradient_gets_none(frozen: str) -> None:
    layer = LSTM(X, H, bidirectional=True)
    values, table = looked_up(layer, whole=frozen != "table")
    for parameter in layer.parameters():
        parameter.requires_grad_(frozen != "weights")
    y, _ = layer(values)
    y.sum().backward()
    assert (table.grad is None) == (frozen == "table")
    assert all((p.grad is None) == (frozen == "weights") for p in layer.parameters())


def test_it_can_be_differentiated_twice() -> None:
    torch.manual_seed(0)
    layer = GRU(X, 5, dtype=torch.float64)
    values, table = looked_up(layer)

    def twice(given: LookUp | Tensor) -> Tensor:
        (first,) = torch.autograd.grad(layer(given)[0].square().sum(), table, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), table)
        return second

    near(twice(values), twice(values.vectors()))


@pytest.mark.parametrize("options", ["one direction", "both directions"])
def test_gradient_norms_are_those_of_the_inputs(options: str) -> None:
    class Norms:
        def __init__(self) -> None:
            self.seen: list[Tensor] = []

        def backward_pass(self, _pointers: Any, _states: Any, _reverse: bool, norms: Tensor) -> None:
            self.seen.append(norms)

    layer = LSTM(X, H, dtype=torch.float64, **OPTIONS[options])
    values, _ = looked_up(layer)
    found = []
    for given in (values, values.vectors()):
        norms = Norms()
        with observers.gradients_observed_by(norms):
            y, _ = layer(given, lengths=LENGTHS)
            y.square().sum().backward()
        found.append(norms.seen)
    assert len(found[0]) == len(found[1]) == layer.layout.directions
    for one, other in zip(*found, strict=True):
        near(one, other)


def test_hooks_that_copy_what_is_saved_change_nothing() -> None:
    layer = LSTM(X, H)
    values, table = looked_up(layer)
    expected = gradients(layer, values, table)
    with torch.autograd.graph.saved_tensors_hooks(lambda one: one.clone(), lambda one: one):
        actual = gradients(layer, values, table)
    for one, other in zip(actual, expected, strict=True):
        near(one, other)


@pytest.mark.parametrize("case", ["no gradients", "few ids", "resets", "all states"])
def test_other_calls_copy_the_inputs(case: str, runs: list[bool]) -> None:
    layer = LSTM(X, H)
    values, _ = looked_up(layer, rows=T * B if case == "few ids" else V)
    given: dict[str, Any] = {}
    if case == "resets":
        given["resets"] = torch.zeros(B, T, dtype=torch.bool)
    if case == "all states":
        given["return_all_states"] = True
    with torch.set_grad_enabled(case != "no gradients"):
        y = layer(values, **given)[0]
        near(y.detach(), layer(values.table[values.ids], **given)[0].detach())
    assert not any(runs)


@pytest.mark.parametrize("wrong", [-1, V])
def test_the_core_refuses_an_id_that_is_no_row(wrong: int) -> None:
    layer = LSTM(X, H)
    values, _ = looked_up(layer)
    layer(values)
    values.ids[3, 2] = wrong
    with pytest.raises((BackendError, IndexError)):
        layer(values)


@pytest.mark.parametrize("options", ["one direction", "both directions", "batch first"])
def test_ids_that_are_changed_before_the_backward_pass_change_nothing(options: str) -> None:
    layer = LSTM(X, H, **OPTIONS[options])
    values, table = looked_up(layer)
    found = []
    for change in (False, True):
        ids = values.ids.clone()
        y, _ = layer(LookUp(ids, table))
        if change:
            ids.fill_(0)
        found.append(torch.autograd.grad(y.square().sum(), table)[0])
    assert torch.equal(*found)
