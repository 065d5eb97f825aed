"""``Readout``: z_t = W_hy h_t + b_y, its probabilities and its error."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recur.errors import ConfigError
from recur.nn.checks import LayerInputError
from recur.nn.graph_writer import GraphWriter, write_affine
from recur.nn.loss import linear_cross_entropy
from recur.nn.options import Device


class Readout(nn.Module):
    """The readout of each step: z_t = W_hy h_t + b_y.

    Parameters
    ----------
    hidden_size : int
        H, columns of h_t.
    output_size : int
        V, classes or columns of z_t.
    bias : bool
        Whether b_y exists.
    tied : nn.Embedding, optional
        An embedding (V, H) whose weight is W_hy (Press and Wolf 2017, Using the output embedding to improve
        language models). The one matrix then has two names in a state_dict.
    device, dtype
        Device and dtype of the parameters.

    Attributes
    ----------
    weight : nn.Parameter
        (V, H), W_hy.
    bias : nn.Parameter or None
        (V,), b_y.

    Raises
    ------
    ConfigError
        If the tied embedding has another shape.

    Examples
    --------
    >>> import torch
    >>> readout = Readout(8, 100)
    >>> readout(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 100])
    """

    bias: nn.Parameter | None

    def __init__(
        self,
        hidden_size: int,
        output_size: int,
        bias: bool = True,
        *,
        tied: nn.Embedding | None = None,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.output_size = output_size
        if tied is not None:
            if tuple(tied.weight.shape) != (output_size, hidden_size):
                raise ConfigError(
                    f"the tied embedding is {tuple(tied.weight.shape)}, expected (V, H) = {(output_size, hidden_size)}",
                    hint=f"embedding size and hidden size of the last layer must be one: {hidden_size}",
                )
            self.weight = tied.weight
            device, dtype = tied.weight.device, tied.weight.dtype
        else:
            self.weight = nn.Parameter(torch.empty(output_size, hidden_size, device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(output_size, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.tied = tied is not None
        self.reset_parameters()

    @property
    def matrix(self) -> Readout | None:
        """The readout itself: it consists of one matrix W_hy with its bias."""
        return self

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw W_hy and b_y from U(-1/sqrt(H), 1/sqrt(H)); a tied W_hy stays as its embedding made it."""
        bound = 1 / math.sqrt(self.hidden_size)
        if not self.tied:
            nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            if self.tied:
                nn.init.zeros_(self.bias)
            else:
                nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, h: Tensor) -> Tensor:
        """Return z (..., V) of h (..., H)."""
        if h.shape[-1] != self.hidden_size:
            raise LayerInputError(
                f"h has {h.shape[-1]} columns, expected {self.hidden_size}",
                hint=f"Readout({h.shape[-1]}, {self.output_size}): a bidirectional layer has 2H columns",
            )
        return functional.linear(h, self.weight, self.bias)

    def log_prob(self, h: Tensor) -> Tensor:
        """Return log softmax(z) (..., V) of h (..., H)."""
        return functional.log_softmax(self(h), dim=-1)

    def write(self, graph: GraphWriter, h: str) -> str:
        """Write z (..., V) of h (..., H) as nodes of a graph."""
        return write_affine(graph, h, self.weight, self.bias)

    def write_log_prob(self, graph: GraphWriter, h: str) -> str:
        """Write log softmax(z) (..., V) of h (..., H) as nodes of a graph."""
        return graph.add("LogSoftmax", self.write(graph, h), axis=-1)

    def loss(self, h: Tensor, target: Tensor, **options: Any) -> Tensor:
        """Return the cross-entropy of ``target`` (...); ``options`` as in ``linear_cross_entropy``."""
        return linear_cross_entropy(h, self.weight, target, self.bias, **options)

    def extra_repr(self) -> str:
        return (
            f"{self.hidden_size}, {self.output_size}"
            + (", bias=False" if self.bias is None else "")
            + (", tied=True" if self.tied else "")
        )
