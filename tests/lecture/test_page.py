"""The page as a file: whole, offline, the same in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from recur.equations import equation, get
from recur.errors import ConfigError
from recur.lecture import cells, languages, page
from recur.lecture.page import networks, text
from tests.cli.running import run
from tests.lecture.given import LEAKY

HEAVIEST = 640_000  # bytes: the weights are 330 kB of it, and Korean letters take three bytes each


def shape(value: Any) -> Any:
    """The keys and lengths of a text, without its words."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return "text" if isinstance(value, str) else value


@pytest.mark.parametrize("language", languages())
def test_the_page_loads_nothing_and_is_not_heavy(language: str) -> None:
    whole = page(language)
    assert len(whole.encode()) < HEAVIEST
    outside = re.sub(r'xmlns=\\?"[^"]*"|"http://www.w3.org/2000/svg"', "", whole)
    assert not re.search(r"https?://|\bsrc=|url\(|@import|\bfetch\(|XMLHttpRequest", outside)
    assert "default-src 'none'" in whole


@pytest.mark.parametrize("language", languages())
def test_every_language_says_everything(language: str) -> None:
    english, words = text("en"), text(language)
    assert shape(words) == shape(english)
    for one, other in zip(english["chapters"], words["chapters"], strict=True):
        assert one["own"] == other["own"]  # the commands are the same
        for name, said in one["words"].items():
            assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", other["words"][name])), (
                one["id"],
                name,
            )
            assert said  # nothing is empty


def test_there_are_twelve_chapters_in_the_order_of_the_course() -> None:
    assert [one["id"] for one in text("en")["chapters"]] == [
        "loop", "memory", "equation", "near", "far", "tasks", "bidirectional", "deep", "anatomy", "vanishing",
        "through_time", "own",
    ]  # fmt: skip


def test_the_command_writes_the_page_with_a_cell_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(LEAKY, encoding="utf-8")
    outcome = run("lecture", tmp_path / "own.html", "--cell", f"{mine}:leaky")
    assert outcome.code == 0, outcome.err
    written = (tmp_path / "own.html").read_text(encoding="utf-8")
    assert '"leaky": {' in written
    assert "keep * h" in written


def test_what_the_page_cannot_write_is_refused(tmp_path: Path) -> None:
    refused = run("lecture", tmp_path / "a.html", "--language", "kr")
    assert refused.code == 2
    assert "--language" in refused.err
    assert not list(tmp_path.iterdir())

    @equation(x="X", h="H", W_q="Q X", W_h="H Q")
    def other(x: Any, h: Any, W_q: Any, W_h: Any) -> Any:
        return h + W_h @ (W_q @ x)

    with pytest.raises(ConfigError, match="sizes other than"):
        page(more=[other])


def test_every_cell_that_the_page_offers_can_run_in_it() -> None:
    assert all(cells.runs(get(name)) for name in cells.CELLS)
    assert {one["cell"] for one in networks().values()} <= set(cells.CELLS)
