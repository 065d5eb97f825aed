"""A range of the input is chosen in the page, by pointer, finger or keys, and what has its state is listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from recur.inspect import match, plain_matching
from recur.inspect.plain import rounded
from recur.model import Model
from tests.serve.asking import refused, told
from tests.serve.browser import Page, browser, served

TEXT = "we know that the clouds are in the"
PATIENCE = 60_000


@pytest.fixture(scope="module")
def address(models: dict[str, Model]) -> Iterator[str]:
    with served({name: models[name] for name in ("lines", "reviews")}) as found:
        yield found


@pytest.fixture(scope="module")
def shown(address: str) -> Iterator[Page]:
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": 1300, "height": 1000}, has_touch=True)
        found = Page(context.new_page())
        found.page.set_default_timeout(PATIENCE)
        found.page.goto(address)
        found.page.fill("#text", TEXT)
        found.page.wait_for_selector(".picker")
        # the network was trained for a moment: its states are small
        found.page.fill('section:has(.picker) input[type="range"]', "0.05")
        yield found
        assert found.troubles == []
        assert found.hosts == {address.split("//")[1]}


def selected(shown: Page) -> list[str]:
    return list(shown.page.locator('.picker [aria-selected="true"]').all_inner_texts())


def matched(shown: Page, over: str) -> str:
    shown.page.wait_for_selector(f'[data-matched="{over}"]')
    return str(shown.page.locator("section", has=shown.page.locator(".picker")).inner_text())


def test_a_dragged_range_lists_its_matches(shown: Page, tmp_path: Any) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("they say the stars are in the\n" * 4 + TEXT + "\n", encoding="utf-8")
    shown.page.set_input_files('.controls input[type="file"][accept*=".txt"]', str(file))
    shown.page.wait_for_selector("text=5 lines of texts.txt")  # it has been read
    items = shown.page.locator(".picker .pick")
    first, last = items.nth(4).bounding_box(), items.nth(5).bounding_box()
    assert first is not None
    assert last is not None
    shown.page.mouse.move(first["x"] + 4, first["y"] + 4)
    shown.page.mouse.down()
    shown.page.mouse.move(last["x"] + 4, last["y"] + 4, steps=4)
    shown.page.mouse.up()
    assert selected(shown) == ["the", "clouds"]
    said = matched(shown, "5:6")
    assert "Where the state is that of “the clouds”" in said
    assert "5 lines of texts.txt" in said
    assert "in 5 texts of" in said


def test_keys_move_and_extend_a_range(shown: Page) -> None:
    shown.page.focus(".picker")
    shown.page.keyboard.press("Home")
    shown.page.keyboard.press("ArrowRight")
    assert selected(shown) == ["we"]
    shown.page.keyboard.press("Shift+ArrowRight")
    assert selected(shown) == ["we", "know"]
    assert "“we know”" in matched(shown, "2:3")


def test_two_taps_choose_a_range(shown: Page) -> None:
    items = shown.page.locator(".picker .pick")
    items.nth(3).tap()
    assert selected(shown) == ["that"]
    items.nth(6).tap()
    assert selected(shown) == ["that", "the", "clouds", "are"]
    matched(shown, "4:7")


def test_a_new_input_forgets_the_range(shown: Page) -> None:
    shown.page.fill("#text", "the stars are")
    shown.page.wait_for_selector('.column[data-followed="the stars are"]')
    assert selected(shown) == []
    assert shown.page.locator(".matches").count() == 0


def test_the_server_answers_as_the_library_does(client: TestClient, models: dict[str, Model]) -> None:
    corpus = ["the stars are in the", "we know that the fish are in the"]
    body = {"model": "lines", "value": TEXT, "over": "clouds", "within": corpus, "threshold": 0.05, "edges": "none"}
    found = match(models["lines"], TEXT, "clouds", corpus, threshold=0.05, edges="none")
    assert told(client, "/match", body) == rounded(plain_matching(found))
    own = told(client, "/match", {"model": "lines", "value": TEXT, "over": [5, 6], "threshold": 0.05})
    assert own["texts"] == 1
    for change, status, said in (
        ({"over": [9, 2]}, 400, "the range 9:2 is empty"),
        ({"over": [1, 99]}, 400, "is outside the input"),
        ({"threshold": 1.5}, 400, "threshold: Input should be less than 1"),
        ({"within": []}, 400, "there is no text to search"),
        ({"within": ["a " * 15_000] * 4}, 413, "more than 50,000 items to search"),
        ({"model": "pictures"}, 400, ""),
    ):
        assert said in refused(client, "/match", body | change, status)
