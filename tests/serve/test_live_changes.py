"""The live page when the network or the input changes: the answer comes first, and nothing of an older one stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import recur
from recur.model import Model
from tests.serve.asking import picture
from tests.serve.browser import Page, browser, served

PATIENCE = 60_000
REST = 600  # milliseconds: more than the page waits after the last key
# every answer is held until the test lets it go, also one that the page has given up
HOLDING = """
window.held = [];
const direct = window.fetch;
window.fetch = async (path, options) => {
  if (!options || !window.holding) return direct(path, options);
  const { signal, ...rest } = options, answer = await direct(path, rest), text = await answer.text();
  if (window.holding) await new Promise((go) => window.held.push({ go, run: JSON.parse(options.body).model }));
  return new Response(text, { status: answer.status, headers: answer.headers });
};
"""


@pytest.fixture(scope="module")
def address(models: dict[str, Model]) -> Iterator[str]:
    french = {"the": "le", "red": "rouge", "old": "vieux", "dog": "chien", "house": "maison"}
    texts = [f"the {colour} {thing}" for colour in ("red", "old") for thing in ("dog", "house")] * 10
    rows = [{"source": text, "target": " ".join(french[word] for word in text.split())} for text in texts]
    quiet: dict[str, Any] = {"progress": False, "hidden_size": 16, "epochs": 2, "seed": 1}
    translator = recur.fit(rows, mode="many-to-many", input="source", target="target", attention="luong", **quiet)
    with served({**models, "translator": translator}) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def opened(address: str, chromium: Any) -> Iterator[Callable[..., Page]]:
    """Open the page with a network chosen; in the end no script may have failed."""
    contexts: list[Any] = []
    pages: list[Page] = []

    def opening(run: str, **options: Any) -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1300, "height": 900}, **options))
        found = Page(contexts[-1].new_page())
        pages.append(found)
        found.page.set_default_timeout(PATIENCE)
        found.page.add_init_script(HOLDING)
        found.page.goto(address + "#%7B%22options%22%3Atrue%7D")  # its options are open
        found.page.wait_for_selector("#text")
        found.page.select_option("#run", run)
        return found

    yield opening
    for one in contexts:
        one.close()
    # a browser notes every status of 4xx
    assert [said for one in pages for said in one.troubles if "status of 4" not in said] == []


def typed(shown: Page, text: str) -> None:
    shown.page.fill("#text", text)
    shown.page.wait_for_selector(f'[data-drawn="{text}"]')


def let_go(shown: Page) -> None:
    """Let every held answer arrive, and those that are asked for then."""
    shown.page.evaluate("window.holding = false; window.held.splice(0).forEach(({ go }) => go())")
    shown.page.wait_for_timeout(REST)


def hold(shown: Page) -> None:
    shown.page.evaluate("window.holding = true")


def wait_held(shown: Page, count: int) -> None:
    shown.page.wait_for_function("(count) => window.held.length >= count", arg=count)


ANSWERED = [
    ("stream", "the cl", "What comes next"),
    ("reviews", "a good film", "The answer"),
    ("series", "0.1, 0.4, 0.9", "The answer"),
    ("tags", "w1 w2 w0", "The answer"),
    ("translator", "the red house", "The answer"),
]
ABOVE = """() => {
  const [answer] = document.querySelectorAll(".answer, .next"), top = answer.getBoundingClientRect().top;
  return [...document.querySelectorAll(".column figure")].filter((one) => one.getBoundingClientRect().top < top).length;
}"""


def test_the_answer_is_the_first_thing_under_the_input(opened: Callable[..., Page]) -> None:
    shown = opened("lines")
    for run, text, first in ANSWERED:
        shown.page.select_option("#run", run)
        typed(shown, text)
        assert shown.page.locator("h2").all_inner_texts()[0] == first
        assert shown.page.locator(".answer").count() == (first == "The answer")
        assert shown.page.evaluate(ABOVE) == 0
        for width in (1400, 390):
            shown.page.set_viewport_size({"width": width, "height": 844})
            assert shown.page.locator("h2").first.bounding_box()["y"] < 844 * 0.6, "it is seen without scrolling"
            assert shown.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("before", "after"), [("translator", "tags"), ("stream", "notes"), ("tags", "reviews")])
def test_an_answer_that_arrives_after_the_network_was_changed_is_never_drawn(
    opened: Callable[..., Page], before: str, after: str
) -> None:
    shown = opened(before)
    hold(shown)
    shown.page.fill("#text", "the red house")
    wait_held(shown, 2)
    shown.page.wait_for_timeout(REST)  # what is computed when the keys rest is held, too
    shown.page.select_option("#run", after)
    if after != "notes":
        shown.page.wait_for_function("(run) => window.held.some((one) => one.run === run)", arg=after)
    # only the older answers arrive: on a busy machine one of the new network may be here already
    early = shown.page.evaluate(
        """(run) => {
          const early = window.held.filter((one) => one.run === run);
          window.held = window.held.filter((one) => one.run !== run);
          early.forEach(({ go }) => go());
          return early.length;
        }""",
        before,
    )
    assert early >= 2
    shown.page.wait_for_timeout(REST)
    assert shown.page.locator(".column h1").all_inner_texts() == [after]
    assert shown.page.locator(".column h2, .column figure, .column .answer, .next button").count() == 0
    assert shown.page.locator(".problem").inner_text() == ""
    let_go(shown)
    drawn = shown.page.locator(".column h2").all_inner_texts()
    assert drawn[:1] == ([] if after == "notes" else ["The answer"])


@pytest.mark.parametrize("run", ["translator", "tags", "stream"])
def test_an_answer_to_an_older_input_is_never_drawn(opened: Callable[..., Page], run: str) -> None:
    shown = opened(run)
    hold(shown)
    shown.page.fill("#text", "the red house")
    wait_held(shown, 1)
    shown.page.wait_for_timeout(REST)
    shown.page.evaluate("window.early = window.held.splice(0)")
    shown.page.fill("#text", "the old dog")
    wait_held(shown, 1)
    shown.page.evaluate("window.early.forEach(({ go }) => go())")
    shown.page.wait_for_timeout(REST)
    assert "house" not in shown.page.locator(".column").inner_text()
    assert shown.page.locator(".column h2").count() == 0
    let_go(shown)
    shown.page.wait_for_selector('[data-drawn="the old dog"]')
    assert "house" not in shown.page.locator(".column .chips").first.inner_text()


def test_figures_of_an_older_input_are_dimmed_at_once_and_gone_when_the_answer_is_slow(
    opened: Callable[..., Page],
) -> None:
    shown = opened("tags")
    typed(shown, "w1 w2 w0")
    hold(shown)
    shown.page.fill("#text", "w1 w2")
    assert shown.page.locator("section.busy .answer").count() == 1
    assert shown.page.locator("section:not(.busy) figure").count() == 0
    shown.page.wait_for_timeout(REST)
    assert shown.page.locator(".answer, .column figure, .column h2").count() == 0
    let_go(shown)
    shown.page.wait_for_selector('[data-drawn="w1 w2"]')
    assert shown.page.locator(".busy").count() == 0
    assert len(shown.page.locator(".answer").inner_text().split()) == 2


def test_an_error_takes_the_place_of_the_older_figures(opened: Callable[..., Page]) -> None:
    shown = opened("series")
    typed(shown, "0.1, 0.4, 0.9")
    shown.page.fill("#text", "one, two")
    shown.page.wait_for_selector(".problem:has-text('is not a number')")
    shown.page.wait_for_timeout(REST)
    assert shown.page.locator(".column h2, .column figure, .answer").count() == 0
    assert "is not a number" in shown.page.locator(".problem").inner_text()
    shown.page.select_option("#run", "reviews")
    shown.page.wait_for_selector('[data-drawn="one, two"]')
    assert shown.page.locator(".problem").inner_text() == ""


def test_an_error_is_not_wiped_away_by_what_succeeds_beside_it(opened: Callable[..., Page]) -> None:
    shown = opened("lines")
    shown.page.route("**/next", lambda route: route.fulfill(status=500, body="out of order"))
    shown.page.fill("#text", "the clouds")
    shown.page.wait_for_selector('[data-drawn="the clouds"]')
    assert shown.page.locator(".problem").inner_text() == "the server answers with status 500"
    assert shown.page.locator(".next button").count() == 0
    shown.troubles.clear()  # the status is noted on the console


def test_a_server_that_is_gone_is_said_and_its_older_answer_is_gone_too(opened: Callable[..., Page]) -> None:
    shown = opened("reviews")
    typed(shown, "a good film")
    shown.page.route("**/explain", lambda route: route.abort())
    shown.page.fill("#text", "a bad film")
    shown.page.wait_for_selector(".problem:has-text('the server does not answer')")
    shown.page.wait_for_timeout(REST)
    assert shown.page.locator(".column h2, .answer").count() == 0
    shown.troubles.clear()  # a request that failed is noted on the console


def test_a_written_text_ends_and_goes_when_the_prompt_or_the_network_changes(opened: Callable[..., Page]) -> None:
    shown = opened("stream")
    changes: list[Callable[[], Any]] = [
        lambda: shown.page.fill("#text", "clouds"),
        lambda: shown.page.select_option("#run", "lines"),
    ]
    for change in changes:
        typed(shown, "the ")
        shown.page.locator("#length").fill("2000")
        shown.page.get_by_role("button", name="continue").click()
        shown.page.wait_for_function("() => document.querySelector('.written').textContent.length > 5")
        change()
        assert shown.page.locator(".written").text_content() == ""
        shown.page.wait_for_timeout(REST)
        assert shown.page.locator(".written").text_content() == ""
        assert shown.page.get_by_role("button", name="continue").count() == 1


def test_a_piece_goes_when_its_opening_changes_and_never_arrives_late(opened: Callable[..., Page]) -> None:
    shown = opened("notes")
    shown.page.locator("#length").fill("8")
    play, roll = shown.page.get_by_role("button", name="continue"), shown.page.locator("canvas")
    shown.page.fill("#text", "C4 D4")
    play.click()
    shown.page.wait_for_selector("canvas[aria-label='piano roll']")
    shown.page.fill("#text", "G4")
    assert roll.count() == 0
    hold(shown)
    play.click()
    wait_held(shown, 1)
    shown.page.fill("#text", "E4")
    let_go(shown)
    assert roll.count() == 0


def test_a_tooltip_goes_with_the_figure_that_it_belongs_to(opened: Callable[..., Page]) -> None:
    shown = opened("reviews")
    tip = shown.page.locator("#tip")
    changes: list[Callable[[], Any]] = [
        lambda: shown.page.select_option("#run", "tags"),
        lambda: shown.page.fill("#text", "w1"),
    ]
    for change in changes:
        typed(shown, "a good film")
        shown.page.locator(".chips .chip").first.focus()
        assert tip.is_visible()
        change()
        assert not tip.is_visible()


def test_a_picture_is_given_up_with_the_network_that_read_it(opened: Callable[..., Page]) -> None:
    shown = opened("pictures")
    shown.page.set_input_files("#file", {"name": "dark.png", "mimeType": "image/png", "buffer": picture(0)})
    shown.page.wait_for_selector('[data-drawn="dark.png"]')
    assert shown.page.locator(".answer").count() == 1
    # a file that cannot be read takes the older answer away
    shown.page.set_input_files("#file", {"name": "odd.png", "mimeType": "image/png", "buffer": b"no picture"})
    shown.page.wait_for_selector(".problem:not(:empty)")
    assert shown.page.locator(".answer, .column h2").count() == 0
    shown.page.set_input_files("#file", {"name": "dark.png", "mimeType": "image/png", "buffer": picture(0)})
    shown.page.wait_for_selector('[data-drawn="dark.png"]')
    shown.page.select_option("#run", "reviews")
    assert shown.page.locator(".preview, .answer").count() == 0
    shown.page.select_option("#run", "pictures")
    shown.page.wait_for_timeout(REST)
    assert shown.page.locator(".preview img, .answer, .problem:not(:empty)").count() == 0


def test_beside_a_network_of_pictures_the_text_that_another_reads_is_shown(opened: Callable[..., Page]) -> None:
    shown = opened("pictures")
    shown.page.select_option("#beside", "reviews")
    assert shown.page.locator("#file").is_visible()
    typed(shown, "a good film")
    assert shown.page.locator(".column h1").all_inner_texts() == ["pictures", "reviews"]
    assert shown.page.locator(".answer").count() == 1
