"""Shared rows: the masks of a row are the same whoever computes it, and the generators end in the same state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from recur.errors import TrainingError
from recur.nn import GRU, LSTM, Augment, LockedDropout
from recur.nn.dropout import Drop
from recur.nn.shared_rows import current, for_rows, of_places, part_of_mean, sharing, total_count
from tests.processes.simulated import shares
from tests.tolerances import close

ROWS, STEPS, SIZE = 5, 4, 6
LENGTHS = torch.tensor([4, 1, 3, 0, 2])
OPTIONS = {"batch_first": True, "num_layers": 2}


def by_step(x: Tensor) -> Tensor:
    """The same values with the memory order of the steps, as layers write their outputs."""
    rows, steps, size = x.shape
    return x.new_empty(steps, rows, size).copy_(x.transpose(0, 1)).transpose(0, 1)


MODULES: dict[str, Callable[[], tuple[nn.Module, tuple[int, ...]]]] = {
    "a mask for each step": lambda: (Drop(0.4, 0.0), (STEPS, SIZE)),
    "a mask for each step and one for all": lambda: (Drop(0.4, 0.3), (STEPS, SIZE)),
    "vectors without time": lambda: (Drop(0.4, 0.3), (SIZE,)),
    "locked": lambda: (LockedDropout(0.4), (STEPS, SIZE)),
    "pictures": lambda: (Augment(shift=True, flip=True), (16, 16, 1)),
    "between layers": lambda: (LSTM(SIZE, 8, dropout=0.4, variational_dropout=0.3, **OPTIONS), (STEPS, SIZE)),
    "within a layer": lambda: (GRU(SIZE, 8, recurrent_dropout=0.4, zoneout=0.3, **OPTIONS), (STEPS, SIZE)),
    "weights": lambda: (LSTM(SIZE, 8, weight_drop=0.4, **OPTIONS), (STEPS, SIZE)),
}


@pytest.mark.parametrize("size", [2, 3, 7])
@pytest.mark.parametrize("order", [lambda x: x, by_step], ids=["by row", "by step"])
@pytest.mark.parametrize("name", MODULES)
def test_a_row_has_the_masks_that_it_has_in_the_whole_batch(
    name: str, order: Callable[[Tensor], Tensor], size: int
) -> None:
    torch.manual_seed(0)
    module, shape = MODULES[name]()
    x = torch.rand(ROWS, *shape)
    lengths = {"lengths": LENGTHS} if isinstance(module, (LSTM, GRU)) else {}

    def run(rows: Tensor) -> tuple[Tensor, Tensor]:
        torch.manual_seed(1)
        part = x[rows]
        own = {key: each[rows] for key, each in lengths.items()}
        outputs = module(order(part) if part.dim() == 3 else part, **own)
        return (outputs[0] if isinstance(outputs, tuple) else outputs).detach(), torch.get_rng_state()

    whole, after = run(torch.arange(ROWS))
    for share, (outputs, state) in shares(size, ROWS, lambda share: run(share.rows)):
        close(outputs, whole[share.rows])
        assert torch.equal(state, after)


def test_one_row_of_time_major_memory_has_its_mask_too() -> None:
    drop, x = Drop(0.5, 0.0), torch.ones(ROWS, STEPS, SIZE)

    def run(rows: Tensor) -> Tensor:
        torch.manual_seed(1)
        found: Tensor = drop(by_step(x[rows]))
        return found

    whole = run(torch.arange(ROWS))
    for share, outputs in shares(ROWS, ROWS, lambda share: run(share.rows)):
        assert len(share.rows) == 1
        assert torch.equal(outputs, whole[share.rows])


@pytest.mark.parametrize("size", [1, 2, 4, 9])
def test_parts_of_a_mean_add_up_to_it_whoever_has_the_values(size: int) -> None:
    values, known = torch.randn(ROWS), torch.tensor([True, True, False, True, False])

    def part(rows: Tensor) -> Tensor:
        own = values[rows][known[rows]]
        return part_of_mean(own.mean() if len(own) else own.sum(), len(own))

    parts = [one for _, one in shares(size, ROWS, lambda share: part(share.rows))]
    close(torch.stack(parts).sum(), values[known].mean())


def test_places_of_rows_are_counted_over_all_processes() -> None:
    counts = torch.tensor([2, 0, 3, 1, 1])
    found = {}
    for share, places in shares(7, ROWS, lambda share: of_places(counts[share.rows])):
        assert places is not None
        assert places.total == int(counts.sum())
        if share.counted:
            found[int(share.rows)] = places.rows.tolist()
    assert found == {0: [0, 1], 1: [], 2: [2, 3, 4], 3: [5], 4: [6]}


def test_a_whole_batch_is_left_as_it_is() -> None:
    assert current() is None
    assert of_places(torch.tensor([1])) is None
    assert total_count(3.0) == 3.0
    mean = torch.tensor(2.0)
    assert part_of_mean(mean, 5) is mean
    with sharing(None):
        assert for_rows((2,), 0, torch.ones).tolist() == [1.0, 1.0]


def test_numbers_for_other_rows_than_those_of_the_batch_are_refused() -> None:
    def draw(size: int) -> Tensor:
        return for_rows((size, 2), 0, torch.rand)

    with pytest.raises(TrainingError, match="for 9 rows, expected the 3 rows"):
        list(shares(2, 6, lambda _: draw(9)))
