"""Fitted codecs, and the row that cannot be read."""

from __future__ import annotations

import pytest

from recur.data.examples.examples import Example
from recur.data.examples.fit import located
from recur.errors import TooLargeError
from tests.data.reading import refused


def test_an_error_of_memory_has_the_row_and_keeps_its_kind() -> None:
    def fail(values: object) -> None:
        next(values)
        raise MemoryError("Unable to allocate 7 TiB")

    message = refused(lambda: located(iter([Example(1, 1, "a.csv:3")]), 0, fail)).message
    assert message == "a.csv:3 needs more memory than there is (Unable to allocate 7 TiB)"

    def too_large(values: object) -> None:
        next(values)
        raise TooLargeError("too large")

    with pytest.raises(TooLargeError, match="a.csv:3: too large"):
        located(iter([Example(1, 1, "a.csv:3")]), 0, too_large)
