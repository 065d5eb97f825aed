"""The cache of arrays: bounded in bytes, the least recently used one dropped first."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from recur.codecs.array_cache import ArrayCache, file_key


def test_what_is_kept_stays_within_its_bound() -> None:
    kept = ArrayCache(most=100)
    for index in range(10):
        kept.put(index, np.zeros(4))
    assert kept.bytes <= 100
    assert len(kept) == 3
    assert kept.get(9) is not None
    assert kept.get(0) is None
    kept.put(9, np.zeros(4))
    assert kept.bytes == 96
    kept.put("large", np.zeros(40))
    assert kept.get("large") is None


def test_what_was_asked_for_last_stays_longest() -> None:
    kept = ArrayCache(most=64)
    kept.put("a", np.zeros(4))
    kept.put("b", np.zeros(4))
    assert kept.get("a") is not None
    kept.put("c", np.zeros(4))
    assert kept.get("b") is None
    assert kept.get("a") is not None


def test_what_is_kept_cannot_be_written_to() -> None:
    array = ArrayCache().put("a", np.zeros(4))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_a_file_that_was_written_again_is_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"ab")
    first = file_key(path)
    assert file_key(tmp_path / "." / "a") == first
    path.write_bytes(b"abc")
    second = file_key(path)
    assert second != first
    os.utime(path, ns=(1, 1))
    assert file_key(path) not in (first, second)
    with pytest.raises(FileNotFoundError):
        file_key(tmp_path / "none")
