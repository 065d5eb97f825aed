"""The character encoder: a small bidirectional LSTM over the characters of each distinct word.

           e_w                  e_w = [forward state after the last letter, backward state after the first one]
            ^
          +---+    +---+    +---+
          | h |<-->| h |<-->| h |
          +---+    +---+    +---+
            ^        ^        ^
            c        a        t

Sources: Ling et al. 2015 (Finding function in form, section 3); Lample et al. 2016 (Neural architectures for named
entity recognition, section 4.1).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recur.nn import LSTM, Embedding


class SpellingEncoder(nn.Module):
    """Vectors of spellings.

    Parameters
    ----------
    letter_count : int
        Number of letter ids; 0 is no letter.
    hidden_size : int
        H, length of a letter's vector, and of the state of each direction.

    Attributes
    ----------
    size : int
        2H, length of a spelling's vector.
    """

    def __init__(self, letter_count: int, hidden_size: int) -> None:
        super().__init__()
        self.size = 2 * hidden_size
        self.embedding = Embedding(letter_count, hidden_size)
        self.layer = LSTM(hidden_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, letters: Tensor) -> Tensor:
        """Ids (..., L), zeros after the last letter, to vectors (..., 2H); a word without letters gives zeros."""
        shape, longest = letters.shape[:-1], letters.shape[-1]
        if longest == 0:
            return self.embedding.weight.new_zeros(*shape, self.size)
        # a batch has the same word many times, and its padding is one more
        spellings, places = torch.unique(letters.reshape(-1, longest), dim=0, return_inverse=True)
        lengths = (spellings != 0).sum(dim=1)
        _, (hidden, _) = self.layer(self.embedding(spellings), lengths=lengths)
        states = torch.cat([hidden[0], hidden[1]], dim=-1)
        return states.index_select(0, places).view(*shape, self.size)
