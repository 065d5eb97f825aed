"""What a column holds, judged by its values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur.data.columns.kinds import judge


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ([1, 2, 3], "number"),
        (["1.5", "", "NA", "3"], "number"),
        (["good", "bad"] * 20, "class"),
        ([f"line {i}" for i in range(30)], "text"),
        ([["a", "b"], ["c"]], "tokens"),
        ([[1.0, 2.0], [3.0]], "series"),
        ([np.zeros((3, 2))], "series"),
        ([None, "", "x"], "class"),
        ([f"+49 {100 + i} 4567" for i in range(30)], "code"),
        ([f"030 {100 + i} 45" for i in range(30)], "code"),
        ([f"4111 {37 * i % 2000:04d} 1111 1111" for i in range(30)], "code"),
        ([f"({200 + i}) 340-9{i:03d}" for i in range(30)], "code"),
        ([f"{i} 0 255" for i in range(30)], "series"),
        ([f"({100 + i} 0 2550)" for i in range(30)], "series"),
        ([f"01/0{1 + i % 9}/20{10 + i}" for i in range(30)], "text"),
        ([f"19{60 + i}-01-0{1 + i % 9}" for i in range(30)], "text"),
        ([f"+{i} +2 -3" for i in range(30)], "series"),
        ([], "text"),
    ],
)
def test_a_column_is_judged_by_its_values(values: list[Any], holds: str) -> None:
    assert judge("c", values).holds == holds
