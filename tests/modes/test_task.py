"""The network of a task is built as its roles and its configuration say."""

from __future__ import annotations

from typing import Any

import pytest

from recur.config import MODE_FACTS, Config
from recur.data import fit_codecs, load
from recur.modes.task import build_for

SERIES = {"load": [float(i * i % 17) for i in range(200)]}
DAYS = {"ds": [f"2021-01-{day:02d}" for day in range(1, 31)], "load": [float(i * i % 17) for i in range(30)],
        "kind": ["a", "b"] * 15}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "options", "mode", "both"),
    [
        (SERIES, {}, "synced", False), (SERIES, {"forecast": "direct", "horizon": 3}, "forecast", False),
        (DAYS, {"input": ["load"], "target": ["kind"]}, "synced", False),
        (DAYS, {"input": ["load"], "target": ["kind"], "bidirectional": True}, "synced", True),
        ({"text": ["a b c", "b c d"] * 20, "label": ["x", "y"] * 20}, {}, "many-to-one", True),
        ({"a": ["a b c", "b c d"] * 20, "b": ["x y", "y z x"] * 20}, {"mode": "many-to-many"}, "many-to-many", True),
        ({"a": [0.5, 1.5] * 20, "b": ["x", "y"] * 20}, {}, "one-to-one", False),
        ({"label": ["x", "y"] * 20, "text": [f"a b {n}" for n in range(40)]},
         {"mode": "one-to-many", "input": ["label"], "target": ["text"]}, "one-to-many", False),
    ],
)  # fmt: skip
def test_the_network_is_that_of_the_roles(rows: Any, options: dict[str, Any], mode: str, both: bool) -> None:
    config = Config.of(hidden_size=4, **options)
    dataset = load(config, rows)
    network = build_for(config, dataset.roles, *fit_codecs(config, dataset.roles, dataset.train, dataset.labelled))
    assert network.name == mode
    assert network.abilities.reads_both_ways is both
    facts = MODE_FACTS[mode]
    assert network.abilities.one_answer is (not facts.answers_steps)
    assert network.abilities.writes is facts.generates
