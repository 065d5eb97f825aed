"""The ledger: total derivatives are those of the network unrolled by hand; windows cut them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from recur import inspect as inspector
from recur.inspect.record import as_batch
from tests.inspect.helpers import by_hand, double
from tests.modes.helpers import Row, batch_of, rows
from tests.tolerances import close


def test_the_totals_are_those_of_the_network_unrolled_by_hand() -> None:
    mode = double("synced", "words", None)
    batch = as_batch(mode, "the dog ran to a cat")
    hidden, cells, errors = by_hand(mode, batch)
    errors.mean().backward()
    found = inspector.bptt(mode, "the dog ran to a cat", itemised=3)
    [layer] = found.layers
    np.testing.assert_allclose(found.errors, errors.detach().numpy(), rtol=1e-10)
    for t, (h, c) in enumerate(zip(hidden, cells, strict=True)):
        close(torch.from_numpy(layer.d_states["h"][t, 0]), h.grad, f"h {t}")
        close(torch.from_numpy(layer.d_states["c"][t, 0]), c.grad, f"c {t}")
    assert found.d_z is not None
    assert found.d_z.shape == (7, mode.output.size)


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
