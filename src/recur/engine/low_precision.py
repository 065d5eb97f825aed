"""Precisions of matrix products: their names, and the reference of those whose factors are rounded.

int8, for inference only: each row of a matrix, and the vector of each row of the batch, is divided by its own scale, so
that its largest element is 127, and rounded to whole numbers from -127 to 127. Their products are summed exactly, and
the sum is multiplied by both scales:

    s(v) = max |v_k| / 127,   q(v)_k = round(v_k / s(v)),   W v = s(W_i) s(v) sum_k q(W_i)_k q(v)_k

A vector is scaled at every step by its own largest element, so no rows are needed to calibrate it. Where the input is
put together with other vectors, [x, h], it has a scale of its own, as do the columns of the matrix that multiply it:
their product is computed for all steps before the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from recur.engine import torch_state
from recur.errors import BackendError

PRECISIONS = ("float32", "bfloat16", "int8")
"""What a layer's ``precision`` may be; the core's numbers for them are their places here."""

WIDEST = 128 * 1024 - 64
"""Rows and columns of a matrix whose products of 8 bits the native backend can sum in 32 bits."""

_LARGEST_WHOLE = 127
_SMALLEST = 2.0**-100  # rows below it are zero: 127 divided by their largest element may be infinite


def product(matrix: Tensor, vector: Tensor, precision: str, parts: Sequence[int] = ()) -> Tensor:
    """W v for rows of vectors (..., n) and a matrix (m, n), with factors in a precision.

    Parameters
    ----------
    parts : sequence of int
        The sizes of the parts of the vector that are not the input and that are, in turns; empty where all of it is
        one of them.
    """
    if precision == "int8":
        if not parts:
            return _int8_product(matrix, vector)
        columns, elements = (torch.split(one, list(parts), -1) for one in (matrix, vector))
        of_input, of_rest = (
            _int8_product(torch.cat(columns[first::2], -1), torch.cat(elements[first::2], -1)) for first in (1, 0)
        )
        return of_input + of_rest
    if precision == "bfloat16":
        matrix, vector = round_to_bfloat16(matrix), round_to_bfloat16(vector)
    return F.linear(vector, matrix)


def round_to_bfloat16(value: Tensor) -> Tensor:
    """The nearest bfloat16, in the dtype it came in."""
    return value.to(torch.bfloat16).to(value.dtype)


def quantize(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers from -127 to 127, in the dtype of the rows (..., n), and the scale of each row (..., 1).

    The scale of a row that is not finite is NaN.
    """
    if not rows.shape[-1]:
        return rows, rows.new_zeros((*rows.shape[:-1], 1))
    largest = rows.abs().amax(-1, keepdim=True)
    counts = largest >= _SMALLEST
    # a number divided by a tensor would be multiplied by its reciprocal, which rounds twice
    inverse = torch.where(counts, torch.full_like(largest, _LARGEST_WHOLE) / largest, 0.0)
    scale = torch.where(counts, largest / _LARGEST_WHOLE, 0.0)
    return torch.round(rows * inverse), torch.where(largest.isfinite(), scale, torch.nan)


def _int8_product(matrix: Tensor, vector: Tensor) -> Tensor:
    dtype = torch.promote_types(vector.dtype, torch.float32)
    whole, scale = quantize(vector.to(dtype))
    whole_matrix, scales = quantize(matrix.to(dtype))
    # sums of whole numbers are exact in float64, on every device
    sums = F.linear(whole.double(), whole_matrix.double()).to(dtype)
    return (sums * scale * scales.squeeze(-1)).to(vector.dtype)


def refuse_gradients(precision: str, tensors: Iterable[Tensor] = ()) -> None:
    """Refuse to compute in a precision that has no gradient where one of the tensors, or a transform, needs it.

    Raises
    ------
    BackendError
        If the precision is int8, whose rounded factors have the derivative 0 almost everywhere.
    """
    if precision != "int8":
        return
    if torch_state.dual() or (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        raise _no_gradients()


def refuse_backward(precision: str) -> None:
    """Refuse BPTT written out, and derivatives of one step, in a precision that has no gradient."""
    if precision == "int8":
        raise _no_gradients()


def _no_gradients() -> BackendError:
    return BackendError(
        'precision is "int8", which is for inference: rounded factors have no gradient',
        hint='with torch.no_grad(): ... for inference; layer.precision = "float32" for gradients',
    )
