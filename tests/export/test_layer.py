"""One layer as a file: it runs at any size, and replaces nothing where its check fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recur.errors import RecurError
from recur.export import check, export_layer
from recur.nn import LSTM, RNN
from tests.tolerances import EXPORTED, agree

pytest.importorskip("onnxruntime")


def test_a_file_runs_at_any_batch_and_length_with_rows_of_their_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = LSTM(3, 5, batch_first=True)
    export_layer(layer, tmp_path / "layer.onnx")
    x = torch.randn(6, 23, 3)
    lengths = torch.tensor([23, 1, 0, 9, 22, 5])
    state = (torch.randn(1, 6, 5), torch.randn(1, 6, 5))
    made = check.run(
        tmp_path / "layer.onnx",
        {"x": x.numpy(), "lengths": lengths.numpy(), "h_l0": state[0].numpy(), "c_l0": state[1].numpy()},
    )
    y, (h, c) = layer(x, state, lengths=lengths)
    for name, expected in {"y": y, "h_l0_next": h, "c_l0_next": c}.items():
        agree(made[name], expected.detach(), EXPORTED, name)


def test_a_file_that_fails_its_check_takes_no_ones_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecurError("it differs")

    monkeypatch.setattr(check, "differences", fail)
    path = tmp_path / "layer.onnx"
    path.write_text("the one that was there")
    with pytest.raises(RecurError, match="it differs"):
        export_layer(RNN(2, 3), path)
    assert path.read_text() == "the one that was there"
    assert list(tmp_path.iterdir()) == [path]
