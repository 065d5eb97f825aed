"""Image encoder: convolutions with pooling, and random shifts and flips in training."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from recur.errors import ConfigError

PLACES = 7  # a side of the grid that is read out place by place (Simonyan and Zisserman 2015)
_GROUP = 8  # channels that are normalised together


class Convolutions(nn.Module):
    """A small convolutional network over pictures.

        a_0 = x,   a_k = relu(norm(maxpool_2(W_k * a_{k-1})))          K layers, each halves height and width

    where W_k * a is a convolution of 3 x 3 with zeros around, and norm a group normalisation: it looks at one picture
    alone, so that neither the other rows of a batch nor padding change what becomes of it.

    Parameters
    ----------
    grid : (int, int, int)
        Height, width and channels of a picture.
    channels : sequence of int
        Channels of each layer; none leaves the picture as it is.
    pooling : "flatten" or "mean"
        How `vectors` are made of the last layer: all places side by side, after averaging down to at most 7 x 7, or
        the mean over all places.

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
        height, width, given = grid
        layers: list[nn.Module] = []
        for made in channels:
            layers += [
                nn.Conv2d(given, made, 3, padding=1, bias=False),
                # what follows the pooling has a quarter of the work
                nn.MaxPool2d(2, ceil_mode=True),
                nn.GroupNorm(math.gcd(made, max(1, made // _GROUP)), made), nn.ReLU(),
            ]  # fmt: skip
            height, width, given = -(-height // 2), -(-width // 2), made
        self.layers = nn.Sequential(*layers)
        self.channels, self.places = given, (height, width)
        self.size = given if pooling == "mean" else given * min(height, PLACES) * min(width, PLACES)

    def maps(self, pictures: Tensor) -> Tensor:
        """The last layer: (N, H, W, C) to (N, h, w, K)."""
        if pictures.shape[1:] != self.grid:
            raise ConfigError(f"pictures have shape {tuple(pictures.shape[1:])}, expected {self.grid}")
        found: Tensor = self.layers(pictures.permute(0, 3, 1, 2))
        return found.permute(0, 2, 3, 1)

    def vectors(self, maps: Tensor) -> Tensor:
        """What is read of the last layer: (N, h, w, K) to (N, X)."""
        if self.pooling == "mean":
            return maps.mean((1, 2))
        height, width = min(maps.shape[1], PLACES), min(maps.shape[2], PLACES)
        if maps.shape[1:3] != (height, width):
            maps = functional.adaptive_avg_pool2d(maps.permute(0, 3, 1, 2), (height, width)).permute(0, 2, 3, 1)
        return maps.flatten(1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(..., H, W, C) to (..., X)."""
        found = self.vectors(self.maps(pictures.reshape(-1, *pictures.shape[-3:])))
        return found.reshape(*pictures.shape[:-3], self.size)


class Augment(nn.Module):
    """Other views of the same pictures while learning; in evaluation they stay as they are.

    Parameters
    ----------
    shift : bool
        Move each picture by up to an eighth of its sides, drawn evenly; what comes in repeats the edge.
    flip : bool
        Mirror every second picture, drawn evenly, left for right.

    Frames of one row are changed alike.

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
            mirrored = torch.rand(rows, 1, device=device) < 0.5
            across = torch.where(mirrored, width - 1 - across, across)
        if self.shift:
            down = down + _offsets(rows, height, device)
            across = across + _offsets(rows, width, device)
        down, across = down.clamp(0, height - 1), across.clamp(0, width - 1)
        row = torch.arange(rows, device=device)[:, None, None]
        # (B, H, W, ..., C): the places first, so that one look-up serves all steps of a row
        first = pictures.movedim((-3, -2), (1, 2))
        return first[row, down[:, :, None], across[:, None, :]].movedim((1, 2), (-3, -2))

    def extra_repr(self) -> str:
        return f"shift={self.shift}, flip={self.flip}"


def _offsets(rows: int, side: int, device: torch.device) -> Tensor:
    most = side // 8
    return torch.randint(-most, most + 1, (rows, 1), device=device)
