"""Recording changes nothing of the network that is looked at."""

from __future__ import annotations

import torch

from recur import inspect as inspector
from recur.inspect import record
from tests.modes.helpers import build


def test_looking_changes_nothing() -> None:
    mode = build("synced", "words", None)
    mode.train()
    before = {name: value.clone() for name, value in mode.state_dict().items()}
    inspector.bptt(mode, "a dog")
    assert mode.training
    assert all(torch.equal(value, before[name]) for name, value in mode.state_dict().items())
    assert all(p.grad is None for p in mode.parameters())


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
