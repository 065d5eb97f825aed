"""The keyword-only options that every recurrent layer has beyond torch.nn's, and how a layer names those in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class Extras(TypedDict, total=False):
    """What each means stands in ``Recurrent``."""

    residual: bool
    merge: str
    variational_dropout: float
    recurrent_dropout: float
    zoneout: float | Mapping[str, float]
    weight_drop: float
    memory_steps: int | None
    recurrent_init: str
    learn_initial_state: bool
    engine: str
    precision: str
    memory_budget: int | str | None


# in the order in which a layer's repr shows them, torch.nn's first
_DEFAULTS: dict[str, Any] = {
    "proj_size": 0,
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0,
    "bidirectional": False,
    "layer_norm": False,
    "residual": False,
    "merge": "concat",
    "variational_dropout": 0,
    "recurrent_dropout": 0,
    "zoneout": {},
    "weight_drop": 0,
    "forget_bias": None,
    "memory_steps": None,
    "recurrent_init": "uniform",
    "learn_initial_state": False,
    "engine": "auto",
    "precision": "float32",
    "memory_budget": None,
}


def describe(layer: object) -> list[str]:
    """Return ``name=value`` for every option of a layer that is not at its default."""
    found = {name: getattr(layer, name, default) for name, default in _DEFAULTS.items()}
    return [f"{name}={value}" for name, value in found.items() if value != _DEFAULTS[name]]
