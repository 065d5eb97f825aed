"""Pages in a headless Chromium, opened as files: what they draw and answer, without one request."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import continuation
from recur.codecs import AudioCodec, CharactersCodec, ClassCodec, NotesCodec
from recur.config import ForecastConfig
from recur.export.web import export_web
from recur.export.web.weights import round_weights
from recur.modes import Forecast, ManyToOne, Mode, NextItem, OneToMany, OneToOne
from tests.axe import violations
from tests.export.web.networks import classes, config, drawn, pictures, series, words
from tests.export.web.test_network import short, tagger, translator
from tests.serve.browser import Page, browser

DRAWN = "() => { const c = document.querySelector('.column'); return c && c.dataset.drawn !== undefined; }"
MILLISECONDS = 16  # for a key of the demo's network


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """Open the page of a network; its troubles and requests are checked at the end."""
    pages: list[Page] = []

    def open_page(mode: Mode, *, inputs: list[Any] | None = None, **options: Any) -> Any:
        result = export_web(mode, tmp_path / "page.html", name="a run", sentence="y from x", inputs=inputs)
        # what would leave the machine is refused by the browser, and noticed here
        context = chromium.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(20_000)
        pages.append(Page(page))
        page.goto(result.path.as_uri() + "#%7B%22options%22%3Atrue%7D")  # its options are open
        return page

    yield open_page
    for one in pages:
        assert one.hosts <= {""}, "a page asks no host"
        assert not one.troubles
        one.page.context.close()


def language() -> Mode:
    return drawn(NextItem(words(), config()))


def test_a_language_model_shows_candidates_reasons_states_and_the_gradient(opened: Any) -> None:
    mode = language()
    page = opened(mode)
    page.fill("#text", "w1 w2 w3")
    page.wait_for_function(DRAWN)
    rows = page.locator(".next button").all_inner_texts()
    round_weights(mode)
    [expected] = continuation.predict(mode, ["w1 w2 w3"], top=5)
    assert rows[:5] == [str(value) for value, _ in expected.scores]
    headings = page.locator("h2").all_inner_texts()
    assert headings == [
        "What comes next", "The network", "Which inputs support the answer", "Surprise of each item",
        "States and gates",
        "Gradient through time: ‖∂e/∂h_t‖ at each step",
    ]  # fmt: skip
    # the candidates are in the page before anything else that was waiting: in the frame of the key
    soon = page.evaluate("""async () => {
      const box = document.getElementById("text"), next = document.querySelector(".next");
      const waited = new Promise((go) => { setTimeout(() => go(!next.isConnected), 0); });
      box.value += " w4";
      box.dispatchEvent(new Event("input"));
      return waited;
    }""")
    assert soon
    page.fill("#text", "w1 w2 w3")
    page.wait_for_function(DRAWN)
    page.locator(".next button").first.click()  # the candidate is written
    assert page.input_value("#text") == f"w1 w2 w3 {rows[0]} "


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="needs a compiler: pip install ziglang")
def test_the_page_says_that_its_steps_run_as_webassembly(opened: Any) -> None:
    page = opened(language())
    page.fill("#text", "w1 w2 w3")
    page.wait_for_function(DRAWN)
    assert page.locator("footer").inner_text().endswith("The steps of its cells run as WebAssembly SIMD.")


def test_a_text_is_continued_and_a_seed_gives_the_same_text_again(opened: Any) -> None:
    page = opened(language())
    page.fill("#text", "w1")
    page.fill("#length", "12")

    def written(seed: str) -> str:
        page.fill("#seed", seed)
        page.get_by_role("button", name="continue").click()
        page.get_by_role("button", name="continue").wait_for()
        return str(page.locator(".written").inner_text())

    texts = [written(seed) for seed in ("1", "2", "3", "4", "1", "2", "3", "4")]
    assert texts[:4] == texts[4:]
    assert len(set(texts)) > 1


def test_a_class_is_answered_with_its_probability_and_what_supports_it(opened: Any) -> None:
    mode = drawn(ManyToOne(words(), classes(), config(bidirectional=True)))
    page = opened(mode, inputs=["w1 w2 w3", "w4"])
    page.get_by_role("button", name="w1 w2 w3").click()  # an example
    page.wait_for_function(DRAWN)
    round_weights(mode)
    [expected] = mode.predict(["w1 w2 w3"], top=3)
    assert page.locator(".answer").inner_text() == expected.shown
    shown = page.locator(".bars span").all_inner_texts()
    for (_, probability), text in zip(expected.scores, shown, strict=True):
        assert text == (f"{100 * probability:.2f} %" if probability < 0.1 else f"{100 * probability:.1f} %")
    assert page.locator(".chip small").count() == 3


def test_a_forecast_is_drawn_with_its_range(opened: Any) -> None:
    mode = drawn(Forecast(series(), series(), config(), ForecastConfig(horizon=4, quantiles=[0.1, 0.5, 0.9])))
    page = opened(mode)
    page.fill("#text", "5 4\n6 3\n2.5 7\n4 4")
    page.wait_for_function(DRAWN)
    assert page.get_by_role("heading", name="The forecast").count() == 1
    assert page.locator("figure polygon").count() == 2  # a range for each column
    said = page.locator("figure svg[aria-label*='steps of the forecast']").first.get_attribute("aria-label")
    assert "4 steps that were read, and 4 steps of the forecast" in said
    assert page.locator(".answer").inner_text().count("(") == 4  # a pair for each step
    page.set_viewport_size({"width": 390, "height": 844})
    page.fill("#text", "5 4\n6 3\n2.5 7\n4 5")
    page.wait_for_function(DRAWN)
    assert page.locator("figure svg").first.bounding_box()["width"] <= 390
    page.fill("#text", "5 4\n6")
    page.wait_for_function("() => document.querySelector('.problem').textContent.includes('row 2 has 1 numbers')")
    page.fill("#text", "5,4 6,3")
    page.wait_for_function("() => document.querySelector('.problem').textContent.includes('decimal comma')")
    page.fill("#text", "0x10 3")
    page.wait_for_function("() => document.querySelector('.problem').textContent.includes('not a number')")


def test_a_picture_is_drawn_with_the_mouse_and_answered(opened: Any) -> None:
    page = opened(drawn(OneToOne(pictures("whole"), classes(), config())))
    box = page.locator("canvas.sketch").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 180, steps=4)
    page.mouse.up()
    page.wait_for_function(DRAWN)
    assert page.locator(".answer").inner_text() in {"yes", "no", "</script> maybe"}
    assert page.locator(".bars .track").count() == 3
    page.get_by_role("button", name="clear").click()
    assert page.locator(".answer").count() == 0


def test_a_melody_is_continued_drawn_as_a_roll_and_can_be_played(opened: Any) -> None:
    codec = NotesCodec("melody", frames_per_beat=2).fit(["C4 D4 E4/2 r/2 G4 C5"])
    page = opened(drawn(NextItem(codec, config())))
    page.fill("#text", "C4 D4")
    page.fill("#length", "8")
    page.get_by_role("button", name="continue").click()
    page.wait_for_function(DRAWN)
    assert page.locator("canvas[aria-label='piano roll']").count() == 1
    page.get_by_role("button", name="hear it").click()
    assert page.get_by_role("button", name="stop").count() == 1


def test_tags_are_searched_as_a_chain(opened: Any) -> None:
    mode = tagger(bidirectional=True)
    page = opened(drawn(mode))
    page.fill("#text", "w1 w2 w3 w4")
    page.wait_for_function(DRAWN)
    round_weights(mode)
    [expected] = mode.predict(["w1 w2 w3 w4"])
    shown = [one.split("/")[1] for one in page.locator(".answer").inner_text().split()]
    assert shown == expected.value


def test_a_translation_has_candidates_attention_and_a_word_of_it_is_explained(opened: Any) -> None:
    mode = drawn(translator(num_layers=2, bidirectional=True))
    page = opened(mode)
    page.fill("#text", "w1 w2 w3")
    page.wait_for_function(DRAWN)
    round_weights(mode)
    [expected] = mode.predict(["w1 w2 w3"], top=4)
    assert page.locator(".answer").inner_text() == expected.shown
    found = page.locator(".bars").first.locator("span").all_inner_texts()[::2]
    assert found == [value for value, _ in expected.scores]
    assert page.get_by_role("heading", name="Attention").count() == 1
    assert page.get_by_role("heading", name="decoder layer 1").count() > 0
    items = page.get_by_role("group", name="the item that is explained").get_by_role("button")
    items.first.click()
    page.wait_for_function("() => document.body.textContent.includes('word 1 of the answer is')")
    page.locator("#beam").fill("1")
    [greedy] = mode.predict(["w1 w2 w3"])
    page.wait_for_function(f"() => document.querySelector('.answer').textContent === {greedy.shown!r}")
    page.get_by_role("button", name="draw an answer").click()
    page.wait_for_function("() => document.querySelector('.written').textContent")


def test_a_picture_is_described_and_a_class_is_written_out(opened: Any) -> None:
    page = opened(short(drawn(OneToMany(pictures("whole"), words(), config(attention="luong")))))
    page.locator("canvas.sketch").click()
    page.wait_for_function(DRAWN)
    assert page.locator(".bars .track").count() == 4
    assert page.get_by_role("heading", name="Attention").count() == 1
    mode = short(drawn(OneToMany(classes(), words(), config())))
    page = opened(mode)
    page.get_by_role("button", name="yes").click()
    page.wait_for_function(DRAWN)
    round_weights(mode)
    assert page.locator(".answer").inner_text() == mode.predict(["yes"], beam=4)[0].shown


def test_a_sound_is_read_from_a_file(opened: Any, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, (4000, 2)), 16_000)
    codec = AudioCodec(bands=12, sample_rate=8000).fit([tmp_path / "a.wav"])
    mode = drawn(ManyToOne(codec, classes(), config(bidirectional=True)))
    page = opened(mode)
    page.set_input_files("#file", tmp_path / "a.wav")
    page.wait_for_function(DRAWN)
    round_weights(mode)
    [expected] = mode.predict([tmp_path / "a.wav"], top=3)
    assert page.locator(".answer").inner_text() == expected.shown
    shown = page.locator(".bars span").all_inner_texts()[1::2]
    assert shown == [f"{100 * p:.{2 if p < 0.1 else 1}f} %" for _, p in expected.scores]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_no_hidden_parts_and_every_control_is_reached_by_the_keyboard(scheme: str, opened: Any) -> None:
    mode = drawn(ManyToOne(CharactersCodec().fit(["some words"]), ClassCodec().fit(["yes", "no"]), config()))
    page = opened(mode, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.fill("#text", "some words")
    page.wait_for_function(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.lang") == "en"
    parts = "button, input, select, textarea, svg[role=img], canvas"
    named = "one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length"
    unnamed = page.evaluate(f"[...document.querySelectorAll('{parts}')].filter((one) => !({named})).length")
    assert unnamed == 0
    assert violations(page) == []
    page.focus("#text")
    reached = {page.evaluate("document.activeElement.id")}
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    # a row of buttons is one stop, in which arrow keys move
    page.get_by_role("button", name="state h", exact=True).focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        reached.add(page.evaluate("document.activeElement.textContent"))
    assert {"text", "yes", "no", "state h", "gate f"} <= reached
    ink, paper = (
        page.evaluate(f"getComputedStyle(document.body).{name}.match(/\\d+/g).map(Number).reduce((a, b) => a + b)")
        for name in ("color", "backgroundColor")
    )
    assert (ink > paper) == (scheme == "dark")


def test_the_network_of_the_demo_fits_in_3_megabytes_and_answers_a_key_in_time(opened: Any, tmp_path: Path) -> None:
    vocabulary = [f"w{n}" for n in range(1000)]
    codec = type(words())().fit([" ".join(vocabulary)])
    mode = drawn(NextItem(codec, config(hidden_size=256, embedding_size=128)))
    page = opened(mode)
    assert (tmp_path / "page.html").stat().st_size < 3_000_000
    page.fill("#text", "w1 w2 w3")
    page.wait_for_function(DRAWN)
    times = page.evaluate("""() => {
        const stored = JSON.parse(document.getElementById("network").textContent);
        const text = atob(document.getElementById("weights").textContent);
        const bytes = Uint8Array.from(text, (one) => one.charCodeAt(0));
        const local = new Running.Local(new Running.Network(stored.about, bytes, Running.cells), stored.facts);
        return Array.from({ length: 60 }, (_, n) => {
            const begin = performance.now();
            Running.narrowed(local.network.answer(local.read(Array(n + 1).fill(5)).top), 1, 0, 1);
            return performance.now() - begin;
        });
    }""")
    limit = MILLISECONDS if "RECUR_QUIET" in os.environ else 40 * MILLISECONDS  # other programs run beside the tests
    assert float(np.median(times)) < limit
