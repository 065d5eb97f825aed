"""``LSTM``: long short-term memory with torch.nn.LSTM's constructor, parameters and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Unpack

import torch
from torch import Tensor

from recur.errors import ConfigError
from recur.nn.options import Device, Extras
from recur.nn.parameter_binding import TORCH_NAMES
from recur.nn.recurrent import Recurrent


class LSTM(Recurrent):
    r"""Long short-term memory.

        i, f, g, o = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh       (four blocks of H rows, in this order)
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    where h is the output and c the cell state; with ``proj_size``, h_t is multiplied by W_hr.
    It has everything that torch.nn.LSTM has, and the keyword-only options of ``Recurrent``.

    Parameters
    ----------
    input_size : int
        X.
    hidden_size : int or sequence of int
        H, or one H per layer.
    num_layers : int
        L.
    bias, batch_first, dropout, bidirectional, device, dtype
        As in torch.nn.LSTM.
    proj_size : int
        Size of the projected output; 0 for none.
    layer_norm : bool
        Normalise both products and the cell state (Ba et al. 2016).
    forget_bias : float, optional
        Initial bias of the forget gate; 1 is a good value for long dependencies (Jozefowicz et al. 2015).
    **extras
        ``residual``, ``merge``, ``variational_dropout``, ``recurrent_dropout``, ``zoneout``, ``weight_drop``,
        ``memory_steps``, ``recurrent_init``, ``learn_initial_state``, ``engine``, ``precision``, ``memory_budget``: see
        ``Recurrent``.

    Raises
    ------
    ArgumentTypeError, ConfigError
        As in torch.nn.LSTM, with a hint; also for an option that does not fit.

    Attributes
    ----------
    weight_ih_l[k] : nn.Parameter
        (4H, X) in the first layer, (4H, D*O) above; with ``_reverse`` for the other direction.
    weight_hh_l[k] : nn.Parameter
        (4H, O), where O is H, or ``proj_size``.
    bias_ih_l[k], bias_hh_l[k] : nn.Parameter
        (4H,); their sum is the equation's b.
    weight_hr_l[k] : nn.Parameter
        (proj_size, H), with ``proj_size`` only.

    Examples
    --------
    >>> import torch
    >>> from recur.nn import LSTM
    >>> layer = LSTM(10, 20, batch_first=True, bidirectional=True)
    >>> output, (h, c) = layer(torch.randn(3, 5, 10), lengths=[5, 2, 4])
    >>> output.shape, c.shape
    (torch.Size([3, 5, 40]), torch.Size([2, 3, 20]))

    References
    ----------
    S. Hochreiter, J. Schmidhuber (1997), Long short-term memory. F. Gers et al. (2000), Learning to forget.
    H. Sak et al. (2014), Long short-term memory based recurrent neural network architectures (projection).
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
        proj_size: int = 0,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        forget_bias: float | None = None,
        **extras: Unpack[Extras],
    ) -> None:
        _check_projection(proj_size, hidden_size, layer_norm)
        cell = "lstm_projected" if proj_size else "lstm_layernorm" if layer_norm else "lstm"
        super().__init__(
            cell, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype,
            sizes={"P": proj_size} if proj_size else None, forget_bias=forget_bias, **extras,
        )  # fmt: skip
        self.mode = "LSTM"
        self.proj_size = proj_size
        self.layer_norm = layer_norm

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Return (L*D, B, H), the shape of the cell state.

        Raises
        ------
        LayerInputError
            If the layers differ in size, so that their states are a list.
        """
        return self._expected_sizes(input, batch_sizes)[1]


def _check_projection(proj_size: int, hidden_size: int | Sequence[int], layer_norm: bool) -> None:
    if proj_size < 0:
        raise ConfigError(f"proj_size should be a positive integer or zero to disable projections, got {proj_size}")
    if not proj_size:
        return
    sizes = hidden_size if isinstance(hidden_size, Sequence) else [hidden_size]
    if any(isinstance(size, int) and proj_size >= size for size in sizes):
        raise ConfigError(f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")
    if layer_norm:
        raise ConfigError(
            f"proj_size={proj_size} and layer_norm=True: there is no cell with both",
            hint="write it as an equation: recur.nn.Recurrent(your_equation, ...)",
        )
