"""Windows of truncated BPTT: how far apart they are, and those that would lose errors."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from recur.config import Config
from recur.config.problems import explain

LOSING: list[tuple[dict[str, Any], str, str]] = [
    ({"bptt": 4, "bptt_stride": 5}, "bptt_stride 5 is larger than bptt 4", "--bptt 5"),
    ({"bptt": 4, "bptt_stride": 2, "bptt_variable": True}, "bptt_stride 2 makes windows overlap",
     "leave out one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message", "hint"), LOSING, ids=["too far apart", "drawn lengths"])
def test_windows_that_lose_errors_are_refused(given: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.of(**given)
    found = explain(caught.value, name="the options", flat=True)
    assert found.message.startswith(f"the options: {message}")
    assert found.hint == hint


@pytest.mark.parametrize(("given", "every"), [({}, 4), ({"bptt_stride": 4}, 4), ({"bptt_stride": 1}, 1)])
def test_an_update_is_made_every_stride_or_every_window(given: dict[str, int], every: int) -> None:
    assert Config.of(bptt=4, **given).training.bptt.update_every == every
    assert Config.of(bptt=4, bptt_variable=True).training.bptt.update_every == 4
