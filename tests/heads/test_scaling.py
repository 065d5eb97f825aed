"""Standardised numbers in their own units."""

from __future__ import annotations

import torch

from recur.heads.scaling import own_units
from tests.modes.helpers import codec
from tests.tolerances import close


def test_zero_is_the_mean_and_one_is_a_deviation_above_it() -> None:
    numbers = codec("numbers")
    mean, deviation = (torch.from_numpy(each) for each in numbers.normalisation())
    found = own_units(numbers, torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
    close(found, torch.stack([mean, mean + deviation]))
