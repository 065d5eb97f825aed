"""Convolutions over pictures as ONNX, so that a file reads pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from recur.export.writer import Writer
from recur.nn import Convolutions
from recur.nn.convolutions import PLACES
from recur.nn.graph_writer import FLOAT, array_of


def write_pictures(writer: Writer, network: Convolutions, x: str, *, timed: bool) -> str:
    """Standardised pictures (B, H, W, C) to vectors (B, X); with time (B, T, H, W, C) to (B, T, X)."""
    height, width, channels = network.grid
    flat = writer.add("Reshape", x, writer.integers(-1, height, width, channels)) if timed else x
    maps = writer.add("Transpose", flat, perm=[0, 3, 1, 2])
    for layer in network.layers:
        if isinstance(layer, nn.Conv2d):
            weight = writer.constant(array_of(layer.weight), FLOAT, "weight")
            maps = writer.add("Conv", maps, weight, pads=[1, 1, 1, 1])
        elif isinstance(layer, nn.MaxPool2d):
            maps = writer.add("MaxPool", maps, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
            height, width = -(-height // 2), -(-width // 2)
        elif isinstance(layer, nn.GroupNorm):
            maps = _group_norm(writer, layer, maps, height, width)
        elif isinstance(layer, nn.ReLU):
            maps = writer.add("Relu", maps)
        else:
            raise TypeError(type(layer).__name__)
    vectors = _vectors(writer, network, maps, height, width)
    if not timed:
        return vectors
    shape = writer.add("Slice", writer.add("Shape", x), writer.integers(0), writer.integers(2), writer.integers(0))
    return writer.add("Reshape", vectors, writer.add("Concat", shape, writer.integers(network.size), axis=0))


def _group_norm(writer: Writer, layer: nn.GroupNorm, maps: str, height: int, width: int) -> str:
    """Write groups as instances of an instance normalisation: ONNX's GroupNormalization differs between versions."""
    groups, channels = layer.num_groups, layer.num_channels
    grouped = writer.add("Reshape", maps, writer.integers(0, groups, channels // groups * height * width))
    ones, zeros = writer.constant(np.ones(groups)), writer.constant(np.zeros(groups))
    normal = writer.add("InstanceNormalization", grouped, ones, zeros, epsilon=float(layer.eps))
    back = writer.add("Reshape", normal, writer.integers(-1, channels, height, width))
    scale, shift = (array_of(p)[:, None, None] for p in (layer.weight, layer.bias))
    return writer.add("Add", writer.add("Mul", back, writer.constant(scale)), writer.constant(shift))


def _vectors(writer: Writer, network: Convolutions, maps: str, height: int, width: int) -> str:
    """Write the output of the last layer (N, K, h, w): the mean, or at most 7 x 7 places in a row, channels last."""
    if network.pooling == "mean":
        return writer.add("ReduceMean", maps, writer.integers(2, 3), keepdims=0)
    # adaptive averaging is a matrix product for each side
    for side, place in ((width, -1), (height, -2)):
        if side > PLACES:
            matrix = writer.constant(_averages(side))
            turned = maps if place == -1 else writer.add("Transpose", maps, perm=[0, 1, 3, 2])
            averaged = writer.add("MatMul", turned, matrix)
            maps = averaged if place == -1 else writer.add("Transpose", averaged, perm=[0, 1, 3, 2])
    last = writer.add("Transpose", maps, perm=[0, 2, 3, 1])
    return writer.add("Reshape", last, writer.integers(-1, network.size))


def _averages(side: int) -> np.ndarray:
    """(side, 7): the mean over the places that torch's adaptive pooling puts together."""
    with torch.no_grad():
        matrix: np.ndarray = nn.functional.adaptive_avg_pool1d(torch.eye(side)[None], PLACES)[0].numpy()
    return matrix
