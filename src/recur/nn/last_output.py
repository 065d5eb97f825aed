"""``last``: the summary vector of each row, where ``output[:, -1]`` is padding or has read only one step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from recur.nn.checks import LayerInputError
from recur.nn.padding import as_lengths


def last(
    output: Tensor | PackedSequence,
    lengths: Tensor | Sequence[int] | None = None,
    *,
    batch_first: bool = True,
    bidirectional: bool = False,
) -> Tensor:
    """Return the output after each row's last real step.

    In a padded row ``output[:, -1]`` is padding, and in a bidirectional layer its second half has read a single step.
    This function takes the forward half at the last real step and the backward half at the first.

    Parameters
    ----------
    output : Tensor or PackedSequence
        (B, T, O), or (T, B, O) without ``batch_first``.
    lengths : Tensor or sequence of int, optional
        (B,) real steps of each row; all T if left out. A row of no steps gives zeros.
    batch_first : bool
        Axis order of ``output``.
    bidirectional : bool
        Whether ``output`` is the concatenation of two directions.

    Returns
    -------
    Tensor
        (B, O).

    Raises
    ------
    LayerInputError
        If the shapes do not fit.

    Examples
    --------
    >>> import torch
    >>> output = torch.arange(6.0).reshape(2, 3, 1)
    >>> last(output, [3, 1]).flatten().tolist()
    [2.0, 3.0]
    """
    if isinstance(output, PackedSequence):
        if lengths is not None:
            raise LayerInputError("a PackedSequence carries its own lengths", hint="leave lengths out")
        output, lengths = pad_packed_sequence(output, batch_first=True)
        batch_first = True
    if output.dim() != 3:
        raise LayerInputError(
            f"output should have three axes, got shape {tuple(output.shape)}",
            hint="one sequence without a batch: output[-1]",
        )
    if bidirectional and output.shape[-1] % 2:
        raise LayerInputError(
            f"output has {output.shape[-1]} columns, which are not two directions", hint="bidirectional=False"
        )
    if not batch_first:
        output = output.transpose(0, 1)
    batch, time, width = output.shape
    if lengths is None:
        forward = output[:, -1]
        end = torch.full((batch,), time, device=output.device)
    else:
        end = as_lengths(lengths, time, batch).to(output.device)
        index = (end - 1).clamp(min=0).view(-1, 1, 1).expand(-1, 1, width)
        forward = output.gather(1, index).squeeze(1)
    if bidirectional:
        forward = torch.cat([forward[:, : width // 2], output[:, 0, width // 2 :]], dim=-1)
    return forward if lengths is None else forward.masked_fill((end == 0).unsqueeze(-1), 0)
