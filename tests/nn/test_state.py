"""States as a caller sees them and as the layers see them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur.nn.checks import LayerInputError
from recur.nn.state import flat_state, join_state, map_state, same_sizes, split_state

ONE = [{"h": 3, "c": 3}] * 2
DIFFERENT = [{"h": 3, "c": 3}, {"h": 2, "c": 2}]


def pair(rows: int, size: int = 3, first: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    h = first + torch.arange(float(rows * 2 * size)).view(rows, 2, size)
    return h, -h


def test_rows_are_layer_by_layer_and_within_a_layer_direction_by_direction() -> None:
    h, c = pair(4)
    parts = split_state("LSTM", (h, c), ["h", "c"], ONE, 2, 2)
    assert [torch.equal(parts[layer][way]["h"], h[2 * layer + way]) for layer in range(2) for way in range(2)] == [
        True
    ] * 4
    assert torch.equal(parts[1][0]["c"], c[2])


@pytest.mark.parametrize(
    ("state", "names", "sizes"),
    [
        (pair(4), ["h", "c"], ONE), ([pair(2), pair(2, 2)], ["h", "c"], DIFFERENT), (pair(4)[0], ["h"], [{"h": 3}] * 2),
        ([pair(2)[0], pair(2, 2)[0]], ["h"], [{"h": 3}, {"h": 2}]),
    ],
    ids=["two states", "layers of two sizes", "one state", "one state, two sizes"],
)  # fmt: skip
def test_what_is_split_is_joined_again(state: Any, names: list[str], sizes: list[dict[str, int]]) -> None:
    joined = join_state(split_state("Recurrent", state, names, sizes, 2, 2), names, sizes)
    assert type(joined) is type(state)
    assert [torch.equal(*both) for both in zip(flat_state(joined), flat_state(state), strict=True)] == [True] * len(
        flat_state(state)
    )


def test_a_state_without_a_batch_is_one_row() -> None:
    [[one]] = split_state("GRU", torch.ones(1, 3), ["h"], [{"h": 3}], 1, None)
    assert one["h"].shape == (1, 3)


@pytest.mark.parametrize(
    ("state", "sizes", "message", "hint"),
    [
        (torch.zeros(4, 2, 3), ONE, r"is a tuple of 2 tensors \(h, c\), got", "pass (h, c), or None for zeros"),
        ((torch.zeros(4, 2, 3), torch.zeros(4, 2, 5)), ONE, r"Expected hidden\[1\] size \(4, 2, 3\), got \[4, 2, 5\]",
         "states are (layers x directions, batch, size); None starts from zeros"),
        ((torch.zeros(2, 4, 3), torch.zeros(2, 4, 3)), ONE, r"Expected hidden\[0\] size \(4, 2, 3\), got \[2, 4, 3\]",
         "also when batch_first=True: hx.transpose(0, 1)"),
        (pair(4), DIFFERENT, "a list with one state per layer; expected 2, got", None),
    ],
    ids=["one tensor", "another size", "batch first", "layers of two sizes"],
)  # fmt: skip
def test_a_state_that_does_not_fit_is_refused(state: Any, sizes: Any, message: str, hint: str | None) -> None:
    if sizes is DIFFERENT:
        state = [state]
    with pytest.raises(LayerInputError, match=message) as caught:
        split_state("LSTM", state, ["h", "c"], sizes, 2, 2)
    assert (hint or "pass back the state") in (caught.value.hint or "")


def test_a_function_reaches_every_tensor_and_keeps_the_form() -> None:
    state = [pair(2), pair(2, 2)]
    doubled = map_state(lambda one: one * 2, state)
    assert isinstance(doubled, list)
    assert isinstance(doubled[0], tuple)
    for one, other in zip(flat_state(doubled), flat_state(state), strict=True):
        assert torch.equal(one, other * 2)


def test_sizes_are_one_where_all_layers_have_them() -> None:
    assert same_sizes(ONE)
    assert not same_sizes(DIFFERENT)
