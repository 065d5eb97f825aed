"""``Inputs``: from the arrays of a codec to the vectors x_t.

ids       x_t = sqrt(X) E[id_t], E the embedding matrix (V, X)
spelled   x_t = [sqrt(X) E[id_t], what a network over the letters of the word says]
numbers   x_t = the columns themselves, those that feed further inputs of the cell last
pictures  x_t = convolutions of the picture

E starts uniformly within +-``embedding_range``, which is small, so that a rare word soon moves far from where chance
put it (Merity et al. 2018, section 5); the factor sqrt(X) makes vectors large enough to drive the gates, and lets the
matrix be the readout's at the same time (Vaswani et al. 2017, section 3.4). A gradient of E has the same factor, which
Adam divides out again and plain gradient descent does not: there a rate of lr is one of X lr for E, and the clipped
norm is E's alone. ``scale_embedding`` false leaves the factor out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from recur.engine import torch_state
from recur.errors import ConfigError
from recur.network.cell_inputs import column_order
from recur.network.spelling_encoder import SpellingEncoder
from recur.nn import Augment, Convolutions, Embedding
from recur.nn.dropout import Drop
from recur.nn.look_up import LookUp

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class Inputs(nn.Module):
    """Vectors for the values of a codec, with the forms of dropout that belong to them.

    Parameters
    ----------
    codec : Codec
        What the values are.
    config : ModelConfig
        ``embedding_size``, ``scale_embedding``, ``embedding_dropout``, ``dropout``, ``variational_dropout``,
        ``tie_weights``; of pictures ``convolutions``, ``picture_pooling``, ``augment``.
    symbols : int, optional
        Number of ids, where it is more than the codec's own.
    size : int, optional
        Length of an embedding where the configuration leaves it open.

    Attributes
    ----------
    size : int
        X, the length of a vector.
    order : list of int or None
        Of numbers: the columns in the order in which the cell reads them, where that is another.
    """

    def __init__(
        self, codec: Codec, config: ModelConfig, *, symbols: int | None = None, size: int | None = None
    ) -> None:
        super().__init__()
        self.embedding: Embedding | None = None
        self.pictures: Convolutions | None = None
        self.order = column_order(config, codec)
        self.size = codec.size if self.order is None else len(self.order)
        self.drop = Drop(config.dropout.rate, config.dropout.variational)
        if codec.discrete:
            self.size = config.embedding.size or size or config.layer_sizes[0]
            self.embedding = Embedding(symbols or codec.size, self.size, dropout=config.dropout.embedding)
            nn.init.uniform_(self.embedding.weight, -config.embedding.range, config.embedding.range)
            self.scale = math.sqrt(self.size) if config.embedding.scale else 1.0
        elif codec.grid is not None:
            self.augment = Augment(shift="shift" in config.pictures.augment, flip="flip" in config.pictures.augment)
            self.pictures = Convolutions(codec.grid, config.pictures.convolutions, config.pictures.pooling)
            self.size = self.pictures.size
        self.letters: SpellingEncoder | None = None
        if codec.letter_count:
            self.letters = SpellingEncoder(codec.letter_count, config.embedding.character_size or self.size)
            self.size += self.letters.size

    def forward(self, values: Tensor) -> Tensor:
        """Return the vectors (B, T, X) or (B, X) of values.

        They are ids (B, T) or (B,), words with their letters (B, T, 1 + L), numbers (B, T, C) or (B, C), or pictures
        (B, T, H, W, C) or (B, H, W, C).
        """
        if self.pictures is not None:
            found: Tensor = self.drop(self.pictures(self.augment(values)))
            return found
        if self.embedding is None:
            return values if self.order is None else values[..., self.order]
        words = values if self.letters is None else values[..., 0]
        vectors: Tensor = self.embedding(words) * self.scale
        if self.letters is not None:
            vectors = torch.cat([vectors, self.letters(values[..., 1:])], dim=-1)
        dropped: Tensor = self.drop(vectors)
        return dropped

    def for_layer(self, values: Tensor) -> Tensor | LookUp:
        """The same for a recurrent layer, which need not have vectors that nothing else reads or changes."""
        embedding = self.embedding
        if embedding is None or self.letters is not None or not torch.is_grad_enabled() or values.dim() != 2:
            return self._vectors(values)
        if not _only_looks_up(embedding):
            return self._vectors(values)
        dropped = self.drop.active or (self.training and embedding.dropout > 0)
        if dropped or torch_state.hooked(self) or torch.compiler.is_compiling():
            return self._vectors(values)
        embedding.check(values)
        return LookUp(values.long(), embedding.weight * self.scale)

    def _vectors(self, values: Tensor) -> Tensor:
        vectors: Tensor = self(values)
        return vectors

    def places(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, X) of pictures (B, H, W, C), and beside them what is at each place, (B, S, K), row by row."""
        if self.pictures is None:
            raise ConfigError("only a picture has positions to attend to", hint="leave out attention")
        maps = self.pictures.maps(self.augment(values))
        vectors: Tensor = self.drop(self.pictures.vectors(maps))
        places: Tensor = self.drop(maps.flatten(1, 2))
        return vectors, places


def _only_looks_up(embedding: Embedding) -> bool:
    """Whether an embedding, in whose place another may have been put, does no more than torch's look-up of its rows."""
    plain = type(embedding).forward is Embedding.forward
    return (
        plain
        and embedding.padding_idx is None
        and embedding.max_norm is None
        and not (embedding.sparse or embedding.scale_grad_by_freq)
    )
