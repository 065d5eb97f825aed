"""``GRU``: the gated recurrent unit with torch.nn.GRU's constructor, parameters and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Unpack

import torch

from recur.errors import ConfigError
from recur.nn.options import Device, Extras
from recur.nn.parameter_binding import TORCH_NAMES
from recur.nn.recurrent import Recurrent
from recur.nn.rnn import PROJECTION_REFUSED


class GRU(Recurrent):
    r"""The gated recurrent unit, with the reset gate after the product, as in torch and cuDNN.

        r, z = sigmoid of the first two blocks of  W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
        n = tanh(W_in x_t + b_in + r (W_hn h_{t-1} + b_hn))
        h_t = (1 - z) n + z h_{t-1}

    where r is the reset gate and z the update gate. It has everything that torch.nn.GRU has, and the keyword-only
    options of ``Recurrent``. The first published form, with the reset gate before the product, is
    ``Recurrent("gru_reset_before", ...)``.

    Parameters
    ----------
    input_size : int
        X.
    hidden_size : int or sequence of int
        H, or one H per layer.
    num_layers : int
        L.
    bias, batch_first, dropout, bidirectional, device, dtype
        As in torch.nn.GRU.
    layer_norm : bool
        Normalise both products (Ba et al. 2016).
    **extras
        ``residual``, ``merge``, ``variational_dropout``, ``recurrent_dropout``, ``zoneout``, ``weight_drop``,
        ``recurrent_init``, ``learn_initial_state``, ``engine``, ``precision``, ``memory_budget``: see ``Recurrent``.

    Raises
    ------
    ArgumentTypeError, ConfigError
        As in torch.nn.GRU, with a hint; also for an option that does not fit.

    Attributes
    ----------
    weight_ih_l[k] : nn.Parameter
        (3H, X) in the first layer, (3H, D*H) above, blocks r z n; with ``_reverse`` for the other direction.
    weight_hh_l[k] : nn.Parameter
        (3H, H).
    bias_ih_l[k], bias_hh_l[k] : nn.Parameter
        (3H,).

    Examples
    --------
    >>> import torch
    >>> from recur.nn import GRU
    >>> output, h = GRU(10, [20, 30], batch_first=True)(torch.randn(3, 5, 10))
    >>> output.shape, [layer.shape for layer in h]
    (torch.Size([3, 5, 30]), [torch.Size([1, 3, 20]), torch.Size([1, 3, 30])])

    References
    ----------
    K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder.
    """

    naming: ClassVar[Mapping[str, tuple[str, ...]]] = TORCH_NAMES

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        proj_size: int | None = None,
        **extras: Unpack[Extras],
    ) -> None:
        if proj_size is not None:
            raise ConfigError(PROJECTION_REFUSED, hint="LSTM(..., proj_size=...)")
        super().__init__(
            "gru_layernorm" if layer_norm else "gru",
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype, **extras,
        )  # fmt: skip
        self.mode = "GRU"
        self.proj_size = 0
        self.layer_norm = layer_norm
