"""Image encoder: convolutions with pooling, and random shifts and flips in training."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from recur.errors import ConfigError
from recur.nn.shared_rows import for_rows

PLACES = 7  # largest side of the grid that is flattened position by position (Simonyan and Zisserman 2015)
_GROUP = 8  # channels per group of the normalisation


class Convolutions(nn.Module):
    """A small convolutional network over pictures.

        a_0 = x,   a_k = relu(norm(maxpool_2(W_k * a_{k-1})))          K layers, each halves height and width

    where W_k * a is a 3 x 3 convolution with zero padding, and norm a group normalisation: it depends on one picture
    alone, so that neither the other rows of a batch nor padding change its result.

    Parameters
    ----------
    grid : (int, int, int)
        Height, width and channels of a picture.
    channels : sequence of int
        Channels of each layer; an empty sequence leaves the picture as it is.
    pooling : "flatten" or "mean"
        How the vector is read from the last layer: all positions, averaged down to at most 7 x 7 and flattened, or
        the mean over all positions.

    Attributes
    ----------
    size : int
        X, the length of a vector.
    channels : int
        K of the last layer.
    places : (int, int)
        h and w, rows and columns of the last layer.

    Examples
    --------
    >>> import torch
    >>> network = Convolutions((28, 28, 1), [8, 16])
    >>> network(torch.randn(5, 28, 28, 1)).shape, network.maps(torch.randn(5, 28, 28, 1)).shape
    (torch.Size([5, 784]), torch.Size([5, 7, 7, 16]))

    References
    ----------
    Y. Wu, K. He (2018), Group normalization. K. Simonyan, A. Zisserman (2015), Very deep convolutional networks for
    large-scale image recognition.
    """

    def __init__(self, grid: tuple[int, int, int], channels: Sequence[int], pooling: str = "flatten") -> None:
        super().__init__()
        if pooling not in ("flatten", "mean"):
            raise ConfigError(f'pooling "{pooling}" is unknown', hint="flatten or mean")
        self.grid, self.pooling = grid, pooling
        height, width, channels_in = grid
        layers: list[nn.Module] = []
        for channels_out in channels:
            layers += [
                nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
                # pooling first leaves a quarter of the work to the operations after it
                nn.MaxPool2d(2, ceil_mode=True),
                nn.GroupNorm(math.gcd(channels_out, max(1, channels_out // _GROUP)), channels_out), nn.ReLU(),
            ]  # fmt: skip
            height, width, channels_in = -(-height // 2), -(-width // 2), channels_out
        self.layers = nn.Sequential(*layers)
        self.channels, self.places = channels_in, (height, width)
        self.size = channels_in if pooling == "mean" else channels_in * min(height, PLACES) * min(width, PLACES)

    def maps(self, pictures: Tensor) -> Tensor:
        """The last layer: (N, H, W, C) to (N, h, w, K)."""
        if pictures.shape[1:] != self.grid:
            raise ConfigError(f"pictures have shape {tuple(pictures.shape[1:])}, expected {self.grid}")
        maps: Tensor = self.layers(pictures.permute(0, 3, 1, 2))
        return maps.permute(0, 2, 3, 1)

    def vectors(self, maps: Tensor) -> Tensor:
        """The readout of the last layer: (N, h, w, K) to (N, X)."""
        if self.pooling == "mean":
            return maps.mean((1, 2))
        height, width = min(maps.shape[1], PLACES), min(maps.shape[2], PLACES)
        if maps.shape[1:3] != (height, width):
            maps = functional.adaptive_avg_pool2d(maps.permute(0, 3, 1, 2), (height, width)).permute(0, 2, 3, 1)
        return maps.flatten(1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(..., H, W, C) to (..., X)."""
        vectors = self.vectors(self.maps(pictures.reshape(-1, *pictures.shape[-3:])))
        return vectors.reshape(*pictures.shape[:-3], self.size)


class Augment(nn.Module):
    """Data augmentation of pictures in training; in evaluation they are unchanged.

    Parameters
    ----------
    shift : bool
        Shift each picture by up to an eighth of its sides, uniformly; the edge is repeated.
    flip : bool
        Flip each picture horizontally with probability 1/2.

    All frames of a row are changed in the same way.

    Source: A. Krizhevsky, I. Sutskever, G. Hinton (2012), ImageNet classification, section 4.1.
    """

    def __init__(self, *, shift: bool = False, flip: bool = False) -> None:
        super().__init__()
        self.shift, self.flip = shift, flip

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, ..., H, W, C), unchanged in evaluation."""
        if not self.training or not (self.shift or self.flip):
            return pictures
        rows, (height, width) = pictures.shape[0], pictures.shape[-3:-1]
        device = pictures.device
        down = torch.arange(height, device=device).expand(rows, height)
        across = torch.arange(width, device=device).expand(rows, width)
        if self.flip:
            mirrored = for_rows((rows, 1), 0, lambda shape: torch.rand(shape, device=device)) < 0.5
            across = torch.where(mirrored, width - 1 - across, across)
        if self.shift:
            down = down + _offsets(rows, height, device)
            across = across + _offsets(rows, width, device)
        down, across = down.clamp(0, height - 1), across.clamp(0, width - 1)
        row = torch.arange(rows, device=device)[:, None, None]
        # (B, H, W, ..., C): positions first, so that one look-up serves all steps of a row
        first = pictures.movedim((-3, -2), (1, 2))
        return first[row, down[:, :, None], across[:, None, :]].movedim((1, 2), (-3, -2))

    def extra_repr(self) -> str:
        return f"shift={self.shift}, flip={self.flip}"


def _offsets(rows: int, side: int, device: torch.device) -> Tensor:
    most = side // 8
    return for_rows((rows, 1), 0, lambda shape: torch.randint(-most, most + 1, shape, device=device))
