"""Rows put together: what has steps, and what is padded."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.network.batch import Batch, Encoded, has_time, pad, step_mask


@pytest.mark.parametrize(
    ("array", "timed"),
    [
        (np.array(3), False), (np.array([3, 1]), True), (np.array([1.0, 2.0], np.float32), False),
        (np.zeros((5, 4), np.float32), True), (np.zeros((5, 4), np.int64), True),
        (np.zeros((6, 5, 3), np.float32), False), (np.zeros((2, 6, 5, 3), np.float32), True),
    ],
    ids=["id", "ids", "numbers", "steps of numbers", "spelled words", "picture", "frames"],
)  # fmt: skip
def test_what_has_steps_is_seen_from_its_shape_and_dtype(array: np.ndarray, timed: bool) -> None:
    assert has_time(array) is timed
    values, lengths = pad([array, array])
    assert values is not None
    assert values.shape == (2, *array.shape)
    assert (None if lengths is None else lengths.tolist()) == ([len(array)] * 2 if timed else None)


@pytest.mark.parametrize(
    ("source", "target", "steps"),
    [
        (np.array([1, 2, 3]), np.array(0), 3), (np.array([1]), np.zeros((4, 2), np.float32), 4),
        (None, np.array([1, 2]), 2), (np.zeros(9, np.float32), np.array(1), 1),
        (np.array([], np.int64), np.array(1), 0),
    ],
    ids=["input", "target", "no input", "neither", "empty"],
)  # fmt: skip
def test_a_row_is_as_long_as_its_longer_side(source: np.ndarray | None, target: np.ndarray, steps: int) -> None:
    assert Encoded(source, target).steps == steps


def test_rows_are_padded_with_zeros_after_their_last_step() -> None:
    values, lengths = pad([np.array([5]), np.array([6, 7, 8]), np.array([], np.int64)])
    assert values is not None
    assert lengths is not None
    assert values.tolist() == [[5, 0, 0], [6, 7, 8], [0, 0, 0]]
    assert lengths.tolist() == [1, 3, 0]
    assert (values.dtype, lengths.dtype) == (torch.int64, torch.int64)


def test_words_of_different_length_are_padded_on_both_axes() -> None:
    values, _ = pad([np.array([[1, 2]]), np.array([[3, 4, 5], [6, 0, 0]])])
    assert values is not None
    assert values.tolist() == [[[1, 2, 0], [0, 0, 0]], [[3, 4, 5], [6, 0, 0]]]


def test_frames_keep_their_size_and_are_padded_in_time_alone() -> None:
    values, lengths = pad([np.ones((1, 2, 2, 1), np.float32), np.ones((3, 2, 2, 1), np.float32)])
    assert values is not None
    assert lengths is not None
    assert values.flatten(1).sum(1).tolist() == [4.0, 12.0]
    assert lengths.tolist() == [1, 3]


def test_rows_without_a_step_are_one_step_wide_and_no_input_is_none() -> None:
    values, lengths = pad([np.zeros((0, 2), np.float32)])
    assert values is not None
    assert lengths is not None
    assert values.shape == (1, 1, 2)
    assert lengths.tolist() == [0]
    assert pad([None, None]) == (None, None)


def test_real_steps_are_those_before_the_length() -> None:
    mask = step_mask(torch.tensor([2, 0, 3]), torch.zeros(3, 3, 7))
    assert mask is not None
    assert mask.tolist() == [[True, True, False], [False] * 3, [True] * 3]
    assert step_mask(None, torch.zeros(3, 3)) is None


def test_a_batch_moves_with_everything_that_it_has() -> None:
    batch = Batch(
        torch.ones(2, 3), torch.tensor([3, 1]), torch.ones(2), torch.tensor([1, 1]), torch.ones(2, 3) > 0, rate=0.5
    )
    moved = batch.to("meta")
    parts = (moved.inputs, moved.input_lengths, moved.targets, moved.target_lengths, moved.resets)
    assert [part is not None and part.is_meta for part in parts] == [True] * 5
    assert [tuple(part.shape) for part in parts if part is not None] == [(2, 3), (2,), (2,), (2,), (2, 3)]
    assert (moved.rate, len(moved)) == (0.5, 2)
    assert Batch(None, None, torch.ones(4)).to("meta").inputs is None
