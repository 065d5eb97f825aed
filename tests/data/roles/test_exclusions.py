"""Columns that are no features, each with its reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur.config import Config
from recur.data import infer, read
from recur.errors import ConfigError

REVIEWS = {"text": ["a fine film", "a dull one", "what a song", "so cold"] * 10, "label": ["good", "bad"] * 20}

CARS = {"year": [1998 + i * i % 7 for i in range(40)], "km": [i * i % 97 for i in range(40)], "kind": ["a", "b"] * 20}


def roles_of(rows: Any, mode: str | None = None, **data: Any) -> Any:
    config = Config.of(**data, mode=mode)
    return infer(read(rows, config.data), config)


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        (CARS, {}),
        ({"Unnamed: 0": [7 * i % 40 for i in range(40)], **CARS}, {"Unnamed: 0": "consecutive numbers 0, 7, 14, …"}),
        ({"PassengerId": [900 - 3 * i for i in range(40)], **CARS}, {"PassengerId": "an identifier"}),
        ({"b": [3] * 40, **CARS}, {"b": "one value only, 3"}),
        ({"b": [3, None] * 20, **CARS}, {"b": "one value only, 3"}),
        ({"index": list(range(40)), **CARS, "label": ["x", "y"] * 20},
         {"index": "consecutive numbers 0, 1, 2, …", "kind": "a label, and numbers are read"}),
        ({"empty": [None] * 40, **CARS}, {"empty": "no values"}),
        ({"phone": [f"+49 {i + 100} 4567" for i in range(40)], **CARS}, {"phone": "digits of a code"}),
        ({"colour": ["red", "blue"] * 20, **CARS, "label": ["x", "y"] * 20},
         {"colour": "a label, and numbers are read", "kind": "a label, and numbers are read"}),
    ],
)  # fmt: skip
def test_columns_that_are_left_out_have_a_reason(rows: Any, left_out: dict[str, str]) -> None:
    roles = roles_of(rows)
    assert roles.left_out == left_out
    assert roles.input == ["year", "km"]
    assert all(f"{name} ({why})" in " ".join(roles.description) or len(left_out) > 1 for name, why in left_out.items())


@pytest.mark.parametrize("columns", [3, 10])
def test_rows_drawn_at_random_are_no_series_and_random_walks_are(columns: int) -> None:
    noise = np.random.default_rng(0).normal(size=(30, columns, 60))
    refused = 0
    for draw in noise:
        try:
            roles_of({f"c{place}": values.tolist() for place, values in enumerate(draw)})
        except ConfigError:
            refused += 1
        assert roles_of({f"c{place}": values.cumsum().tolist() for place, values in enumerate(draw)}).own_future
    assert refused >= 28
