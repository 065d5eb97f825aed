"""Input and target columns, chosen by their names and contents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recur import data
from recur.config import Config, DataConfig
from recur.errors import ConfigError
from tests.data.reading import written

PLAIN = DataConfig()


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"data": {"text": "a", "label": "b"}}, "{text: .data.text, label: .data.label}"),
        ({"messages": [{"role": "user", "content": "a"}]}, "{role: .messages[0].role, content: .messages[0].content}"),
    ],
)
def test_the_hint_for_nested_json_has_its_own_fields(row: dict[str, object], fields: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", (json.dumps(row) + "\n") * 9)
    with pytest.raises(ConfigError) as caught:
        data.load(Config.of(source=str(path)))
    assert f"jq -c '{fields}' " in (caught.value.hint or "")
