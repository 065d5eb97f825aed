"""Work that is done together fails apart."""

from __future__ import annotations

from typing import Any

from recur.serve.batcher import apart


def test_one_that_fails_spoils_no_other_of_its_batch() -> None:
    def work(items: Any) -> list[int]:
        if 0 in items:
            raise ValueError("zero")
        return [10 // item for item in items]

    found = apart(work, [1, 0, 5])
    assert (found[0], found[2]) == (10, 2)
    assert isinstance(found[1], ValueError)
