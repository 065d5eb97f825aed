"""The figures in a headless browser: they run, react, fit on a phone, and are reached by keyboard."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from recur.lecture import page
from recur.lecture.page import text
from tests.axe import violations
from tests.serve.browser import Page, browser
from tests.tolerances import LEARNED, SHOWN, agree

CHAPTERS = [one["id"] for one in text("en")["chapters"]]
READABLE = 4.5  # contrast of text with what is behind it: WCAG 2, level AA
CONTRASTS = """(() => {
  const board = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const light = (colour) => {
    board.fillStyle = colour;
    board.fillRect(0, 0, 1, 1);
    const part = [...board.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => v / 255);
    const linear = part.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05;
  };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)]; return Math.max(x, y) / Math.min(x, y); };
  const cells = [...document.querySelectorAll(".matrix > [style], .moment .vector span, .sentence button[style]")]
    .filter((one) => !one.matches(".untested")).map((one) => {
      const { color, backgroundColor } = getComputedStyle(one);
      return [one.textContent, contrast(color, backgroundColor)];
    });
  const drawn = [...document.querySelectorAll(".vector text")].map((one) =>
    [one.textContent, contrast(getComputedStyle(one).fill, getComputedStyle(one.previousSibling).fill)]);
  const parts = [...document.querySelectorAll("svg.step g > rect")].flatMap((one) =>
    [...one.parentNode.querySelectorAll("text:not(.name):not(.number)")].map((text) =>
      [text.textContent, contrast(getComputedStyle(text).fill, getComputedStyle(one).fill)]));
  return [...cells, ...drawn, ...parts];
})()"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("lecture")
    for language in ("en", "ko"):
        (folder / f"{language}.html").write_text(page(language), encoding="utf-8")
    return {language: (folder / f"{language}.html").as_uri() for language in ("en", "ko")}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def opened(chromium: Any, address: str, *, wide: int = 1280, dark: bool = False) -> Page:
    context = chromium.new_context(
        viewport={"width": wide, "height": 900}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    seen = Page(context.new_page())
    seen.page.goto(address)
    for chapter in CHAPTERS:
        seen.page.wait_for_selector(f'#{chapter} [data-figure][data-drawn="yes"]')
    return seen


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("wide", [1280, 390])
def test_every_figure_is_drawn_without_a_request_and_nothing_is_hidden(
    chromium: Any, files: dict[str, str], language: str, wide: int
) -> None:
    seen = opened(chromium, files[language], wide=wide)
    assert seen.troubles == []
    assert seen.hosts <= {""}
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= wide
    written = seen.page.locator("main").inner_text()
    assert not {"undefined", "NaN", "{n}", "null"} & set(written.replace(",", " ").split())
    # no text of a drawing is cut off at its border
    cut = """[...document.querySelectorAll('[data-figure] svg[role=img]')].flatMap((svg) => {
      const room = svg.getBoundingClientRect();
      return [...svg.querySelectorAll('text')].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && (box.left < room.left - 2 || box.right > room.right + 2);
      }).map((one) => one.textContent);
    })"""
    assert seen.page.evaluate(cut) == []
    unnamed = "[...document.querySelectorAll('svg:not([aria-hidden])')].filter((one) => !one.ariaLabel).length"
    assert seen.page.evaluate(unnamed) == 0


def test_the_first_figure_is_reached_by_few_keys_and_reacts(chromium: Any, files: dict[str, str]) -> None:
    seen = opened(chromium, files["en"])
    seen.page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    stops = 0
    while not seen.page.evaluate("Boolean(document.activeElement.closest('#loop [data-figure]'))"):
        seen.page.keyboard.press("Tab")
        stops += 1
        assert stops < 10
    seen.page.keyboard.press("Enter")
    assert "4 copies" in seen.page.locator("#loop .told").inner_text()


def test_the_chain_grows_with_the_same_weights_and_spells_on(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    assert "33 weights, once" in one.locator("#loop svg").text_content()
    one.locator("#loop input").nth(1).fill("8")
    assert "8 copies of A" in one.locator("#loop .told").inner_text()
    drawn = one.locator("#loop svg")
    assert "33 weights, once: the same in all 8 copies" in drawn.text_content()
    assert drawn.locator("rect.copy").count() == 8
    said = [each[1] for each in drawn.locator("text.said").all_text_contents() if each.startswith("“")]
    assert "".join(said[::-2]) == "elloello"
    assert "".join(said[-2::-2]) == "hellhell"
    assert drawn.locator("g.vector").count() == 7  # a message between every two copies


def test_the_error_of_a_step_follows_from_the_scores_that_are_printed(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    for step in range(1, 5):
        one.locator("#equation input").fill(str(step))
        said = one.locator("#equation .error").inner_text().replace("−", "-")
        score, *scores = [float(each) for each in re.findall(r"exp\((.*?)\)", said)]
        p, e = (float(each) for each in re.findall(r"≈ ([\d.]+)", said))
        sums = sum(map(math.exp, scores))
        assert len(scores) == 4
        assert score in scores
        agree([p, e], [math.exp(score) / sums, -math.log(p)], LEARNED, "as printed")


def test_an_option_of_a_command_is_not_broken_at_its_dashes(chromium: Any, files: dict[str, str]) -> None:
    broken = """[...document.querySelectorAll(".own pre b")].filter((one) => one.getClientRects().length > 1)"""
    for wide in (390, 1280):
        one = opened(chromium, files["en"], wide=wide).page
        assert one.locator(".own pre b", has_text="--hidden-size").count() > 0
        assert one.evaluate(f"{broken}.length") == 0
        assert one.evaluate("document.documentElement.scrollWidth") <= wide


def test_controls_change_what_is_shown(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    one.locator("#near select").first.select_option("fish")
    assert one.locator("#near .blank").inner_text() == "sea"
    one.locator("#near select").first.select_option("clouds")
    one.locator("#near select").nth(1).select_option("white")
    one.locator("#near .sentence button", has_text="white").click()
    assert "“sky” stays at 100 %. It is still the most likely word." in one.locator("#near .told").inner_text()
    one.locator("#near .sentence button", has_text="clouds").click()
    one.locator("#near .other select").select_option("fish")
    assert "LSTM: with “fish” for “clouds”" in one.locator("#near .told").inner_text()
    assert "The most likely word is then “sea”" in one.locator("#near .told").inner_text()
    assert one.locator("#near .untested").all_inner_texts() == ["the", "are", "in", "the"]
    bars = one.locator("#near .beside .bars")
    named = [str(each.get_attribute("aria-label")).split()[0] for each in bars.all()]
    assert named == ["sky", "sea", "sky", "sea"]  # before and after the swap, in both networks
    one.locator("#far input").first.fill("6")
    assert "35 words apart" in one.locator("#far .panel").first.inner_text()
    one.locator("#far .sentence button", has_text="sister").click()
    assert "It is still the most likely word." in one.locator("#far .told").first.inner_text()
    counted = one.locator("#far .part .told")
    assert "“I” counts most, 36 %; the country counts 0 %. GRU: “(country)” counts most, 80 %." in counted.inner_text()
    one.locator("#far .part input").fill("9")
    assert "LSTM: “plays” counts most, 89 %; the country counts 0 %." in counted.inner_text()
    one.locator("#memory select").nth(1).select_option("2")
    assert "erased: 0 0 0" in one.locator("#memory [data-figure]").inner_text()
    one.locator("#memory select").first.select_option("heel")
    assert "trained on “hello” alone" in one.locator("#memory .told").inner_text()
    assert (
        "the length of their difference: here 1.41 to the state after “hell”"
        in one.locator("#memory .told").inner_text()
    )  # erased before step 3
    for letters, steps in (("llll", "1, 2, 3, 4"), ("elll", "2, 3, 4")):
        one.locator("#memory select").first.select_option(letters)
        said = one.locator("#memory .told").inner_text()
        assert f"is read at steps {steps}." in said
        assert said.count("“o”") + said.count("“l”") == len(steps.split(", "))
        assert "after other letters no answer is right" in said
    assert "99 %" in one.locator("#bidirectional .told").inner_text()
    assert "good ✗" in one.locator("#deep svg").first.text_content()
    one.locator("#deep input").fill("2")
    assert "bad ✓" in one.locator("#deep svg").first.text_content()
    one.locator("#tasks .attention button").first.click()
    assert (
        "forty two → zwei und vierzig. For “zwei” it looks at “two” with 100 %"
        in one.locator("#tasks .attention .told").inner_text()
    )
    one.locator("#tasks .attention button").nth(3).click()
    assert "The full stop ends the answer" in one.locator("#tasks .attention .told").inner_text()
    one.locator("#tasks .attention input").fill("7")
    assert one.locator("#tasks .attention .controls button:visible").count() == 2  # "sieben", and the point
    small = one.locator("#tasks .task .small")
    assert small.nth(1).locator("text").all_text_contents() == ["7", *"seven"]
    one.locator("#tasks select").nth(1).select_option("3")
    assert small.nth(1).locator("text").all_text_contents() == ["3", *"three"]
    assert "soixante" in small.nth(3).locator("text").all_text_contents()
    one.locator("#equation .block").filter(has_text="z").first.locator("button").first.hover()
    marked = one.locator("#equation .block:has(.marked) figcaption").all_inner_texts()
    assert "".join(marked).replace("\n", "") == "z2Whyh2p"
    one.locator("#own select").select_option("elman_relu")
    one.locator("#own input").first.fill("1")
    assert "The error stays at 5.55" in one.locator("#own .told").inner_text()
    one.locator("#own input").first.fill("4")
    one.locator("#own select").select_option("lstm")
    assert "hello" in one.locator("#own .told").inner_text()


@pytest.mark.parametrize("wide", [1280, 390])
def test_bptt_goes_forward_with_numbers_and_back_on_three_paths(
    chromium: Any, files: dict[str, str], wide: int
) -> None:
    one = opened(chromium, files["en"], wide=wide).page
    told, rows = one.locator("#through_time .part > .told"), one.locator("#through_time dd")
    assert "what is kept for the backward pass" in told.inner_text()
    assert rows.count() == 7
    assert "−ln 0.263 = 1.335" in rows.last.inner_text()  # e_1, as it is written above z_1
    assert "e = 1.335" in str(one.locator("#through_time svg").text_content())
    blocks, heights = one.locator("#through_time .beside"), set()
    for frame in range(7):
        heights.add(blocks.evaluate("(one) => one.offsetHeight"))
        kept = blocks.locator(".outer span").count()
        assert kept == (10 * (frame + 1) if frame < 4 else 12 + 12 + 9)  # h, x and h before of every step so far
        one.locator("#through_time button.main").click()
    heights.add(blocks.evaluate("(one) => one.offsetHeight"))
    assert len(heights) == 1  # the page stays where it is
    assert one.locator("#through_time button.main").is_disabled()
    assert "the three sums are the gradient" in told.inner_text()
    # the input and the state before step 1 are given: paths end there, with a bar and no head
    assert one.locator("#through_time .arrow.xh").count() == 4
    assert one.locator("#through_time .arrow.xh .head").count() == 0
    assert one.locator("#through_time .arrow.hh .head").count() == 3
    assert one.locator("#through_time .arrow.hh").count() == 4
    one.locator("#through_time button", has_text="trained").last.click()
    near = one.locator("#through_time .block .soft:last-child:visible")
    assert near.count() == 3
    assert all("close to zero" in text for text in near.all_inner_texts())


def test_an_entry_of_a_gradient_is_traced_and_checked_by_a_nudge(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    entry, check = (one.locator("#through_time .entry .told").nth(n) for n in range(2))
    assert "its gradient is added up in the backward pass" in entry.inner_text()
    entries = one.locator("#through_time .block.hh button")
    one.locator("#through_time input").fill("6")  # backward, step 3
    entries.nth(3).hover()
    assert "row 2, column 1: steps 4, 3 add" in entry.inner_text()
    assert "so far" in entry.inner_text()
    one.locator("#through_time input").fill("8")
    terms, total = entry.inner_text().split(" add ")[1].rstrip(".").replace("−", "-").split(" = ")
    products = [[float(each.strip("()")) for each in term.split(" · ")] for term in terms.split(" + ")]
    assert len(products) == 4
    agree([sum(a * b for a, b in products)], [float(total)], LEARNED, "the products")
    assert one.locator("#through_time .block.hh .marked").all_inner_texts()[-1] == entries.nth(3).inner_text()
    entries.nth(3).focus()
    one.keyboard.press("ArrowRight")
    assert "row 2, column 2" in entry.inner_text()
    distances = []
    for nudge in ("0.1", "0.01", "0.001"):
        one.locator("#through_time .entry button", has_text=nudge).first.click()
        numbers = [float(each) for each in re.findall(r"-?\d+\.\d+", check.inner_text().replace("−", "-"))]
        start, end, before, after, by, slope, gradient = numbers
        assert by == float(nudge)
        agree([end - start, (after - before) / by], [by, slope], SHOWN, "as printed")
        distances.append(abs(slope - gradient))
    assert distances == sorted(distances, reverse=True)  # the smaller the nudge, the closer


def test_the_lstm_is_walked_through_with_one_unit_that_remembers(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    deed, held, counted = (one.locator("#anatomy .told").nth(n) for n in range(3))
    unit, word = (one.locator("#anatomy input").nth(n) for n in range(2))
    assert "“France” (word 5), unit 7 is kept (f = 1.00, at least 0.90), a new value is written" in deed.inner_text()
    assert "(i · g = −0.96, at least 0.50 in size)" in deed.inner_text()
    assert "After “France” (word 5)" in held.inner_text()
    assert "France −1.94, Spain −1.89, Germany −1.80, Italy −0.01, Korea 0.00." in held.inner_text()
    numbers = one.locator("#anatomy svg.step .number").all_text_contents()
    assert {"“France”", "20 units", "forget f: sum 6.362", "f = 0.998", "g = −0.993"} <= set(numbers)
    # the products are those of the printed numbers
    kept, written = one.locator("#anatomy svg.step .sign .number").all_text_contents()
    assert {kept, written} == {f"−{0.998 * 0.987:.3f}", f"−{0.962 * 0.993:.3f}"}
    summed = one.locator("#anatomy svg.step .product text").first
    assert str(summed.text_content()).strip("\u200b") == "Wf [xt, ht−1] + bf"
    faint = "#anatomy svg.step .gate.later"
    assert [one.locator(faint).count(), one.locator("#anatomy svg.step .rows").count()] == [3, 4]  # i, g, o come later
    for gate, formula in (("forget f", "σ("), ("input i", "σ("), ("candidates g", "tanh("), ("cell state c", "·")):
        current = one.locator("#anatomy .walk .current").inner_text()
        assert gate in current
        assert formula in current
        one.locator("#anatomy button.main").click()
    assert str(summed.text_content()).strip("\u200b") == "Wo [xt, ht−1] + bo"
    assert one.locator(faint).count() == 0
    one.locator("#anatomy button.main").click()
    assert "of 20 units show more than 0.5 in size" in counted.inner_text()
    assert not one.locator("#anatomy", has_text="mean is").count()  # of signed values it says nothing
    word.fill("4")
    assert "At “in” (word 4), unit 7 is erased (f = 0.00, at most 0.10)" in deed.inner_text()
    assert "Up to “in” (word 4) all five sentences are the same" in held.inner_text()
    word.fill("15")  # the second "I" of the sentence
    assert "15" in held.inner_text()
    assert "France −1.93, Spain −1.89, Germany −1.80, Italy −0.01, Korea −0.01." in held.inner_text()
    one.locator("#anatomy select").select_option("Italy")
    word.fill("5")
    assert "At “Italy” (word 5), unit 7 is erased (f = 0.00, at most 0.10), nothing is written" in deed.inner_text()
    assert "unit 7 at “Italy”" in one.locator("#anatomy h3").nth(1).inner_text()
    unit.fill("8")
    assert "the cell of unit 8 holds, by the country at word 5: Germany" in held.inner_text()


def test_gradients_shrink_by_factors_and_stay_on_the_belt(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    plain, belt, both, cut = (one.locator("#vanishing .told").nth(n) for n in range(4))
    distance, forget, kept = (one.locator("#vanishing input").nth(n) for n in range(3))
    key = one.locator("#vanishing .key")
    assert "19 steps" in one.locator("#vanishing .panel").first.inner_text()
    assert "the product of the 19 factors" in plain.inner_text()
    assert "as much as 19 factors of 0.43 each. The gradient vanishes." in plain.inner_text()
    assert "95 % is left at France: the product of the 19 factors" in belt.inner_text()
    assert "the gates at “in” let only 0.08 of it pass" in belt.inner_text()
    assert "the belt alone brings 95 %" in both.inner_text()
    assert "with the second way, 110 % arrives" in both.inner_text()
    assert "LSTM: 110 % arrives at France: it is carried" in key.inner_text()
    assert "France is 19 steps before the error and gets nothing" in cut.inner_text()
    assert one.locator("#vanishing .jaw").count() == 2 * 23
    kept.fill("18")
    assert "gets nothing" in cut.inner_text()
    assert one.locator("#vanishing .wrong").count() == 1
    kept.fill("19")  # as many steps as there are
    assert "reaches France, 19 steps before the error: 110 %" in cut.inner_text()
    trained = key.inner_text()
    forget.fill("-8")
    assert "9·10⁻³ % is left at France" in belt.inner_text()
    assert "to make room" not in belt.inner_text()  # it is the shift that closes the gates
    one.locator("#vanishing button", has_text="× 2").click()
    assert "At France, 6.1 % arrives" in plain.inner_text()
    assert "is 0.14 on average" in plain.inner_text()
    one.locator("#vanishing button", has_text="computed again").click()
    assert "At France, 1·10⁻⁴ % arrives" in plain.inner_text()
    assert "is 0.10 on average" in plain.inner_text()
    one.locator("#vanishing button", has_text="as they were").click()
    one.locator("#vanishing button", has_text="× 4").click()
    assert "At France, 3·10⁶ % arrives" in plain.inner_text()
    assert "The gradient grows" in plain.inner_text()
    assert key.inner_text() == trained  # the networks as they were trained
    distance.fill("1")
    assert key.inner_text() != trained


@pytest.mark.parametrize("wide", [1280, 390])
def test_the_pictures_of_the_gradient_have_one_axis(chromium: Any, files: dict[str, str], wide: int) -> None:
    one = opened(chromium, files["en"], wide=wide).page
    places = """[...document.querySelectorAll('#vanishing .chart svg[role=img]')].map((svg) =>
      [...svg.querySelectorAll('.said')].map((one) => {
        const box = one.getBoundingClientRect(), room = svg.getBoundingClientRect();
        const down = innerWidth > 700 ? 0 : Math.round(box.top - room.top);
        return [one.textContent, Math.round(box.right - room.left), down];
      }))"""
    first, *others = one.evaluate(places)
    assert len(first) == 24
    assert len(others) == 3
    assert all(other == first for other in others)


def test_an_equation_that_is_typed_in_is_trained_or_refused_with_the_reason(
    chromium: Any, files: dict[str, str]
) -> None:
    seen = opened(chromium, files["en"], wide=390)
    one = seen.page
    one.locator("#own select").select_option("typed in")
    assert "56 weights" in one.locator("#own .told").inner_text()
    drawn = one.locator("#own svg.step:visible")
    assert drawn.locator(".gate").count() == 2  # keep, and the tanh
    assert drawn.evaluate("(one) => one.getBoundingClientRect().width") <= 366
    assert "spells “hello”" in one.locator("#own .told").inner_text()
    text = '@equation(x="X", h="H", W="H X", U="H H")\ndef mine(x, h, W, U):\n    return tanh(W @ x + U @ x)\n'
    one.locator("#own textarea").fill(" ")
    one.wait_for_selector("#own .refusal:not(:empty)")
    assert one.locator("#own .refusal").inner_text() == "there is no equation: the box is empty"
    one.locator("#own textarea").fill(text.replace("U @ x", "U @ h").replace("tanh", "tahn"))
    one.wait_for_selector("#own .refusal:has-text('\"tahn\" is unknown. → ')")
    one.locator("#own textarea").fill(text)
    one.wait_for_selector("#own .refusal:has-text('multiplies')")
    one.wait_for_selector("#own .refusal:not(:empty)")
    assert "U is H x H and multiplies a vector of H, but x is X" in one.locator("#own .refusal").inner_text()
    assert one.locator("#own .told").inner_text() == ""
    one.locator("#own textarea").fill(text.replace("U @ x", "U @ h"))
    one.wait_for_selector("#own .refusal:empty", state="attached")
    assert "48 weights" in one.locator("#own .told").inner_text()
    assert one.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.troubles == []


def test_the_drawing_of_a_step_fits_on_a_phone_unscaled(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"], wide=390).page
    for figure in ("anatomy", "own"):
        shape = f"(() => {{ const s = document.querySelector('#{figure} svg.step').getBoundingClientRect();"
        wide, high = one.evaluate(f"{shape} return [s.width, s.height]; }})()")
        assert wide <= 366
        assert high > wide  # it runs downwards
    small = "[...document.querySelectorAll('#anatomy svg.step text:not(.name)')].map((one) => parseFloat("
    assert min(one.evaluate(f"{small}getComputedStyle(one).fontSize))")) >= 12
    assert one.evaluate("document.querySelector('#anatomy svg.step').getBoundingClientRect().width") >= 330


def test_a_link_leads_to_its_chapter_though_figures_above_it_are_tall(chromium: Any, files: dict[str, str]) -> None:
    for address in (files["en"], f"{files['en']}#own"):
        one = opened(chromium, address).page
        if "#" not in address:
            one.locator("summary").first.click()
            one.locator('a[href="#own"]').first.click()
        one.wait_for_function("Math.abs(document.querySelector('#own').getBoundingClientRect().top) < 200")


@pytest.mark.parametrize("wide", [1280, 390])
def test_the_numbers_of_the_gates_are_in_their_cells(chromium: Any, files: dict[str, str], wide: int) -> None:
    one = opened(chromium, files["en"], wide=wide).page
    cells = one.locator("#anatomy .chart").first.locator("text.digits")
    assert cells.count() == 3 * one.locator("#anatomy .chart").first.locator(".said").count() > 0
    inside = """(all) => all.every((each) => { const a = each.getBoundingClientRect(),
      b = each.previousElementSibling.getBoundingClientRect();
      return a.left >= b.left - 2 && a.right <= b.right + 2 && a.top >= b.top - 2 && a.bottom <= b.bottom + 2; })"""
    assert cells.evaluate_all(inside)


def test_the_controls_of_a_part_stay_in_sight_on_a_phone(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"], wide=390).page
    for chapter, n in (("anatomy", 1), ("vanishing", 1), ("vanishing", 2)):
        part = one.locator(f"#{chapter} .part").nth(n - 1)
        part.evaluate("(e) => { const b = e.getBoundingClientRect(); scrollTo(0, scrollY + b.bottom - 500); }")
        place = part.locator(".panel").first.evaluate("(e) => e.getBoundingClientRect().top")
        assert -2 <= place < 500, chapter


@pytest.mark.parametrize("dark", [False, True])
def test_text_on_a_coloured_cell_is_readable(chromium: Any, files: dict[str, str], dark: bool) -> None:
    one = opened(chromium, files["en"], dark=dark).page
    seen = []
    for step in range(1, 5):  # of chapter 3: other numbers, and so other colours
        one.locator("#equation input").fill(str(step))
        seen += one.evaluate(CONTRASTS)
    assert len(seen) > 400
    assert [(what, ratio) for what, ratio in seen if ratio < READABLE] == []


def test_every_message_between_copies_has_its_arrowhead(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"], wide=390).page
    one.locator("#tasks select").nth(2).select_option("the film is good but the music is not funny")
    small = one.locator("#tasks .task .small").nth(2)
    assert small.locator(".copy").count() == 10
    assert small.locator(".head").count() == 10 + 9 + 1  # from each input, between the copies, to the answer
    # a head is shorter than its line, so that the line is seen
    lengths = small.locator(".arrow").evaluate_all(
        "(all) => all.map((one) => [...one.children].map((part) => part.getTotalLength()))"
    )
    assert all(line > 0 for line, _ in lengths)


def test_the_states_of_both_chains_are_large_enough_to_be_read_on_a_phone(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"], wide=390).page
    sizes = one.locator("#bidirectional .vector rect").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect()).map((box) => [box.width, box.height])"
    )
    assert min(wide for wide, _ in sizes) > 14
    assert min(high for _, high in sizes) > 7
    # the name of a layer is beside its boxes
    inside = """(all) => all.filter((label) => { const a = label.getBoundingClientRect();
      return [...label.ownerSVGElement.querySelectorAll(".copy, .arrow")].some((each) => {
        const b = each.getBoundingClientRect();
        return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }); }).length"""
    one.locator("#deep input").fill("3")
    assert one.locator("#deep svg text.soft").count() >= 3
    assert one.locator("#deep svg text.soft").evaluate_all(inside) == 0


def test_settings_survive_the_breakpoint(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    one.locator("#vanishing input").nth(1).fill("-8")
    one.locator("#far select").first.select_option("Italy")
    one.locator("#far .sentence button", has_text="sister").click()
    one.locator("#far .other select").select_option("school")
    one.locator("#deep input").fill("3")
    one.locator("#memory .picker").press("Home")
    one.locator("#memory .picker").press("Shift+ArrowRight")
    one.locator("#deep button", has_text="gradient").click()
    one.locator("#tasks button[aria-pressed]").first.click()
    seen = ("#vanishing .panel", "#far .told", "#deep .told", "#tasks .running", "#memory .outcome")
    before = [one.locator(each).first.inner_text() for each in seen]
    for wide in (390, 1280):
        narrow = one.locator("#deep svg").first.get_attribute("width")
        one.set_viewport_size({"width": wide, "height": 900})
        one.wait_for_function(f"document.querySelector('#deep svg').getAttribute('width') !== '{narrow}'")
        one.wait_for_timeout(300)
    assert [one.locator(each).first.inner_text() for each in seen] == before


def test_an_answer_is_shown_after_a_choice(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    assert not one.locator("#loop .answer").is_visible()
    one.locator("#loop .options button").first.click()
    assert one.locator("#loop .answer").is_visible()
    assert one.locator("#loop .options button.right").count() == 1


def test_on_paper_every_answer_is_printed(chromium: Any, files: dict[str, str]) -> None:
    one = opened(chromium, files["en"]).page
    one.evaluate("dispatchEvent(new Event('beforeprint'))")
    one.emulate_media(media="print")
    assert one.locator(".answer:visible").count() == len(CHAPTERS)
    kept = "(all) => all.map((each) => getComputedStyle(each).breakAfter)"
    for heading in (".chapter header p", ".chapter h2", "[data-figure] h3", ".own h3"):
        assert set(one.locator(heading).evaluate_all(kept)) == {"avoid"}, heading
    # a figure that is walked through shows where it ends, and on the screen where it was
    assert "the three sums are the gradient" in one.locator("#through_time .part > .told").inner_text()
    assert one.locator("#anatomy svg.step .later").count() == 0
    one.evaluate("dispatchEvent(new Event('afterprint'))")
    assert "Forward, step 1" in one.locator("#through_time .part > .told").inner_text()
    assert one.locator("#anatomy svg.step .gate.later").count() == 3


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_range_is_chosen_by_keys_and_by_pointer_and_its_matches_follow(
    chromium: Any, files: dict[str, str], language: str
) -> None:
    page = opened(chromium, files[language]).page
    states = page.locator("#memory .states")
    first = states.locator(".alike").inner_text()
    states.locator(".picker").focus()
    page.keyboard.press("Home")
    assert states.locator('[aria-selected="true"]').count() == 1
    page.keyboard.press("Shift+ArrowRight")
    assert states.locator('[aria-selected="true"]').count() == 2
    assert states.locator(".alike").all_inner_texts() != [first]
    items = states.locator(".pick")
    opening = items.all_inner_texts().index("“")
    closing = items.all_inner_texts().index("”", opening)
    items.nth(opening).hover()
    page.mouse.down()
    items.nth(closing - 1).hover()
    page.mouse.up()
    assert states.locator(".alike").inner_text() == first


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("ko", True)])
def test_axe_finds_no_violation(chromium: Any, files: dict[str, str], language: str, dark: bool) -> None:
    assert not violations(opened(chromium, files[language], wide=390, dark=dark).page)
