"""The page in a real browser, where one is installed: it draws everything, says no error, and restores its view."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from recur import inspect as inspector
from recur.views.report import comparison, report
from tests.axe import violations
from tests.inspect.helpers import learned
from tests.serve.browser import browser

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def drawn(page: Path, state: dict[str, Any] | None = None) -> str:
    """The document after its script has run."""
    address = page.as_uri() + ("#" + urllib.parse.quote(json.dumps(state)) if state else "")
    done = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
         "--enable-logging=stderr", "--dump-dom", f"--user-data-dir={page.parent / 'profile'}", address],
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert not re.search(r"CONSOLE.*(error|Refused|Uncaught)", done.stderr, re.IGNORECASE), done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "source", "target", "value", "options"),
    [
        ("synced", "words", None, "the dog ran to", {"num_layers": 2}),
        ("many-to-many", "words", "words", "the dog ran", {"attention": "luong", "cell": "gru"}),
        ("one-to-one", "numbers", "class", (2.0, 30.0), {}),
    ],
)
def test_the_page_draws_itself(
    tmp_path: Path, name: str, source: str, target: str | None, value: object, options: dict[str, object]
) -> None:
    mode = learned(name, source, target, options)
    corpus = ["the dog ran to a cat", "a cat sat"] * 20 if name == "synced" else None
    data = inspector.explain(mode, value, corpus=corpus).data
    page = tmp_path / "a.html"
    page.write_text(report([data]), encoding="utf-8")
    text = drawn(page)
    assert data["question"]["says"][1:] in text
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert "Which inputs support the answer" in headings
    assert ("The network unrolled, step by step" in headings) == (name != "one-to-one")
    assert ("Units that follow a simple property of the text" in headings) == (corpus is not None)
    assert ("Attention" in headings) == ("attention" in options)
    assert text.count('class="chip"') >= len(data["input"]["items"])


def test_the_address_restores_the_view(tmp_path: Path) -> None:
    data = inspector.explain(learned("synced", "words", None, {}), "the dog ran to").data
    page = tmp_path / "a.html"
    page.write_text(report([data, data]), encoding="utf-8")
    first, other = drawn(page), drawn(page, {"method": "gradient_input", "flow": "matrix", "frame": 6})
    assert re.search('aria-pressed="true"[^>]*>swap', first)
    assert re.search('aria-pressed="true"[^>]*>gradient × input', other)
    assert re.search('aria-pressed="true"[^>]*>error by error', other)
    assert "Forward, step 5" in first
    assert "Backward, step 4" in other


RUN = {"label": "a", "name": "a", "cell": "lstm", "layer": "", "relative": [1.0, 0.1], "rows": 3, "memory": None,
       "sentence": "x", "recorded": [{"step": 5, "distance": [0, 1], "norm": [1.0, 0.5]}]}  # fmt: skip


def test_a_comparison_draws_itself(tmp_path: Path) -> None:
    page = tmp_path / "c.html"
    page.write_text(compared(), encoding="utf-8")
    assert drawn(page).count("<polyline") == 2


def compared() -> str:
    return comparison({"title": "T", "sentence": "S", "distances": [0, 1], "runs": [RUN], "how": "h", "look": "l"})


@pytest.mark.parametrize(("wide", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_no_violation_and_nothing_is_wider_than_the_page(tmp_path: Path, wide: int, scheme: str) -> None:
    corpus = ["the dog ran to a cat", "a cat sat"] * 20
    read = learned("synced", "words", None, {"num_layers": 2})
    written = learned("many-to-many", "words", "words", {"attention": "luong", "cell": "gru"})
    explained = [
        inspector.explain(read, "the dog ran to", corpus=corpus).data,
        inspector.explain(written, "the dog ran").data,
    ]
    with browser() as chromium:
        for number, text in enumerate([report(explained[:1]), report(explained[1:]), compared()]):
            (tmp_path / f"{number}.html").write_text(text, encoding="utf-8")
            context = chromium.new_context(viewport={"width": wide, "height": 900}, color_scheme=scheme)
            page = context.new_page()
            page.goto((tmp_path / f"{number}.html").as_uri())
            for picture in ("shares of the three paths", "backward"):
                button = page.get_by_role("button", name=picture)
                if button.count():
                    button.first.click()
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= wide
            context.close()


def test_the_picture_joins_both_directions_where_the_answer_reads_them(tmp_path: Path) -> None:
    options = {"bidirectional": True, "num_layers": 2}
    tagged = inspector.explain(learned("synced", "words", "tags", options), "the dog ran").data
    summed = inspector.explain(learned("many-to-one", "words", "class", options), "the dog ran").data
    joins, steps = [], len(tagged["input"]["items"])
    with browser() as chromium:
        for data in (tagged, summed):
            (tmp_path / "a.html").write_text(report([data]), encoding="utf-8")
            page = chromium.new_page()
            page.goto((tmp_path / "a.html").as_uri())
            joins.append(page.locator(".chain .join").count())
            marks = page.locator(".chain .mark").all_text_contents()
            assert marks == ["1 →layer 1", "1 ←layer 1 backwards", "2 →layer 2", "2 ←layer 2 backwards"]
            # the layer that answers is unrolled first, since the others have no error
            assert "The answer is read out here" in page.locator("p.look[aria-live]").inner_text()
            page.close()
    # of tags every copy of both layers; of one answer those of the lower layer, and where the last states meet
    assert joins == [2 * steps, steps + 1]
