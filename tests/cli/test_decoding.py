"""The flags of decoding, and the options that they set."""

from __future__ import annotations

import math

import pytest

from recur.cli.decoding import DecodingFlags, check_range
from recur.errors import ConfigError


def test_only_what_was_given_is_an_option() -> None:
    assert DecodingFlags().options() == {}
    flags = DecodingFlags(length=0, temperature=0.0, stop=["a", "b"])
    assert flags.options(beam=2, top=None) == {"length": 0, "temperature": 0.0, "stop": ("a", "b"), "beam": 2}


@pytest.mark.parametrize("value", [None, 1, 9, 4.5])
def test_a_number_within_its_bounds_is_taken(value: float | None) -> None:
    check_range("--top", value, 1, 9)


@pytest.mark.parametrize(
    ("value", "got"), [(0, "got 0"), (10, "got 10"), (math.nan, "got nan"), (10**40, "a number of more than 30 digits")]
)
def test_a_number_out_of_its_bounds_is_refused(value: float, got: str) -> None:
    with pytest.raises(ConfigError, match="--top must be from 1 to 9,") as caught:
        check_range("--top", value, 1, 9)
    assert got in caught.value.message
    assert caught.value.hint == "--top 1"
