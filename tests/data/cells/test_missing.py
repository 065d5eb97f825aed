"""What says that a target is missing, by its kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur.data.cells.missing import Missing, is_missing


@pytest.mark.parametrize(
    ("value", "codec", "missing"),
    [
        ("", "class", True), ("  ", "class", True), ("NA", "class", True), ("nan", "class", True),
        (None, "class", True),
        (float("nan"), "class", True), (np.float64("nan"), "class", True), ("none", "class", False),
        ("-", "class", False), ("?", "class", False), (0, "class", False), (False, "class", False),
        ("none", "numbers", True), ("-", "numbers", True), ("?", "numbers", True), ("0", "numbers", False),
        ("x", "numbers", False), ("NA", "tags", True), ("", "words", True), ("NA", "words", False),
        (None, "words", True),
    ],
)  # fmt: skip
def test_what_is_missing_depends_on_what_is_predicted(value: Any, codec: str, missing: bool) -> None:
    assert is_missing(value, codec) is missing


def test_missing_targets_are_said_in_words() -> None:
    assert str(Missing(412, 824)) == "412 of 824 targets are missing: not learned from, not measured"
    assert str(Missing(1, 10, 1)).endswith("1 row without any target left out")
    assert Missing(1, 2, 3, "window") + Missing(4, 5) == Missing(5, 7, 3, "window")
    assert not Missing(0, 10)
