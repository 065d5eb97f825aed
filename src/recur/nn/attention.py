"""Attention over an encoder's states: which steps of the source a decoder step reads."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recur.nn.checks import LayerInputError
from recur.nn.options import Device
from recur.nn.padding import as_lengths


@dataclass(frozen=True)
class PlainAttention:
    """The matrices of an attention, for programs that are written elsewhere.

    Attributes
    ----------
    key : Tensor
        W_k (., E).
    scale : float
        Factor of the keys.
    query, bias, vector : Tensor or None
        W_q (A, Q), b (A,) and v (1, A) where the score is v . tanh(W_q q + k + b); without these it is q . k.
    """

    key: Tensor
    scale: float = 1.0
    query: Tensor | None = None
    bias: Tensor | None = None
    vector: Tensor | None = None


class Attention(nn.Module, ABC):
    """Weights a_s = softmax over source steps s of score(q, k_s), and the context sum_s a_s k_s.

    A subclass defines the score; lengths, softmax and context are the same for all.
    """

    query_size: int
    states_size: int

    @abstractmethod
    def keys(self, states: Tensor) -> Tensor:
        """The part of the score that depends only on the encoder's states (B, S, E): (B, S, .)."""

    @abstractmethod
    def score(self, query: Tensor, keys: Tensor) -> Tensor:
        """Scores (B, T, S) of queries (B, T, Q) and keys (B, S, .)."""

    @abstractmethod
    def plain(self) -> PlainAttention:
        """Return the matrices of the score."""

    def forward(
        self,
        query: Tensor,
        states: Tensor,
        lengths: Tensor | Sequence[int] | None = None,
        keys: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read the encoder's states.

        Parameters
        ----------
        query : Tensor
            (B, Q) for one decoder step, (B, T, Q) for all.
        states : Tensor
            (B, S, E) outputs of the encoder.
        lengths : Tensor or sequence of int, optional
            (B,) real steps of each source row; padding gets no weight, whatever its values.
        keys : Tensor, optional
            ``self.keys(states)``, to compute it once for many steps.

        Returns
        -------
        context : Tensor
            (B, E) or (B, T, E).
        weights : Tensor
            (B, S) or (B, T, S); sum to 1 over the real steps; all zero for a row of no steps.

        Raises
        ------
        LayerInputError
            If shapes do not fit.
        """
        self._check(query, states)
        batch, source = states.shape[:2]
        padding = None
        if lengths is not None:
            counted = as_lengths(lengths, source, batch).to(states.device)
            padding = torch.arange(source, device=states.device) >= counted.unsqueeze(1)
            states = states.masked_fill(padding.unsqueeze(-1), 0)
            keys = None if keys is None else keys.masked_fill(padding.unsqueeze(-1), 0)
        queries = query.unsqueeze(1) if query.dim() == 2 else query
        scores = self.score(queries, self.keys(states) if keys is None else keys)
        if padding is None:
            weights = scores.softmax(-1)
        else:
            hidden = padding.unsqueeze(1)
            # the softmax over no steps is undefined: such a row keeps its scores, and its weights are zeroed
            nothing = (counted == 0).view(-1, 1, 1)
            weights = scores.masked_fill(hidden & ~nothing, -torch.inf).softmax(-1).masked_fill(hidden, 0)
        context = weights @ states
        return (context.squeeze(1), weights.squeeze(1)) if query.dim() == 2 else (context, weights)

    def _check(self, query: Tensor, states: Tensor) -> None:
        if states.dim() != 3 or states.shape[-1] != self.states_size:
            raise LayerInputError(
                f"states have shape {tuple(states.shape)}, expected (B, S, E) with E={self.states_size}",
                hint="a bidirectional encoder has E = 2H columns",
            )
        fits = query.dim() in (2, 3) and query.shape[0] == states.shape[0] and query.shape[-1] == self.query_size
        if not fits:
            raise LayerInputError(
                f"query has shape {tuple(query.shape)}, expected (B, Q) or (B, T, Q) with B={states.shape[0]} "
                f"and Q={self.query_size}"
            )


class BahdanauAttention(Attention):
    """Additive attention: score(q, k) = v . tanh(W_q q + W_k k + b).

    Parameters
    ----------
    query_size : int
        Q, size of the decoder's state.
    states_size : int
        E, size of the encoder's outputs.
    attention_size : int, optional
        Size of the hidden layer; default Q.
    device, dtype
        Device and dtype of the parameters.

    Examples
    --------
    >>> import torch
    >>> attention = BahdanauAttention(8, 6)
    >>> context, weights = attention(torch.randn(2, 8), torch.randn(2, 5, 6), lengths=[5, 3])
    >>> context.shape, weights[1, 3:].tolist()
    (torch.Size([2, 6]), [0.0, 0.0])

    References
    ----------
    D. Bahdanau, K. Cho, Y. Bengio (2015), Neural machine translation by jointly learning to align and translate,
    appendix A.1.2.
    """

    def __init__(
        self,
        query_size: int,
        states_size: int,
        attention_size: int | None = None,
        *,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.query_size, self.states_size = query_size, states_size
        size = attention_size or query_size
        self.query = nn.Linear(query_size, size, device=device, dtype=dtype)
        self.key = nn.Linear(states_size, size, bias=False, device=device, dtype=dtype)
        self.vector = nn.Linear(size, 1, bias=False, device=device, dtype=dtype)

    def keys(self, states: Tensor) -> Tensor:
        """W_k k_s: (B, S, A)."""
        keys: Tensor = self.key(states)
        return keys

    def score(self, query: Tensor, keys: Tensor) -> Tensor:
        """v . tanh(W_q q_t + W_k k_s + b): (B, T, S)."""
        mixed = torch.tanh(self.query(query).unsqueeze(2) + keys.unsqueeze(1))
        scores: Tensor = self.vector(mixed).squeeze(-1)
        return scores

    def plain(self) -> PlainAttention:
        return PlainAttention(self.key.weight, 1.0, self.query.weight, self.query.bias, self.vector.weight)


class LuongAttention(Attention):
    """Multiplicative attention, general form: score(q, k) = q . W k, or q . W k / sqrt(Q).

    Parameters
    ----------
    query_size : int
        Q, size of the decoder's state.
    states_size : int
        E, size of the encoder's outputs.
    scaled : bool
        Divide by sqrt(Q), so that initial scores are small for any Q and the weights do not saturate on one step before
        training has begun (Vaswani et al. 2017, section 3.2.1).
    device, dtype
        Device and dtype of the parameters.

    Examples
    --------
    >>> import torch
    >>> context, weights = LuongAttention(8, 6)(torch.randn(2, 4, 8), torch.randn(2, 5, 6))
    >>> context.shape, weights.shape
    (torch.Size([2, 4, 6]), torch.Size([2, 4, 5]))

    References
    ----------
    M.-T. Luong, H. Pham, C. D. Manning (2015), Effective approaches to attention-based neural machine translation,
    section 3.1.
    """

    def __init__(
        self,
        query_size: int,
        states_size: int,
        *,
        scaled: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.query_size, self.states_size = query_size, states_size
        self.scale = 1 / math.sqrt(query_size) if scaled else 1.0
        self.key = nn.Linear(states_size, query_size, bias=False, device=device, dtype=dtype)

    def keys(self, states: Tensor) -> Tensor:
        """W k_s: (B, S, Q), scaled."""
        keys: Tensor = self.key(states) * self.scale
        return keys

    def score(self, query: Tensor, keys: Tensor) -> Tensor:
        """q_t . W k_s: (B, T, S)."""
        return query @ keys.transpose(1, 2)

    def plain(self) -> PlainAttention:
        return PlainAttention(self.key.weight, self.scale)
