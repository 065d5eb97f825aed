"""The live page for everybody: what axe-core finds, the keyboard, phones, text from right to left, the first screen."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import recur
from recur.model import Model
from tests.axe import violations
from tests.serve.asking import picture
from tests.serve.browser import Page, browser, served
from tests.tolerances import SHOWN

HEBREW = "השמים כחולים מאוד היום"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TEXTS = {
    "lines": "the clouds are in the", "stream": "the clo", "reviews": "a good film", "series": "0.1 0.4 0.9 0.2",
    "tags": "w1 w2 w0", "translator": "the red house", "forecast": "0.1 0.4 0.9 0.2", "hebrew": HEBREW,
}  # fmt: skip


@pytest.fixture(scope="module")
def address(models: dict[str, Model]) -> Iterator[str]:
    french = {"the": "le", "red": "rouge", "old": "vieux", "dog": "chien", "house": "maison"}
    texts = [f"the {colour} {thing}" for colour in ("red", "old") for thing in ("dog", "house")] * 10
    rows = [{"source": text, "target": " ".join(french[word] for word in text.split())} for text in texts]
    lines = [{"text": text} for text in (HEBREW, "הים כחול מאוד", "היום חם מאוד", "הים חם")] * 10
    quiet: dict[str, Any] = {"progress": False, "hidden_size": 8, "epochs": 1, "seed": 1}
    more = {
        "translator": recur.fit(rows, mode="many-to-many", input="source", target="target", attention="luong", **quiet),
        "forecast": recur.fit(
            {"value": list(np.sin(np.arange(300) / 5))}, mode="forecast", horizon=4, quantiles=[0.1, 0.5, 0.9], **quiet
        ),
        "hebrew": recur.fit(lines, mode="synced", documents="line", **quiet),
    }
    with served({**models, **more}) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def opened(address: str, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open the page with a network and what it reads, all of it drawn; in the end no script may have failed."""
    contexts: list[Any] = []
    pages: list[Page] = []

    def opening(run: str, **options: Any) -> Any:
        contexts.append(chromium.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options}))
        pages.append(Page(contexts[-1].new_page()))
        page = pages[-1].page
        page.set_default_timeout(60_000)
        text = TEXTS.get(run, "")
        page.goto(f"{address}#{urllib.parse.quote(json.dumps({'run': run, 'text': text}))}")
        page.wait_for_selector(f".column h1:text-is('{run}')")
        if run == "pictures":
            page.set_input_files("#file", {"name": "dark.png", "mimeType": "image/png", "buffer": picture(0)})
            page.wait_for_selector('[data-drawn="dark.png"]')
        elif run == "notes":
            page.fill("#text", "C4 D4")
            page.get_by_role("button", name="continue").click()
            page.wait_for_selector("canvas[aria-label='piano roll']")
        else:
            page.wait_for_selector(f'[data-drawn="{text}"][data-followed="{text}"]')
        return page

    yield opening
    for one in contexts:
        one.close()
    assert [said for one in pages for said in one.troubles] == []


@pytest.mark.parametrize("run", ["notes", "pictures", *TEXTS])
def test_axe_finds_no_violation(opened: Callable[..., Any], run: str) -> None:
    # the modes share their parts, so each is looked at once: every second one dark on a phone
    dark = list(TEXTS).index(run) % 2 == 0 if run in TEXTS else run == "notes"
    page = opened(run, viewport=PHONE if dark else WIDE, color_scheme="dark" if dark else "light")
    # what is off the screen is laid out, too
    page.add_style_tag(content="figure { content-visibility: visible !important; }")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("viewport", [WIDE, PHONE])
def test_answer_and_network_are_on_the_first_screen(opened: Callable[..., Any], viewport: dict[str, int]) -> None:
    for run in ("lines", "tags", "translator"):
        page = opened(run, viewport=viewport)
        for part in (".next, .answer", ".chain svg"):
            box = page.locator(part).first.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + 100 < viewport["height"], f"{part} of {run}"


def test_figures_are_one_stop_each_and_the_first_are_reached_in_under_ten(opened: Callable[..., Any]) -> None:
    page = opened("lines")
    page.evaluate("document.activeElement.blur()")
    role = "document.activeElement.parentElement.getAttribute('aria-label')"
    stops: list[str | None] = []
    while len(stops) < 12 and "items coloured by influence" not in stops:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(role))
    assert stops.index("candidates for the next item") < stops.index("the network, copy by copy") < 9, stops
    assert len(stops) <= 10, stops
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(role) == "items coloured by influence"
    assert page.evaluate("document.activeElement.textContent") != first
    assert "nats" in page.locator("#tip").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate(role) != "items coloured by influence"


def test_bars_are_out_of_100_percent(opened: Callable[..., Any], models: dict[str, Model]) -> None:
    page = opened("lines")
    found = page.evaluate("[...document.querySelectorAll('.next .p')].map((one) => parseFloat(one.style.width) / 100)")
    [expected] = models["lines"].predict([TEXTS["lines"]], top=12)
    assert found == pytest.approx([p for _, p in expected.scores], rel=SHOWN)
    wide = [page.locator(f".next {part}").first.bounding_box()["width"] for part in (".p", ".track")]
    assert wide[0] / wide[1] == pytest.approx(found[0], rel=SHOWN)


def test_each_tag_is_above_its_copy_and_each_can_be_explained(opened: Callable[..., Any]) -> None:
    page = opened("tags")
    shown = page.locator(".chain .read").all_text_contents()
    assert page.locator(".answer").inner_text().split() == [
        f"{word}/{tag}" for word, tag in zip(TEXTS["tags"].split(), shown, strict=True)
    ]
    page.get_by_role("group", name="the item that is explained").get_by_role("button").first.click()
    page.wait_for_selector("text=the answer for “w1” (1)")
    page = opened("translator")
    written = page.locator(".chain .read").all_text_contents()
    assert " ".join(one for one in written if one != "⟨end⟩") == page.locator(".answer").inner_text()


def test_a_change_of_the_text_shows_the_step_that_answers(opened: Callable[..., Any]) -> None:
    page = opened("lines")
    words = page.locator("p.look[aria-live]")
    page.get_by_role("button", name="to the first step").click()
    assert "Forward, step 1" in words.inner_text()
    page.fill("#text", "the clouds are")
    page.wait_for_selector('[data-drawn="the clouds are"]')
    assert "Forward, step 4" in words.inner_text()


def test_text_from_right_to_left_is_laid_out_from_right_to_left_and_time_from_left_to_right(
    opened: Callable[..., Any],
) -> None:
    page = opened("hebrew")
    assert page.evaluate("getComputedStyle(document.querySelector('#text')).direction") == "rtl"
    boxes = [one.bounding_box() for one in page.locator(".chips").first.locator(".chip:not(.ask)").all()]
    places = [(round(box["y"]), -box["x"]) for box in boxes]
    assert places == sorted(places), "the first word is at the right"
    labels = page.locator(".chain svg text[direction]").all()
    words = [one.text_content().strip("\u2068\u2069?") for one in labels]
    across = [one.bounding_box()["x"] for one in labels]
    assert words[1:] == HEBREW.split()
    assert across == sorted(across), "copies are in the order of time"
    assert page.locator("text=The text is read from right to left").count() == 1
    page.locator(".chips .chip").nth(2).hover()
    # the figure after a word is isolated from it
    assert page.locator("#tip").inner_text().startswith(f"\u2068{HEBREW.split()[1]}")
    assert "\u2069: " in page.locator("#tip").inner_text()
