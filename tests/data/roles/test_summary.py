"""What is read, predicted and left out, in words."""

from __future__ import annotations

from typing import Any

from recur.config import Config
from recur.data import infer, read


def roles_of(rows: Any, mode: str | None = None, **data: Any) -> Any:
    config = Config.of(**data, mode=mode)
    return infer(read(rows, config.data), config)


def test_whole_numbers_as_a_target_are_said_to_be_classes_or_numbers() -> None:
    rows = {"a": [0.1 * (i * i % 19) for i in range(40)], "label": [0, 1] * 20}
    assert roles_of(rows).choices == ["label: 0, 1 are classes; --target-codec numbers predicts a number"]
    roles = roles_of(rows, target_codec="numbers")
    assert roles.choices == ["label: a number (0, 1); --target-codec class predicts classes"]
