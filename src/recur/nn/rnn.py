"""``RNN``: the Elman network with torch.nn.RNN's constructor, parameters and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Unpack

import torch

from recur.errors import ConfigError, did_you_mean
from recur.nn.options import Device, Extras
from recur.nn.parameter_binding import TORCH_NAMES
from recur.nn.recurrent import Recurrent

PROJECTION_REFUSED = "proj_size argument is only supported for LSTM, not RNN or GRU"


class RNN(Recurrent):
    r"""An Elman network: h_t = tanh(W_xh x_t + b_ih + W_hh h_{t-1} + b_hh), or relu for tanh.

    It has everything that torch.nn.RNN has, and the keyword-only options of ``Recurrent``.

    Parameters
    ----------
    input_size : int
        X.
    hidden_size : int or sequence of int
        H, or one H per layer.
    num_layers : int
        L.
    nonlinearity : "tanh" or "relu"
        Activation function.
    bias, batch_first, dropout, bidirectional, device, dtype
        As in torch.nn.RNN.
    **extras
        ``residual``, ``merge``, ``variational_dropout``, ``recurrent_dropout``, ``zoneout``, ``weight_drop``,
        ``recurrent_init``, ``learn_initial_state``, ``engine``, ``precision``, ``memory_budget``: see ``Recurrent``.

    Raises
    ------
    ArgumentTypeError, ConfigError
        As in torch.nn.RNN, with a hint; also for an option that does not fit.

    Attributes
    ----------
    weight_ih_l[k] : nn.Parameter
        (H, X) in the first layer, (H, D*H) above; with ``_reverse`` for the other direction.
    weight_hh_l[k] : nn.Parameter
        (H, H).
    bias_ih_l[k], bias_hh_l[k] : nn.Parameter
        (H,); their sum is the equation's b.

    Examples
    --------
    >>> import torch
    >>> from recur.nn import RNN
    >>> output, h = RNN(10, 20, num_layers=2)(torch.randn(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))

    References
    ----------
    J. L. Elman (1990), Finding structure in time.
    """

    naming: ClassVar[Mapping[str, tuple[str, ...]]] = TORCH_NAMES

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        proj_size: int | None = None,
        **extras: Unpack[Extras],
    ) -> None:
        if proj_size is not None:
            raise ConfigError(PROJECTION_REFUSED, hint="LSTM(..., proj_size=...)")
        if nonlinearity not in ("tanh", "relu"):
            raise ConfigError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
                f"{did_you_mean(str(nonlinearity), ('tanh', 'relu'))}",
                hint="any other: recur.nn.Recurrent over an equation of your own, with @recur.equation",
            )
        super().__init__(
            "elman" if nonlinearity == "tanh" else "elman_relu",
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype, **extras,
        )  # fmt: skip
        self.nonlinearity = nonlinearity
        self.mode = f"RNN_{nonlinearity.upper()}"
        self.proj_size = 0
