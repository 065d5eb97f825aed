"""Addresses: as they are typed, and as a path without one of its slashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.errors import RunError
from recur.hub import Address, address_of

_NAMES = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9_]{0,20}[a-zA-Z0-9])?", fullmatch=True)


@given(_NAMES, _NAMES, st.none() | _NAMES)
def test_an_address_is_read_as_it_is_written(user: str, name: str, revision: str | None) -> None:
    address = Address(f"{user}/{name}", revision)
    assert address_of(str(address)) == address
    assert address_of(Path(str(address))) == address


@pytest.mark.parametrize("path", ["runs/a", "/hf/a", "hf", "C:/a", "s3://a/b"])
def test_a_path_is_no_address(path: str) -> None:
    assert address_of(path) is None


@pytest.mark.parametrize(
    "text", ["hf://", "hf://a", "hf://a/b/c", "hf://a/b@", "hf://a/../b", "hf://a/b c", "hf://a/b@x@y"]
)
def test_what_begins_as_an_address_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(RunError, match="expected hf://USER/NAME"):
        address_of(text)
