"""The shares of all steps add up to training's gradients in float64, for every cell, mode and ragged rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from recur import equations
from recur import inspect as inspector
from recur.modes import Mode
from recur.network import Batch
from recur.nn import Recurrent
from tests.inspect.helpers import double, forecaster, network
from tests.modes.helpers import Row, batch_of, build, rows
from tests.tolerances import DOUBLE, agree, close


def gradients(mode: Mode, batch: Batch) -> dict[str, torch.Tensor]:
    """What training uses: dE/dparameters by the loss itself."""
    mode.zero_grad()
    mode.loss(batch).mean.backward()
    return {name: torch.zeros_like(p) if p.grad is None else p.grad.clone() for name, p in mode.named_parameters()}


def layers_of(mode: Mode) -> dict[str, Recurrent]:
    return {path.split(".")[0]: m for path, m in mode.named_modules() if isinstance(m, Recurrent)}


def add_up(mode: Mode, batch: Batch) -> None:
    """Assert that the shares of all steps are the gradients of every recurrent parameter and of the readout."""
    expected = gradients(mode, batch)
    found = inspector.ledger(mode, batch)
    assert found.error == pytest.approx(mode.loss(batch).mean.item(), rel=1e-12)
    modules = layers_of(mode)
    names = {id(p): name for name, p in mode.named_parameters()}
    seen = set()
    for layer in found.layers:
        module = modules[layer.place.part]
        binding = module.layout.levels[layer.place.layer].bindings[layer.place.direction]
        for part in binding.parts:
            path = layer.paths[part.name]
            shares = path.shares()
            for own in part.own:
                name = names[id(getattr(module, own))]
                close(torch.from_numpy(shares.sum(0)), expected[name], f"{layer.place} {part.name}")
                seen.add(name)
            if np.abs(path.gradient).sum() > 0:
                assert path.fraction.sum() == pytest.approx(1, rel=DOUBLE)
                agree(path.norm, np.sqrt(np.square(shares).reshape(len(shares), -1).sum(1)), DOUBLE, part.name)
            else:
                assert not path.norm.any()
    recurrent = {names[id(p)] for module in modules.values() for p in module.parameters()}
    recurrent -= {name for name in recurrent if ".initial_" in name}
    assert seen == recurrent
    if not mode.config.readout.tie_weights:
        readout = next(name for name in expected if name.endswith("readout.weight"))
        close(torch.from_numpy(found.readout["W_hy"].shares().sum(0)), expected[readout], "W_hy")


@pytest.mark.parametrize("cell", equations.stock())
def test_the_shares_of_every_cell_add_up_to_the_gradient(cell: str) -> None:
    mode = double("synced", "words", "tags", cell=cell, num_layers=2)
    add_up(mode, batch_of(mode, rows("words", "tags")[:1]))


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru", "lstm_projected", "indrnn"])
@pytest.mark.parametrize("engine", ["native", "eager"])
def test_ragged_rows_both_ways(cell: str, engine: str) -> None:
    mode = double("many-to-one", "words", "class", cell=cell, num_layers=2, bidirectional=True, engine=engine)
    batch = batch_of(mode, rows("words", "class"))
    assert batch.input_lengths is not None
    assert len(set(batch.input_lengths.tolist())) > 1
    add_up(mode, batch)
    assert {layer.place.direction for layer in inspector.ledger(mode, batch).layers} == {0, 1}


@pytest.mark.parametrize(
    ("name", "source", "target", "options"),
    [
        ("synced", "words", None, {}),
        ("synced", "characters", None, {"tie_weights": True, "embedding_size": 8}),
        ("many-to-one", "words", "class", {"pooling": "mean"}),
        ("many-to-one", "words", "class", {"pooling": "max", "residual": True, "num_layers": 3}),
        ("many-to-one", "words", "numbers", {"zoneout": 0.3, "learn_initial_state": True}),
        ("one-to-many", "class", "words", {}),
        ("many-to-many", "words", "tags", {"attention": "bahdanau"}),
        ("many-to-many", "words", "characters", {"attention": "luong", "cell": "gru"}),
        ("many-to-many", "words", "words", {"layer_norm": True}),
    ],
)
def test_the_shares_of_every_mode_add_up(
    name: str, source: str, target: str | None, options: dict[str, object]
) -> None:
    mode = double(name, source, target, **options)
    examples = [Row(row.input, row.input) for row in rows(source, source)] if target is None else rows(source, target)
    add_up(mode, batch_of(mode, examples))


PATHS: list[tuple[str, str | None, str | None, dict[str, Any]]] = [
    *(("many-to-one", "words", "class", {"pooling": how, "bidirectional": ways, "num_layers": layers})
      for how in ("last", "mean", "max") for ways in (True, False) for layers in (1, 2)),
    ("many-to-one", "roll", "numbers", {}),
    ("synced", "words", None, {}),
    ("synced", "series", None, {}),
    ("synced", "roll", None, {}),
    ("synced", "melody", None, {"cell": "gru"}),
    ("synced", "words", "tags", {"num_layers": 2}),
    ("synced", "words", "tags", {"crf": True}),
    ("synced", "words", "spans", {"crf": True, "bidirectional": False}),
    ("one-to-one", "pictures", "class", {"convolutions": [4]}),
    ("one-to-many", None, "words", {}),
    ("one-to-many", "class", "roll", {}),
    ("many-to-many", "words", "words", {"attention": "bahdanau", "input_feeding": True}),
    ("many-to-many", "words", "series", {"attention": "luong"}),
]  # fmt: skip


def check_paths(mode: Mode, batch: Any) -> None:
    """Assert that the shares of W_hy and of both matrices of every layer add up to autograd's gradients."""
    mode.zero_grad()
    error = mode.loss(batch).mean
    error.backward()
    found = inspector.ledger(mode, batch)
    assert found.error == pytest.approx(error.item(), rel=1e-10)
    readout = next(m for name, m in mode.named_modules() if name.endswith("readout"))
    for name, expected in (("W_hy", readout.weight.grad), ("b_y", readout.bias.grad)):
        close(torch.from_numpy(found.readout[name].shares().sum(0)), expected, name)
    assert len(found.read_at) == len(found.readout["W_hy"].fraction)
    for layer in found.layers:
        kinds = {path.kind for path in layer.paths.values()}
        assert {"input to hidden", "hidden to hidden"} <= kinds
        recurrent = next(
            m for name, m in mode.named_modules()
            if name == f"{layer.place.part}.layer" or (layer.place.part == "decoder" and name == "decoder.stack.layer")
        )  # fmt: skip
        for part in recurrent.layout.levels[layer.place.layer].bindings[layer.place.direction].parts:
            for own in part.own:
                close(torch.from_numpy(layer.paths[part.name].shares().sum(0)), getattr(recurrent, own).grad, part.name)


@pytest.mark.parametrize(("name", "source", "target", "options"), PATHS)
def test_the_three_paths_add_up_to_the_gradient_of_ragged_rows(
    name: str, source: str | None, target: str | None, options: dict[str, Any]
) -> None:
    mode, _, examples = network(name, source, target, **options)
    mode = mode.double().eval()
    batch = batch_of(mode, examples)
    batch.inputs = (
        batch.inputs.double() if batch.inputs is not None and batch.inputs.is_floating_point() else batch.inputs
    )
    if batch.targets.is_floating_point():
        batch.targets = batch.targets.double()
    check_paths(mode, batch)


@pytest.mark.parametrize("how", ["direct", "recursive"])
def test_the_three_paths_of_a_forecast_add_up(how: str) -> None:
    mode, series = forecaster(how, "last")
    mode = mode.double()
    batch = batch_of(mode, [Row(series, series[1:]), Row(series[:12], series[1:12])])
    batch.inputs, batch.targets = batch.inputs.double(), batch.targets.double()
    # in training: one step of a recursive network, which has no dropout here
    mode.train()
    mode.zero_grad()
    error = mode.loss(batch).mean
    error.backward()
    found = inspector.ledger(mode, batch)
    assert found.error == pytest.approx(error.item(), rel=1e-10)
    close(torch.from_numpy(found.readout["W_hy"].shares().sum(0)), mode.output.readout.weight.grad, "W_hy")
    [layer] = found.layers
    close(torch.from_numpy(layer.paths["W_hh"].shares().sum(0)), mode.stack.layer.weight_hh_l0.grad, "W_hh")


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_of_a_pooled_answer_every_step_that_is_read_has_its_share(pooling: str) -> None:
    mode = build("many-to-one", "words", "class", pooling=pooling, bidirectional=False).double()
    batch = batch_of(mode, rows("words", "class")[2:3])
    outputs, _ = mode.stack(mode.inputs(batch.inputs))
    [ledger_] = [inspector.ledger(mode, batch)]
    states, d_z = outputs[0].detach(), torch.from_numpy(ledger_.d_z)
    each = states / len(states)
    if pooling == "max":
        each = torch.where(torch.arange(len(states))[:, None] == states.argmax(0), states, 0.0)
    close(torch.from_numpy(ledger_.readout["W_hy"].shares()), torch.einsum("nv,th->tvh", d_z, each), pooling)


def test_the_readout_of_both_directions_is_shared_between_their_last_copies() -> None:
    mode = build("many-to-one", "words", "class", bidirectional=True).double()
    batch = batch_of(mode, rows("words", "class")[2:3])
    found = inspector.ledger(mode, batch)
    shares = found.readout["W_hy"].shares()
    assert np.abs(shares[0, :, 8:]).sum() > 0
    assert np.abs(shares[-1, :, :8]).sum() > 0
    assert not shares[1:-1].any()
    assert not shares[0, :, :8].any()
