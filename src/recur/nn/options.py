"""Options of a recurrent layer: their defaults, and how ``repr`` shows those in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

import torch

from recur.errors import did_you_mean
from recur.nn.checks import ArgumentTypeError

Device = torch.device | str | int | None  # device of the parameters, as torch.nn takes it


class Extras(TypedDict, total=False):
    """The keyword-only options that every recurrent layer has beyond torch.nn's; ``Recurrent`` documents each."""

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


# in the order in which a layer's repr shows them
EXTRAS: Mapping[str, object] = {
    "residual": False,
    "merge": "concat",
    "variational_dropout": 0.0,
    "recurrent_dropout": 0.0,
    "zoneout": 0.0,
    "weight_drop": 0.0,
    "memory_steps": None,
    "recurrent_init": "uniform",
    "learn_initial_state": False,
    "engine": "auto",
    "precision": "float32",
    "memory_budget": None,
}

# the value of an option that a layer leaves out; torch.nn's options first
_SHOWN: Mapping[str, object] = {
    "proj_size": 0,
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0,
    "bidirectional": False,
    "layer_norm": False,
    "forget_bias": None,
    **EXTRAS,
    "zoneout": {},
}


def complete(kind: str, options: Extras) -> dict[str, Any]:
    """Return every extra option of a layer, with defaults for those not given.

    Raises
    ------
    ArgumentTypeError
        If there is no option of a given name.
    """
    for name in options:
        if name not in EXTRAS:
            raise ArgumentTypeError(
                f"{kind} got an unexpected keyword argument '{name}'.{did_you_mean(name, list(_SHOWN))}",
                hint=f"its own options are {', '.join(EXTRAS)}",
            )
    return {**EXTRAS, **cast(dict[str, Any], options)}


def describe(layer: object) -> list[str]:
    """Return ``name=value`` for every option of a layer that is not at its default."""
    shown = {name: getattr(layer, name, default) for name, default in _SHOWN.items()}
    return [f"{name}={value}" for name, value in shown.items() if value != _SHOWN[name]]
