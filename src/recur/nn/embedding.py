"""``Embedding``: torch.nn.Embedding with word dropout, and with a message that names an id out of range."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from recur.nn.checks import LayerInputError, check_probability
from recur.nn.locked_masks import Locking


class Embedding(Locking, nn.Embedding):
    """A vector for each id; ``dropout`` zeroes whole words, everywhere in the batch.

    Parameters
    ----------
    num_embeddings : int
        V.
    embedding_dim : int
        Size of a vector.
    padding_idx : int, optional
        An id whose vector is zero and stays so.
    dropout : float
        Probability that a word (a row of the weight) is zeroed in one forward pass; the others are scaled up.
    **options
        As in torch.nn.Embedding.

    Examples
    --------
    >>> import torch
    >>> Embedding(10, 4, dropout=0.1)(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 4])

    References
    ----------
    Y. Gal, Z. Ghahramani (2016), section 4.2 (word embeddings dropout). S. Merity et al. (2018), section 4.3.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(num_embeddings, embedding_dim, padding_idx, **options)
        self.dropout = check_probability("dropout", dropout)

    def reset_parameters(self) -> None:
        """Draw new vectors; a network that is only planned has no memory for them."""
        # torch draws there in Python, and imports its compiler for that, which takes as long as torch itself
        if not self.weight.is_meta:
            super().reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids of any shape: (...) gives (..., embedding_dim).

        Raises
        ------
        LayerInputError
            If an id is not in 0..V-1; the message names the id and its position.
        """
        self.check(input)
        vectors = super().forward(input)
        if not self.training or self.dropout == 0:
            return vectors
        keep = 1 - self.dropout
        mask = self.lock("words", lambda: vectors.new_empty(self.num_embeddings).bernoulli_(keep).div_(keep))
        return vectors * mask[input].unsqueeze(-1)

    def check(self, ids: Tensor) -> None:
        """Check that ids are whole numbers in 0..V-1.

        Raises
        ------
        LayerInputError
            If one is not; the message names the id and its position.
        """
        if ids.dtype not in (torch.int64, torch.int32):
            raise LayerInputError(
                f"ids are whole numbers (int64 or int32), got {ids.dtype}",
                hint="vectors of real numbers need no embedding; ids: ids.long()",
            )
        # on a GPU, reading the values would synchronise
        if ids.numel() == 0 or ids.device.type != "cpu":
            return
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= self.num_embeddings:
            wrong = (ids < 0) | (ids >= self.num_embeddings)
            where = wrong.nonzero()[0].tolist()
            raise LayerInputError(
                f"id {int(ids[tuple(where)])} at {where} is not in 0..{self.num_embeddings - 1}",
                hint="the vocabulary that made the ids is larger than this embedding",
            )

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", dropout={self.dropout}" if self.dropout else "")
