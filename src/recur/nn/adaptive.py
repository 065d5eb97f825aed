"""``AdaptiveReadout``: a cheaper readout for large vocabularies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recur.errors import ConfigError
from recur.nn.checks import LayerInputError, check_choice
from recur.nn.graph_writer import GraphWriter, write_affine, write_dense
from recur.nn.loss import REDUCTIONS, check_target
from recur.nn.options import Device
from recur.nn.readout import Readout


class AdaptiveReadout(nn.Module):
    """The adaptive softmax: frequent words in a small head, rare ones in clusters with fewer columns.

        log p(y) = log softmax(W_0 h)[y]                                              for y in the head
        log p(y) = log softmax(W_0 h)[cluster of y] + log softmax(V_k P_k h)[y]       for y in cluster k

    where W_0 has a row for each frequent word and each cluster, and P_k projects h to ever fewer columns.

    Ids must be ordered by frequency, the most frequent first.

    Parameters
    ----------
    hidden_size : int
        H.
    output_size : int
        V.
    cutoffs : sequence of int, optional
        Where clusters begin, increasing, below V; default: an eighth and a half of V.
    div_value : float, optional
        Each cluster has this many times fewer columns than the one before; default 4, less for a small H.
    bias : bool
        Whether the head has a bias.
    device, dtype
        Device and dtype of the parameters.

    Raises
    ------
    ConfigError
        If the cutoffs or ``div_value`` leave a cluster without words or columns.

    Examples
    --------
    >>> import torch
    >>> readout = AdaptiveReadout(16, 1000)
    >>> readout.log_prob(torch.randn(2, 5, 16)).shape
    torch.Size([2, 5, 1000])

    References
    ----------
    E. Grave et al. (2017), Efficient softmax approximation for GPUs.
    """

    def __init__(
        self,
        hidden_size: int,
        output_size: int,
        cutoffs: Sequence[int] | None = None,
        *,
        div_value: float | None = None,
        bias: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if output_size < 4 and cutoffs is None:
            raise ConfigError(f"{output_size} classes do not make clusters", hint="Readout(hidden_size, output_size)")
        if cutoffs is None:
            cutoffs = sorted({max(1, output_size // 8), output_size // 2})
        if div_value is None:
            # the rarest cluster keeps at least one column
            div_value = min(4.0, hidden_size ** (1 / max(1, len(cutoffs))))
            while hidden_size // div_value ** len(cutoffs) < 1:
                # the root was rounded up
                div_value = math.nextafter(div_value, 1.0)
        elif hidden_size // div_value ** len(cutoffs) < 1:
            raise ConfigError(
                f"div_value={div_value} leaves no columns of {hidden_size} for the last of {len(cutoffs)} clusters",
                hint="a smaller div_value, or fewer cutoffs",
            )
        self.hidden_size = hidden_size
        self.output_size = output_size
        try:
            self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
                hidden_size, output_size, list(cutoffs), div_value, bias, device=device, dtype=dtype
            )
        except ValueError as error:
            raise ConfigError(
                f"cutoffs={list(cutoffs)} with {output_size} classes: {error}",
                hint=f"whole numbers, increasing, from 1 to {output_size - 1}",
            ) from None

    @property
    def matrix(self) -> Readout | None:
        """None: W_hy is in several matrices."""
        return None

    def forward(self, h: Tensor) -> Tensor:
        """Return log-probabilities (..., V) of h (..., H): the adaptive softmax has no other z."""
        return self.log_prob(h)

    def log_prob(self, h: Tensor) -> Tensor:
        """Return log-probabilities (..., V) of h (..., H)."""
        flat = self.softmax.log_prob(self._flat(h))
        return flat.reshape(*h.shape[:-1], self.output_size)

    def write_log_prob(self, graph: GraphWriter, h: str) -> str:
        """Write log-probabilities (..., V) of h (..., H) as nodes of a graph.

        Those of the head, and of each cluster log p(cluster) + log p(symbol | cluster).
        """
        softmax, ends = self.softmax, graph.integers(-1)
        head = graph.add("LogSoftmax", write_affine(graph, h, softmax.head.weight, softmax.head.bias), axis=-1)
        parts = [graph.add("Slice", head, graph.integers(0), graph.integers(softmax.shortlist_size), ends)]
        for number, cluster in enumerate(softmax.tail):
            if not isinstance(cluster, nn.Sequential):
                raise TypeError(type(cluster).__name__)
            inner = graph.add("LogSoftmax", write_dense(graph, cluster, h), axis=-1)
            start = softmax.shortlist_size + number
            chosen = graph.add("Slice", head, graph.integers(start), graph.integers(start + 1), ends)
            parts.append(graph.add("Add", inner, chosen))
        return graph.add("Concat", *parts, axis=-1)

    def loss(self, h: Tensor, target: Tensor, *, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
        """Return -log p(target), over the steps whose target is not ``ignore_index``.

        Parameters
        ----------
        h : Tensor
            (..., H).
        target : Tensor
            (...) int64.
        ignore_index : int
            Target of the steps that are ignored.
        reduction : "mean", "sum" or "none"
            As in ``linear_cross_entropy``.

        Returns
        -------
        Tensor
            A number, or (...) with "none".

        Raises
        ------
        LayerInputError
            If shapes do not fit or a target is not a class.
        ConfigError
            If the reduction is unknown.
        """
        check_choice("reduction", reduction, REDUCTIONS)
        check_target(h, target)
        goal = target.reshape(-1).long()
        real = goal != ignore_index
        flat, counted = self._flat(h)[real], goal[real]
        if counted.numel() == 0:
            error = flat.sum(-1) * 0.0
        else:
            low, high = int(counted.min()), int(counted.max())
            if low < 0 or high >= self.output_size:
                raise LayerInputError(
                    f"target {low if low < 0 else high} is not in 0..{self.output_size - 1}",
                    hint=f"steps that do not count have the target {ignore_index}",
                )
            error = -self.softmax(flat, counted).output
        if reduction == "none":
            return error.new_zeros(real.shape).masked_scatter(real, error).reshape(target.shape)
        return error.mean() if reduction == "mean" and counted.numel() else error.sum()

    def _flat(self, h: Tensor) -> Tensor:
        if h.shape[-1] != self.hidden_size:
            raise LayerInputError(
                f"h has {h.shape[-1]} columns, expected {self.hidden_size}",
                hint=f"AdaptiveReadout({h.shape[-1]}, {self.output_size})",
            )
        return h.reshape(-1, self.hidden_size)
