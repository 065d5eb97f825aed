"""The output after each row's last real step, in every layout, and of both directions."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from recur.nn import LayerInputError, last

OUTPUT = torch.arange(24.0).reshape(2, 3, 4)


def test_the_last_real_step_of_each_row_is_taken() -> None:
    assert last(OUTPUT, [3, 1]).tolist() == [[8, 9, 10, 11], [12, 13, 14, 15]]
    assert last(OUTPUT).tolist() == [[8, 9, 10, 11], [20, 21, 22, 23]]
    assert last(OUTPUT.transpose(0, 1), [3, 1], batch_first=False).tolist() == last(OUTPUT, [3, 1]).tolist()


def test_the_backward_half_is_that_of_the_first_step() -> None:
    assert last(OUTPUT, [3, 1], bidirectional=True).tolist() == [[8, 9, 2, 3], [12, 13, 14, 15]]
    assert last(OUTPUT, bidirectional=True).tolist() == [[8, 9, 2, 3], [20, 21, 14, 15]]


def test_a_row_of_no_steps_gives_zeros() -> None:
    assert last(OUTPUT, [0, 2], bidirectional=True).tolist() == [[0, 0, 0, 0], [16, 17, 14, 15]]


@pytest.mark.parametrize("lengths", [[3, 1], [1, 3]], ids=["longest first", "shortest first"])
def test_packed_outputs_carry_their_lengths(lengths: list[int]) -> None:
    packed = pack_padded_sequence(OUTPUT, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    assert last(packed, batch_first=False).tolist() == last(OUTPUT, lengths).tolist()
    with pytest.raises(LayerInputError, match="carries its own lengths"):
        last(packed, lengths)


@pytest.mark.parametrize(
    ("size", "options", "message"),
    [((3, 4), {}, "three axes"), ((2, 3, 5), {"bidirectional": True}, "5 columns, which are not two directions"),
     ((2, 3, 4), {"lengths": [4, 1]}, "lengths")],
    ids=["two axes", "an odd number of columns", "too long"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(size: tuple[int, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(LayerInputError, match=message):
        last(torch.zeros(size), **options)
