"""The live page in a real browser: it follows what is typed, steps, remembers its view, and asks nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from recur.inspect import explain
from recur.model import Model
from recur.serve import create_app
from tests.serve.asking import picture, refused, told
from tests.serve.browser import Page, browser, served
from tests.tolerances import SINGLE

PATIENCE = 60_000


@pytest.fixture(scope="module")
def address(models: dict[str, Model]) -> Iterator[str]:
    with served(
        {name: models[name] for name in ("lines", "stream", "reviews", "series", "notes", "pictures")}
    ) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def shown(address: str, chromium: Any) -> Iterator[Page]:
    """The page, opened; in the end nothing may have gone wrong, and nobody else been asked."""
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    found = Page(context.new_page())
    found.page.set_default_timeout(PATIENCE)
    found.page.goto(address + "#%7B%22options%22%3Atrue%7D")  # its options are open
    found.page.wait_for_selector("#text")
    yield found
    context.close()
    assert found.troubles == []
    assert found.hosts == {address.split("//")[1]}


def typed(shown: Page, text: str, column: int = 1) -> None:
    """Type, and wait until everything is drawn of it."""
    shown.page.fill("#text", text)
    shown.page.wait_for_selector(f'.column:nth-child({column})[data-drawn="{text}"]')


def candidates(shown: Page) -> list[str]:
    return list(shown.page.locator(".next button").all_inner_texts())


def test_candidates_follow_what_is_typed(shown: Page, models: dict[str, Model]) -> None:
    typed(shown, "the clouds are")
    first = candidates(shown)
    expected = [value for value, _ in models["lines"].predict("the clouds are", top=3).scores]
    assert [one.strip() for one in first[:3]] == expected
    typed(shown, "the")
    assert candidates(shown) != first
    assert shown.page.locator("h2").all_inner_texts() == [
        "What comes next",
        "The network",
        "Which inputs support the answer",
        "Surprise of each item",
        "States and gates",
        "Which states matter: select a range",
        "Gradient through time: ‖∂e/∂h_t‖ at each step",
        "The network unrolled, step by step",
    ]


def test_what_follows_typing_does_not_wait_for_the_way_back(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any, **options: Any) -> Any:
        if "flow" in options["parts"]:
            begun.set()
            assert go_on.wait(60)
        return explain(*arguments, **options)

    monkeypatch.setattr("recur.serve.live.explain_model", slow)
    asked = {"model": "lines", "value": "the clouds are"}
    with TestClient(create_app(models), base_url="http://localhost") as client, ThreadPoolExecutor(1) as other:
        deep = other.submit(client.post, "/explain", json={**asked, "parts": ["flow"]})
        assert begun.wait(60)
        quick = client.post("/explain", json={**asked, "parts": ["states"]}).json()
        assert quick["states"]
        assert not deep.done()
        go_on.set()
        assert deep.result(60).json()["flow"]


def test_states_and_influence_follow_typing_without_waiting_for_the_way_back(shown: Page) -> None:
    # what is asked for when the keys rest never comes
    shown.page.route(
        "**/explain", lambda route: None if "flow" in (route.request.post_data or "") else route.continue_()
    )
    for text in ("the clouds", "the clouds are"):
        shown.page.fill("#text", text)
        shown.page.wait_for_selector(f'[data-followed="{text}"]')
        gate = shown.page.get_by_role("button", name="gate f", exact=True)
        if text == "the clouds":
            gate.click()
        assert gate.get_attribute("aria-pressed") == "true", "what was looked at stays while the text changes"
        shown.page.locator("canvas").first.focus()
        for _ in range(8):
            shown.page.keyboard.press("ArrowRight")
        assert f"({text.split()[-1]})" in shown.page.locator(".readout").first.inner_text()
    assert shown.page.locator(".chip.ask").count() == 1
    assert shown.page.locator("text=The network unrolled").count() == 0


def test_candidates_do_not_wait_for_the_explanation(shown: Page, models: dict[str, Model]) -> None:
    shown.page.route("**/explain", lambda _: None)
    shown.page.fill("#text", "the clouds are")
    [expected] = models["lines"].predict(["the clouds are"], top=3)
    # the candidates of the empty text stand there before
    shown.page.wait_for_function(
        "(best) => best.every((one, n) => document.querySelectorAll('.next button')[n]?.textContent.trim() === one)",
        arg=[value for value, _ in expected.scores],
    )
    assert shown.page.locator(".chip").count() == 0


def test_what_the_candidates_need_is_one_turn_of_the_thread_that_computes(
    client: TestClient, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []
    submit = ThreadPoolExecutor.submit

    def counted(pool: ThreadPoolExecutor, *arguments: Any, **options: Any) -> Any:
        if pool._thread_name_prefix == "recur-compute":
            turns.append(arguments)
        return submit(pool, *arguments, **options)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", counted)
    found = told(client, "/next", {"model": "lines", "text": "the clouds are", "top": 2})["items"]
    assert [one["value"] for one in found] == [v for v, _ in models["lines"].predict("the clouds are", top=2).scores]
    assert len(turns) == 1


def test_a_click_on_a_candidate_writes_it(shown: Page) -> None:
    typed(shown, "the")
    word = candidates(shown)[0].strip()
    shown.page.locator(".next button").first.click()
    assert shown.page.input_value("#text").split() == ["the", word]


def test_temperature_and_top_k_change_what_is_drawn(shown: Page) -> None:
    typed(shown, "the")
    assert shown.page.locator(".next button.out").count() == 0
    shown.page.locator("#top_k").fill("2")
    shown.page.wait_for_selector(".next button.out")
    assert shown.page.locator(".next button:not(.out)").count() == 2
    shown.page.locator("#temperature").fill("0")
    shown.page.wait_for_selector(".next button:nth-of-type(2).out")
    assert shown.page.locator(".next button:not(.out)").count() == 1


def test_a_hover_shows_values_and_so_does_the_keyboard(shown: Page) -> None:
    typed(shown, "the clouds are")
    shown.page.locator(".chips .chip").nth(2).hover()
    tip = shown.page.locator("#tip")
    assert "nats" in tip.inner_text()
    shown.page.locator(".next button").first.focus()
    assert "of the network, drawn with" in tip.inner_text()


def test_the_unrolled_network_steps_on_and_back_by_buttons_and_keys(shown: Page) -> None:
    typed(shown, "the clouds are")
    # states that are drawn later move what is below them away from the pointer
    shown.page.wait_for_selector('.column[data-followed="the clouds are"]')
    words = shown.page.locator("p.look[aria-live]")
    step = shown.page.get_by_role("button", name="one step forward")
    back = shown.page.get_by_role("button", name="one step back")
    shown.page.get_by_role("button", name="to the first step").click()
    assert "Forward, step 1" in words.inner_text()
    step.click()
    assert "Forward, step 2" in words.inner_text()
    back.click()
    assert "Forward, step 1" in words.inner_text()
    figure = shown.page.locator('figure[aria-label^="unrolled"]')
    figure.focus()
    shown.page.keyboard.press("ArrowRight")
    assert "Forward, step 2" in words.inner_text()
    shown.page.get_by_role("button", name="backward").click()
    assert "Backward, step 4" in words.inner_text()
    play = shown.page.get_by_role("button", name="▶ play")
    play.click()
    shown.page.wait_for_selector("p.look[aria-live]:has-text('Backward, step 3')")
    shown.page.get_by_role("button", name="⏸ pause").click()


def test_what_plays_stops_when_something_else_is_typed(shown: Page) -> None:
    typed(shown, "the clouds are")
    shown.page.get_by_role("button", name="▶ play").click()
    shown.page.wait_for_selector("p.look[aria-live]:has-text('step 2')")
    typed(shown, "the clouds are in")
    before = shown.page.url
    shown.page.wait_for_timeout(1600)
    assert shown.page.url == before


def test_the_way_back_of_an_older_text_is_never_painted(shown: Page) -> None:
    typed(shown, "the clouds are")
    held: list[Any] = []
    shown.page.route(
        "**/explain",
        lambda route: held.append(route) if "flow" in (route.request.post_data or "") else route.continue_(),
    )
    shown.page.fill("#text", "the clouds are in")
    for _ in range(100):
        if held:
            break
        shown.page.wait_for_timeout(100)
    shown.page.fill("#text", "")
    shown.page.wait_for_timeout(300)
    held[0].abort()  # the page has given it up already
    shown.page.wait_for_timeout(500)
    assert shown.page.locator(".chip").count() == 0
    assert shown.page.locator(".busy").count() == 0
    shown.troubles.clear()  # a request that was aborted is said on the console


def test_the_address_restores_the_view(shown: Page, chromium: Any) -> None:
    shown.page.select_option("#run", "stream")
    typed(shown, "the clouds")
    shown.page.locator("#top_k").fill("3")
    shown.page.get_by_role("button", name="to the first step").click()
    context = chromium.new_context()
    again = Page(context.new_page())
    again.page.set_default_timeout(PATIENCE)
    again.page.goto(shown.page.url)
    again.page.wait_for_selector('[data-drawn="the clouds"]')
    assert again.page.input_value("#run") == "stream"
    assert again.page.input_value("#text") == "the clouds"
    assert again.page.input_value("#top_k") == "3"
    assert "Forward, step 1" in again.page.locator("p.look[aria-live]").inner_text()
    assert again.troubles == []
    context.close()


def test_two_runs_stand_side_by_side(shown: Page) -> None:
    shown.page.select_option("#beside", "stream")
    typed(shown, "the clouds", column=2)
    assert shown.page.locator(".column h1").all_inner_texts() == ["lines", "stream"]


def test_a_text_is_written_while_one_watches(shown: Page) -> None:
    shown.page.select_option("#run", "stream")
    typed(shown, "the ")
    shown.page.locator("#length").fill("12")
    shown.page.get_by_role("button", name="continue").click()
    shown.page.wait_for_selector("button:has-text('continue')")
    written = shown.page.locator(".written").text_content()
    assert len(written) == 12
    shown.page.get_by_role("button", name="take it over").click()
    assert shown.page.input_value("#text") == "the " + written


@pytest.mark.parametrize(("run", "text"), [("reviews", "a good film"), ("series", "0.1, 0.4, 0.9, 0.2")])
def test_other_kinds_of_networks_are_explained_too(shown: Page, run: str, text: str) -> None:
    shown.page.select_option("#run", run)
    typed(shown, text)
    assert "Which inputs support the answer" in shown.page.locator("h2").all_inner_texts()


def test_a_piece_is_played_on_drawn_and_can_be_taken(shown: Page) -> None:
    shown.page.select_option("#run", "notes")
    shown.page.fill("#text", "C4 D4 E4")
    shown.page.locator("#length").fill("8")
    shown.page.get_by_role("button", name="continue").click()
    shown.page.wait_for_selector("canvas[aria-label='piano roll']")
    assert shown.page.locator("a[download]").get_attribute("href").startswith("data:audio/midi;base64,")
    shown.page.locator("canvas").hover(position={"x": 3, "y": 20})
    assert "step 1: C4" in shown.page.locator(".readout").inner_text()
    shown.page.get_by_role("button", name="▶ hear it").click()
    shown.page.get_by_role("button", name="⏹ stop").click()


def test_a_picture_is_shown_and_answered(shown: Page) -> None:
    shown.page.select_option("#run", "pictures")
    shown.page.set_input_files("#file", {"name": "dark.png", "mimeType": "image/png", "buffer": picture(0)})
    shown.page.wait_for_selector('[data-drawn="dark.png"]')
    assert shown.page.locator(".preview img").is_visible()
    assert "The answer" in shown.page.locator("h2").all_inner_texts()


def test_an_answer_without_a_word_is_reported(shown: Page) -> None:
    answer = {"value": "", "shown": "(nothing)", "scores": [{"value": "", "probability": 1.0}], "alignment": None}
    shown.page.route("**/predict", lambda route: route.fulfill(json={"predictions": [answer]}))
    shown.page.select_option("#run", "pictures")
    shown.page.set_input_files("#file", {"name": "dark.png", "mimeType": "image/png", "buffer": picture(0)})
    shown.page.wait_for_selector('[data-drawn="dark.png"]')
    assert shown.page.locator(".answer").inner_text() == "(nothing)"
    assert shown.page.locator(".bars span").first.inner_text() == "(nothing)"


def test_on_paper_no_picture_is_cut_and_bars_keep_their_colours(shown: Page) -> None:
    typed(shown, "the clouds are")
    shown.page.emulate_media(media="print")
    shown.page.set_viewport_size({"width": 700, "height": 1000})
    cut = """() => [...document.querySelectorAll('svg, canvas')].filter((one) =>
        one.getBoundingClientRect().right > document.documentElement.clientWidth).length"""
    assert shown.page.locator("svg, canvas").count() > 3
    assert shown.page.evaluate(cut) == 0
    adjust = "getComputedStyle(document.querySelector('.bars .fill')).printColorAdjust"
    assert shown.page.evaluate(adjust) == "exact"
    shown.page.emulate_media(media="screen")


def test_what_the_network_cannot_read_is_reported(shown: Page) -> None:
    shown.page.select_option("#run", "series")
    shown.page.fill("#text", "one, two")
    shown.page.wait_for_selector(".problem:has-text('is not a number')")
    # a browser notes every status of 4xx
    assert all("400" in one for one in shown.troubles)
    shown.troubles.clear()


def test_what_would_be_drawn_adds_up(client: TestClient) -> None:
    found = told(client, "/next", {"model": "lines", "text": "the", "top": 1000, "temperature": 0.7, "top_k": 5})[
        "items"
    ]
    drawn = [one["drawn"] for one in found]
    assert sum(drawn) == pytest.approx(1.0, rel=SINGLE)
    assert sum(share > 0 for share in drawn) == 5


def test_an_explanation_that_cannot_be_given_is_a_sentence(client: TestClient) -> None:
    assert "are answered here" in refused(client, "/explain", {"model": "lines", "value": "a " * 20000}, 413)
    assert "parts" in refused(client, "/explain", {"model": "lines", "value": "a", "parts": ["all"]})
