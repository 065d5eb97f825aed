"""``Inputs``: from arrays of a codec to the vectors x_t.

ids       x_t = sqrt(X) E[id_t], E the embedding matrix (V, X)
spelled   x_t = [sqrt(X) E[id_t], what a network over the letters of the word says]
numbers   x_t = the columns themselves
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

from recur.errors import ConfigError
from recur.network.spelling_encoder import SpellingEncoder
from recur.nn import Augment, Convolutions, Embedding
from recur.nn.dropout import Drop

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
    """

    def __init__(
        self, codec: Codec, config: ModelConfig, *, symbols: int | None = None, size: int | None = None
    ) -> None:
        super().__init__()
        self.embedding: Embedding | None = None
        self.pictures: Convolutions | None = None
        self.size = codec.size
        self.drop = Drop(config.dropout, config.variational_dropout)
        if codec.discrete:
            self.size = config.embedding_size or size or layer_sizes(config)[0]
            self.embedding = Embedding(symbols or codec.size, self.size, dropout=config.embedding_dropout)
            nn.init.uniform_(self.embedding.weight, -config.embedding_range, config.embedding_range)
            self.scale = math.sqrt(self.size) if config.scale_embedding else 1.0
        elif codec.grid is not None:
            self.augment = Augment(shift="shift" in config.augment, flip="flip" in config.augment)
            self.pictures = Convolutions(codec.grid, config.convolutions, config.picture_pooling)
            self.size = self.pictures.size
        self.letters: SpellingEncoder | None = None
        if codec.letter_count:
            self.letters = SpellingEncoder(codec.letter_count, config.character_size or self.size)
            self.size += self.letters.size

    def forward(self, values: Tensor) -> Tensor:
        """Vectors (B, T, X) or (B, X) of values: ids (B, T) or (B,), words with their letters (B, T, 1 + L), numbers
        (B, T, C) or (B, C), pictures (B, T, H, W, C) or (B, H, W, C)."""
        if self.pictures is not None:
            found: Tensor = self.drop(self.pictures(self.augment(values)))
            return found
        if self.embedding is None:
            return values
        words = values if self.letters is None else values[..., 0]
        vectors: Tensor = self.embedding(words) * self.scale
        if self.letters is not None:
            vectors = torch.cat([vectors, self.letters(values[..., 1:])], dim=-1)
        dropped: Tensor = self.drop(vectors)
        return dropped

    def places(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (B, X) of pictures (B, H, W, C), and beside them what stands at each place, (B, S, K), row by row."""
        if self.pictures is None:
            raise ConfigError("only a picture has places to look at", hint="leave out attention")
        maps = self.pictures.maps(self.augment(values))
        vectors: Tensor = self.drop(self.pictures.vectors(maps))
        places: Tensor = self.drop(maps.flatten(1, 2))
        return vectors, places


def layer_sizes(config: ModelConfig) -> list[int]:
    """The hidden size of every layer.

    Raises
    ------
    ConfigError
        When a list of sizes and the number of layers disagree.
    """
    if not isinstance(config.hidden_size, list):
        return [config.hidden_size] * config.num_layers
    if config.num_layers not in (1, len(config.hidden_size)):
        raise ConfigError(
            f"hidden_size {config.hidden_size} names {len(config.hidden_size)} layers, num_layers is "
            f"{config.num_layers}",
            hint=f"--num-layers {len(config.hidden_size)}",
        )
    return list(config.hidden_size)
