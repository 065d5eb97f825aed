"""The facts of a task that decide which options have an effect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from recur.config import Config
from recur.data.load import Dataset
from recur.data.roles.roles import Roles
from recur.data.situation import situation


def facts(mode: str, given: str | None, codec: str, **fields: Any) -> set[str]:
    """The names of what is true of a task."""
    usual: dict[str, Any] = {"input": ["text"], "target": ["label"], "group": None, "stream": False, "sentence": "s"}
    options = fields.pop("options", {})
    roles = Roles(**{**usual, "mode": mode, "input_codec": given, "target_codec": codec, **fields})
    found = asdict(situation(Config.of(**options), Dataset(roles, [], [], None, "", form="csv")))
    assert (found["mode"], found["sentence"], found["form"]) == (mode, "s", "csv")
    return {name for name, value in found.items() if value is True} | found["option_groups"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (facts("many-to-one", "words", "class"), {"text", "symbols", "labels", "words", "held_out"}),
        (facts("synced", "words", "tags"), {"text", "symbols", "labels", "tags", "words", "held_out"}),
        (facts("synced", "characters", "characters", target=[], stream=True),
         {"text", "symbols", "stream", "windows", "continued", "held_out"}),
        (facts("one-to-one", "numbers", "class"), {"number", "labels", "held_out"}),
        (facts("one-to-one", "images", "class"), {"picture", "image", "files", "labels", "held_out"}),
        (facts("many-to-one", "images", "class", options={"image_steps": "rows"}),
         {"image", "files", "labels", "held_out"}),
        (facts("many-to-one", "frames", "class"), {"picture", "video", "files", "labels", "held_out"}),
        (facts("many-to-one", "audio", "class"), {"sound", "files", "labels", "held_out"}),
        (facts("one-to-many", "class", "words"), {"text", "symbols", "held_out"}),
        (facts("many-to-one", "words", "class", options={"dev": "dev.csv"}), {"text", "symbols", "labels", "words"}),
    ],
)  # fmt: skip
def test_the_facts_of_a_task_are_those_of_its_codecs_and_its_mode(found: set[str], expected: set[str]) -> None:
    assert found == expected


def test_a_forecast_reads_windows_of_numbers() -> None:
    assert facts("forecast", "numbers", "numbers", forecast="direct") >= {"forecast", "windows", "number"}
    assert facts("synced", "numbers", "numbers", target=[]) >= {"own_future", "windows", "number"}


@pytest.mark.parametrize(("inputs", "read"), [(["load", "hour sin", "hour cos"], True), (["load"], False)])
def test_columns_of_the_calendar_count_where_they_are_read(inputs: list[str], read: bool) -> None:
    found = facts("many-to-one", "numbers", "class", input=inputs, options={"time_features": ["hour"]})
    assert ("calendar" in found) == read
