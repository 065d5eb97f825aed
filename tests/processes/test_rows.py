"""Rows of a batch by process, and carried states divided and joined."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.network import Batch
from recur.processes.rows import joined, rows_of_state, share_of, take


@given(total=st.integers(1, 40), size=st.integers(1, 9))
def test_every_row_is_computed_by_exactly_one_process(total: int, size: int) -> None:
    shares = [share_of(total, rank, size, torch.clone) for rank in range(size)]
    assert sorted(row for share in shares if share.counted for row in share.rows.tolist()) == list(range(total))
    assert all(len(share.rows) for share in shares)
    sizes = [len(share.rows) * share.counted for share in shares]
    assert max(sizes) - min(sizes) <= 1


@given(total=st.integers(1, 12), before=st.integers(1, 5), after=st.integers(1, 5))
def test_a_state_is_joined_and_divided_among_another_number_of_processes(total: int, before: int, after: int) -> None:
    whole = [(torch.arange(2.0 * total * 3).view(2, total, 3), torch.rand(1, total, 2)), {"m": torch.rand(1, total, 4)}]
    parts = [rows_of_state(whole, rank, before) for rank in range(before)]
    found = joined(parts, total)
    assert torch.equal(found[0][0], whole[0][0])
    assert torch.equal(found[0][1], whole[0][1])
    assert torch.equal(found[1]["m"], whole[1]["m"])
    again = [rows_of_state(found, rank, after)[0][0] for rank in range(after)]
    assert torch.equal(joined(again, total), whole[0][0])


def test_rows_of_a_batch_keep_its_padding_and_its_rate() -> None:
    batch = Batch(
        torch.arange(12).view(3, 4), torch.tensor([4, 1, 2]), torch.arange(3), resets=torch.eye(3, 4).bool(), rate=0.5
    )
    part = take(batch, torch.tensor([0, 2]))
    assert part.inputs is not None
    assert part.inputs.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert part.input_lengths is not None
    assert part.input_lengths.tolist() == [4, 2]
    assert part.targets.tolist() == [0, 2]
    assert part.target_lengths is None
    assert part.resets is not None
    assert part.resets.shape == (2, 4)
    assert part.rate == batch.rate
