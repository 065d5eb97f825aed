"""The ledger: shares add up to training's gradients in float64, for every cell, layer, direction and ragged rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from recur import equations
from recur import inspect as inspector
from recur.inspect import record
from recur.inspect.record import as_batch
from recur.modes import Mode
from recur.network import Batch
from recur.nn import Recurrent
from tests.modes.helpers import Row, batch_of, build, rows
from tests.tolerances import close


def double(name: str, source: str | None, target: str | None, **options: object) -> Mode:
    return build(name, source, target, **options).double().eval()  # type: ignore[arg-type]


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
                assert path.fraction.sum() == pytest.approx(1, abs=1e-9)
            np.testing.assert_allclose(
                path.norm, np.sqrt(np.square(shares).reshape(len(shares), -1).sum(1)), rtol=1e-9, atol=1e-14
            )
    recurrent = {names[id(p)] for module in modules.values() for p in module.parameters()}
    recurrent -= {name for name in recurrent if ".initial_" in name}
    assert seen == recurrent
    if not mode.config.readout.tie_weights:
        readout = next(name for name in expected if name.endswith("readout.weight"))
        close(torch.from_numpy(found.readout["W_hy"].shares().sum(0)), expected[readout], "W_hy")


@pytest.mark.parametrize("cell", equations.names())
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


def unrolled(mode: Mode, batch: Batch) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """h_t and c_t of an LSTM language model by hand, each a tensor that keeps its gradient, and the errors."""
    layer = mode.stack.layer
    assert batch.inputs is not None
    x = mode.inputs(batch.inputs)[0]
    h = c = x.new_zeros(layer.hidden_size)
    hidden, cells, errors = [], [], []
    for t in range(len(x)):
        z = layer.weight_ih_l0 @ x[t] + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = z.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        c.retain_grad()
        h = torch.sigmoid(o) * torch.tanh(c)
        h.retain_grad()
        hidden.append(h)
        cells.append(c)
        errors.append(nn.functional.cross_entropy(mode.output.readout(h), batch.targets[0, t]))
    return hidden, cells, torch.stack(errors)


def test_the_totals_are_those_of_the_network_unrolled_by_hand() -> None:
    mode = double("synced", "words", None)
    batch = as_batch(mode, "the dog ran to a cat")
    hidden, cells, errors = unrolled(mode, batch)
    errors.mean().backward()
    found = inspector.bptt(mode, "the dog ran to a cat", itemised=3)
    [layer] = found.layers
    np.testing.assert_allclose(found.errors, errors.detach().numpy(), rtol=1e-10)
    for t, (h, c) in enumerate(zip(hidden, cells, strict=True)):
        close(torch.from_numpy(layer.d_states["h"][t, 0]), h.grad, f"h {t}")
        close(torch.from_numpy(layer.d_states["c"][t, 0]), c.grad, f"c {t}")
    assert found.d_z is not None
    assert found.d_z.shape == (7, mode.output.size)


def test_the_itemised_matrix_is_that_of_the_network_unrolled_by_hand() -> None:
    mode = double("synced", "words", None)
    batch = as_batch(mode, "the dog ran to a cat")
    matrix = inspector.bptt(mode, "the dog ran to a cat").itemised
    [norms] = matrix.values()
    assert norms["h"].shape == (7, 7)
    for k in range(7):
        hidden, cells, errors = unrolled(mode, batch)
        errors[k].backward()
        for t in range(7):
            for name, state in (("h", hidden[t]), ("c", cells[t])):
                expected = 0.0 if state.grad is None else float(state.grad.norm())
                assert norms[name][k, t] == pytest.approx(expected, rel=1e-9, abs=1e-14)
                assert t <= k or norms[name][k, t] == 0


def test_the_naive_probe_is_wrong_where_the_ledger_is_right() -> None:
    """retain_grad on a layer's output is zero for every step but the last of a last-step error."""
    torch.manual_seed(0)
    mode = double("many-to-one", "words", "class", cell="gru", bidirectional=False)
    batch = batch_of(mode, rows("words", "class")[2:3])
    assert batch.inputs is not None
    torchs = nn.GRU(5, 8, batch_first=True).double()
    torchs.load_state_dict(mode.stack.layer.state_dict())
    for layer in (torchs, mode.stack.layer):
        output, _ = layer(mode.inputs(batch.inputs))
        output.retain_grad()
        nn.functional.cross_entropy(mode.output.readout(output[:, -1]), batch.targets).backward()
        assert output.grad is not None
        naive = output.grad[0].norm(dim=-1)
        assert naive[-1] > 0
        assert (naive[:-1] == 0).all()
    # the truth: every h_t as a tensor of its own, one step of torch's cell after another
    cell = nn.GRUCell(5, 8).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in torchs.state_dict().items()})
    h, hidden = torch.zeros(1, 8, dtype=torch.float64), []
    for x in mode.inputs(batch.inputs)[0]:
        h = cell(x[None], h)
        h.retain_grad()
        hidden.append(h)
    nn.functional.cross_entropy(mode.output.readout(h), batch.targets).backward()
    [layer] = inspector.ledger(mode, batch).layers
    for t, true in enumerate(hidden):
        assert true.grad is not None
        close(torch.from_numpy(layer.d_states["h"][t]), true.grad, f"step {t}")
        assert true.grad.norm() > 0


def test_truncation_is_a_hard_edge() -> None:
    mode = double("synced", "words", None)
    text = "the dog ran to a cat"
    whole, cut = inspector.bptt(mode, text), inspector.bptt(mode, text, window=3)
    np.testing.assert_allclose(cut.errors, whole.errors, rtol=1e-12)
    [layer] = cut.layers
    assert layer.boundaries == (3, 6)
    [norms] = cut.itemised.values()
    assert (norms["h"][5, 3:6] > 0).all()
    assert (norms["h"][5, :3] == 0).all()
    assert (norms["c"][4, :3] == 0).all()
    [uncut] = whole.itemised.values()
    assert (uncut["c"][5, :6] > 0).all()


def test_the_spectrum_is_that_of_the_jacobian() -> None:
    mode = double("many-to-one", "words", "class", cell="elman", bidirectional=False)
    batch = batch_of(mode, rows("words", "class")[:1])
    [layer] = inspector.bptt(mode, batch, jacobian=True).layers
    weight = mode.stack.layer.weight_hh_l0.detach().numpy()
    for t, h in enumerate(layer.states["h"][:, 0]):
        expected = np.linalg.svd((1 - h**2)[:, None] * weight, compute_uv=False)
        np.testing.assert_allclose(layer.jacobian["h"][t], expected, rtol=1e-9, atol=1e-12)
    lstm = double("many-to-one", "words", "class", bidirectional=False)
    [layer] = inspector.bptt(lstm, batch, jacobian=True).layers
    assert layer.jacobian["c"].shape == (3, 8)
    # along the cell state the factor is the forget gate
    assert (layer.jacobian["c"] < 1).all()
    assert (layer.jacobian["c"] > 0).all()


def test_looking_changes_nothing() -> None:
    mode = build("synced", "words", None)
    mode.train()
    before = {name: value.clone() for name, value in mode.state_dict().items()}
    inspector.bptt(mode, "a dog")
    assert mode.training
    assert all(torch.equal(value, before[name]) for name, value in mode.state_dict().items())
    assert all(p.grad is None for p in mode.parameters())


@pytest.mark.parametrize("kind", ["characters", "words", "subwords"])
@pytest.mark.parametrize("text", ["the dog ran to a cat", "", "zzz dog"])
def test_a_stream_is_cut_into_windows_as_training_cuts_it(kind: str, text: str) -> None:
    mode = double("synced", kind, None, stream=True)
    found = inspector.explain(mode, text, window=3)
    [layer] = found["flow"]["layers"]
    steps = len(layer["labels"])
    assert layer["boundaries"] == list(range(3, steps, 3))
    assert len(found["flow"]["errors"]) == steps


def test_windows_of_ragged_rows_have_the_errors_of_whole_rows() -> None:
    mode = double("synced", "words", None, stream=True)
    batch = batch_of(mode, [Row(row.input, row.input) for row in rows("words", "words") if len(row.input.split()) > 1])
    whole, cut = inspector.ledger(mode, batch), inspector.ledger(mode, batch, window=2)
    np.testing.assert_allclose(np.sort(cut.errors), np.sort(whole.errors), rtol=1e-10)


def test_a_frozen_network_can_be_looked_at_by_two_at_once() -> None:
    mode = build("synced", "words", None)
    mode.requires_grad_(False)
    mode.train()
    with record.recording(mode):
        with record.recording(mode):
            pass
        assert not mode.training
        assert all(parameter.requires_grad for parameter in mode.parameters()), "the first is still looking"
    assert mode.training
    assert not any(parameter.requires_grad for parameter in mode.parameters())
