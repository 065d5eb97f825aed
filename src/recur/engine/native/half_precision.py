"""Half precision around the core, which computes in float32 and float64: tensors are widened, results narrowed.

float16 or bfloat16 tensors    products of bfloat16 factors for bfloat16, everything else in float32
under autocast                 the same, with states of the dtypes of torch.nn's layers under autocast
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recur.engine.backend_interface import Call, Result
from recur.engine.noise import Noise

HALVES = (torch.bfloat16, torch.float16)
# under autocast these states are combined with the old state and have its dtype; all others come out of a product
_MIXED = {"gru": {"h": "h"}, "gru_layernorm": {"h": "h"}, "gru_reset_before": {"h": "h"}, "lstm_projected": {"c": "c"}}
# oneDNN's LSTM returns everything in one dtype, and does not support ragged sequences
_MIXED_PACKED = {**_MIXED, "lstm": {"h": "c", "c": "c"}}


@dataclass(frozen=True)
class HalfPrecision:
    """The conversions of a call in half precision.

    Attributes
    ----------
    precision : str
        Precision of the products, once everything is float32.
    dtypes : dict of str to torch.dtype
        Dtype of each returned state.
    """

    precision: str
    dtypes: dict[str, torch.dtype]

    def narrow(self, result: Result) -> Result:
        """The result in the dtypes that the caller expects."""
        states = {name: state.to(self.dtypes[name]) for name, state in result.states.items()}
        series = result.all_states
        if series is not None:
            series = {name: one.to(self.dtypes[name]) for name, one in series.items()}
        first = next(iter(self.dtypes.values()))
        return replace(result, outputs=result.outputs.to(first), states=states, all_states=series)


def half_precision_of(call: Call) -> HalfPrecision | None:
    """The conversions of a call in half precision; None where it computes in the dtype of its tensors."""
    parameters = {parameter.dtype for parameter in call.parameters.values()}
    states = {name: state.dtype for name, state in call.states.items()}
    return half_precision_for(
        call.equation.name, call.x.dtype, states, parameters, call.precision, call.packing is not None
    )


def half_precision_for(
    cell: str,
    x: torch.dtype,
    states: Mapping[str, torch.dtype],
    parameters: set[torch.dtype],
    precision: str,
    packed: bool = False,
) -> HalfPrecision | None:
    """The same, from dtypes alone."""
    if torch.is_autocast_enabled("cpu") and torch.float64 not in parameters:
        dtype = torch.get_autocast_dtype("cpu")
        mixed = (_MIXED_PACKED if packed else _MIXED).get(cell, {})
        dtypes = {n: torch.promote_types(states[mixed[n]], dtype) if n in mixed else dtype for n in states}
        return HalfPrecision("bfloat16" if dtype is torch.bfloat16 else precision, dtypes)
    if x in HALVES:
        return HalfPrecision("bfloat16" if x is torch.bfloat16 else precision, dict.fromkeys(states, x))
    return None


def widen(call: Call, half: HalfPrecision) -> Call:
    """The call on float32 tensors."""

    def wide(value: Tensor | float) -> Tensor | float:
        return value.float() if isinstance(value, Tensor) else value

    recurrent = {name: mask.float() for name, mask in call.noise.recurrent.items()}
    zoneout = {name: wide(mask) for name, mask in call.noise.zoneout.items()}
    return replace(
        call,
        x=call.x.float(),
        states={name: state.float() for name, state in call.states.items()},
        parameters={name: parameter.float() for name, parameter in call.parameters.items()},
        noise=Noise(recurrent, zoneout, {name: wide(drawn) for name, drawn in call.noise.drawn.items()}),
        precision=half.precision,
    )
