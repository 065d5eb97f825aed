"""One seed draws one set of masks, whatever the layout of the input."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur.nn import GRU, LSTM, RNN, LockedDropout
from tests.tolerances import close

T, B, X, H = 5, 3, 4, 6
DROPOUTS: dict[str, dict[str, Any]] = {
    "dropout": {"dropout": 0.5},
    "dropout of everything": {"dropout": 1.0},
    "variational": {"variational_dropout": 0.5},
    "recurrent": {"recurrent_dropout": 0.5},
    "zoneout": {"zoneout": 0.5},
    "weight drop": {"weight_drop": 0.5},
    "all together": {
        "dropout": 0.3, "variational_dropout": 0.3, "recurrent_dropout": 0.3, "zoneout": 0.3, "weight_drop": 0.3,
    },
}  # fmt: skip


@pytest.mark.parametrize("engine", ["native", "eager"])
@pytest.mark.parametrize("both", [False, True], ids=["forwards", "both ways"])
@pytest.mark.parametrize("kind", DROPOUTS)
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_batch_first_and_time_major_draw_the_same_masks(make: Any, kind: str, both: bool, engine: str) -> None:
    x = torch.randn(T, B, X, dtype=torch.float64)
    options: dict[str, Any] = {"num_layers": 3, "bidirectional": both, "engine": engine, "dtype": torch.float64}
    layers = [make(X, H, batch_first=first, **options, **DROPOUTS[kind]) for first in (False, True)]
    layers[1].load_state_dict(layers[0].state_dict())
    for lengths in (None, [5, 0, 3]):
        found = []
        for layer, given in zip(layers, (x, x.transpose(0, 1).contiguous()), strict=True):
            torch.manual_seed(7)
            y, state = layer(given, lengths=lengths)
            found.append((y.transpose(0, 1) if layer.batch_first else y, state))
        close(found[0][0], found[1][0])
        for a, b in zip(*(s if isinstance(s, tuple) else (s,) for _, s in found), strict=True):
            close(a, b)


def test_locked_dropout_draws_by_seed_alone() -> None:
    steps = torch.randn(T, B, X)
    layouts = {
        "batch first": (LockedDropout(0.5), steps.transpose(0, 1).contiguous()),
        "columns outermost": (LockedDropout(0.5), steps.permute(2, 1, 0).contiguous().permute(1, 2, 0)),
        "time major": (LockedDropout(0.5, batch_first=False), steps),
    }
    found = {}
    for name, (module, x) in layouts.items():
        torch.manual_seed(7)
        y = module(x)
        found[name] = y.transpose(0, 1) if name == "time major" else y
    assert torch.equal(found["batch first"], found["time major"])
    assert torch.equal(found["columns outermost"], found["time major"])
