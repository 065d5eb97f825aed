"""Outputs that a network does not have are refused, with the nearest."""

from __future__ import annotations

import pytest

from recur import inspect as inspector
from recur.errors import DataError
from tests.inspect.helpers import learned


def test_a_word_that_it_cannot_say_is_refused_with_the_nearest() -> None:
    mode = learned("synced", "words", None, {})
    with pytest.raises(DataError, match="dog"):
        inspector.influence(mode, "the", target="dogg")
    writer = learned("many-to-many", "words", "words", {})
    for target in ("", " ", "dogg", "the dog"):
        with pytest.raises(DataError, match="not a single symbol"):
            inspector.influence(writer, "the dog", target=target)
    with pytest.raises(DataError, match="there is no item 9"):
        inspector.influence(learned("synced", "words", "tags", {}), "the dog", at=9)
