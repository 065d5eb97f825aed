"""Networks in 8 bits: the answers that their form in C must give, and what rounding costs.

The products of layers are those of the precision int8 of the engine (`recur.engine.low_precision`). So are the products
of the readout and of layers without time; the rows of an embedding are rounded in the same way, each with its scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn import Module
from torch.nn import functional as F

from recur.engine.low_precision import product, quantize
from recur.errors import ConfigError
from recur.export.c.network import Network
from recur.export.c.rows import Rows
from recur.export.reference import as_read, forecasts_of, rows_in_words
from recur.modes.forecast import Forecast, forecasts
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.nn.graph_writer import dense_layers
from recur.nn.layer_precision import in_precision

ALLOWED = 0.02
"""Largest difference from the engine in 8 bits, as a share of the largest value: a vector that differs in its last bit
may be rounded to the next whole number, which is 1/127 of its largest element."""


def in_int8(mode: Mode) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from the inputs of a row to the answers of a network in 8 bits."""
    if forecasts(mode):
        return _forecasts_in_int8(mode)
    if mode.one_pass is None:
        raise ConfigError(f"{mode.name} does not answer in one pass", hint="leave out --int8")
    return _answers_in_int8(mode, mode.one_pass)


def _forecasts_in_int8(mode: Forecast) -> Callable[[np.ndarray], np.ndarray]:
    readout = mode.output.readout

    def rounded(module: Module, read: tuple[Tensor, ...], z: Tensor) -> Tensor:
        del module, z
        product_of = product(readout.weight, read[0], "int8")
        return product_of if readout.bias is None else product_of + readout.bias

    def answers(own: np.ndarray) -> np.ndarray:
        hook = readout.register_forward_hook(rounded)
        try:
            with in_precision(mode, "int8"):
                return forecasts_of(mode, own)
        finally:
            hook.remove()

    return answers


def _answers_in_int8(mode: Mode, parts: OnePass) -> Callable[[np.ndarray], np.ndarray]:
    @torch.no_grad()
    def answers(own: np.ndarray) -> np.ndarray:
        values = as_read(require_input(mode.input_codec, mode.name), own).to(mode.device)
        with _rounded(parts.inputs), in_precision(mode, "int8"):
            vectors = _vectors(parts, values)
        readout = parts.head.plain()
        z = product(readout.weight, vectors, "int8")
        z = z if readout.bias is None else z + readout.bias
        if readout.ends_in == "softmax":
            z = z.softmax(-1)
        elif readout.ends_in == "sigmoid":
            z = z.sigmoid()
        elif readout.ends_in == "units":
            mean, deviation = (torch.from_numpy(np.ravel(each)) for each in mode.target_codec.normalisation())
            z = z * deviation + mean
        found: np.ndarray = z.reshape(-1, len(readout.weight)).float().cpu().numpy()
        return found if parts.pooling or parts.stack is None else found[: len(own)]

    return answers


def _vectors(parts: OnePass, values: Tensor) -> Tensor:
    """What is read out."""
    if parts.stack is not None:
        steps = len(values)
        values = values if steps else values.new_zeros((1, *values.shape[1:]))
        return parts.run(values[None], None, torch.tensor([steps], device=values.device))[0]
    vectors: Tensor = parts.inputs(values)
    for weight, bias in dense_layers(parts.hidden) if parts.hidden is not None else []:
        z = product(torch.from_numpy(weight), vectors, "int8")
        vectors = F.relu(z if bias is None else z + torch.from_numpy(bias))
    return vectors


@contextmanager
def _rounded(inputs: Inputs) -> Iterator[None]:
    """The embedding with rounded rows, for the length of a block."""
    if inputs.embedding is None:
        yield
        return
    weight = inputs.embedding.weight
    own = weight.data
    whole, scale = quantize(own)
    try:
        weight.data = whole * scale
        yield
    finally:
        weight.data = own


def answers_to(rows: Rows, exact: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the answers of a network to rows, one after the other."""
    ends = np.cumsum(rows.steps)
    return np.concatenate([exact(rows.x[end - steps : end]) for steps, end in zip(rows.steps, ends, strict=True)])


def what_rounding_costs(rows: Rows, network: Network, exact: Callable[[np.ndarray], np.ndarray], bits: int = 8) -> str:
    """Compare the answers in 8 or 16 bits with those in float32 on the same rows; return a sentence."""
    y, rounded = answers_to(rows, exact), rows.y
    compared = rows_in_words(len(rows.steps), rows.held_out)
    if network.outputs > 1 and not network.numbers:
        same = float((y.argmax(-1) == rounded.argmax(-1)).mean())
        return (
            f"In {bits} bits the likeliest of an answer is that of float32 in {same:.1%} of {len(y):,} answers to "
            f"{compared}; the mean difference is {np.abs(y - rounded).mean():.1e}"
        )
    share = float(np.sqrt(np.square(y - rounded).mean()) / max(1e-30, float(y.std())))
    return (
        f"In {bits} bits answers differ from float32 by {share:.1%} of their standard deviation (root mean square of "
        f"{len(y):,} answers to {compared})"
    )
