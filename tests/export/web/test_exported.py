"""A page on disk: what is in it, how it is proved, what is refused; nothing is left of a page that is wrong."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from recur.codecs import NotesCodec, TagsCodec, WordsCodec
from recur.errors import BackendError, ConfigError, RecurError, WriteError
from recur.export.web import export_web
from recur.export.web import exported as exporting
from recur.export.web.exported import compared
from recur.modes import ManyToOne, Mode, NextItem, OneToMany, Synced
from tests.export.web.networks import classes, config, drawn, words
from tests.node import NODE

TEXTS = ["w1 w2 w3", "w4", "w5 w6 unheard w7"]


def classifier(**options: object) -> Mode:
    return drawn(ManyToOne(words(), classes(), config(**options)))


def test_a_page_is_one_file_that_names_no_host_and_allows_its_own_script_alone(tmp_path: Path) -> None:
    result = export_web(
        classifier(), tmp_path / "page.html", name="films", sentence="text -> </title><script>", wasm=False
    )
    page = result.path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [result.path]
    assert result.size == len(page.encode())
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:)|https?://(?!www\.w3\.org/2000/svg)|@import|url\(""", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy is not None
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert policy[1].startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy[1]
    assert page.count("</title>") == 1
    assert 'lang="en"' in page


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_a_page_is_run_before_it_appears_on_texts_and_their_symbols(tmp_path: Path) -> None:
    result = export_web(classifier(bidirectional=True), tmp_path / "page.html", inputs=TEXTS, wasm=False)
    assert result.held_out
    assert result.rows == len(TEXTS) + 1  # and one without items
    assert result.difference is not None
    assert result.difference <= 1e-5
    assert "run in Node.js on 4 held-out rows" in compared(result)


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
@pytest.mark.parametrize("fault", ["numbers", "symbols", "script"])
def test_a_page_that_computes_something_else_is_not_left(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exporting.standalone

    def wrong(network: object, facts: object) -> str:
        text: str = whole(network, facts)  # type: ignore[arg-type]  # passed through
        changes = {
            "numbers": ("Math.tanh(v", "0.999 * Math.tanh(v"),
            "symbols": ("text.match(WORD)", "text.match(/\\w/gu)"),
            "script": ("class Network", "class Other"),
        }
        assert changes[fault][0] in text
        return text.replace(*changes[fault])

    monkeypatch.setattr(exporting, "standalone", wrong)
    with pytest.raises(BackendError, match="the page of this network"):
        export_web(classifier(), tmp_path / "page.html", inputs=TEXTS)
    assert not list(tmp_path.iterdir())


def test_without_node_a_page_is_written_and_it_says_that_nothing_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = export_web(classifier(), tmp_path / "page.html")
    assert result.difference is None
    assert compared(result).startswith("not run: Node.js is not installed")


def test_weights_of_16_bits_take_half_the_space_and_leave_the_network_as_it_is(tmp_path: Path) -> None:
    mode = drawn(NextItem(words(), config(hidden_size=64)))
    before = [parameter.detach().clone() for parameter in mode.parameters()]
    half = export_web(mode, tmp_path / "half.html")
    whole = export_web(mode, tmp_path / "whole.html", float32=True)
    numbers = sum(parameter.numel() for parameter in mode.parameters())
    assert all(bool((a == b).all()) for a, b in zip(before, mode.parameters(), strict=True))
    assert (half.bits, whole.bits) == (16, 32)
    assert whole.size - half.size == pytest.approx(2 * numbers * 4 / 3, rel=0.1)
    assert "rounded to 16 bits" in half.path.read_text(encoding="utf-8")
    assert "rounded to 16 bits" not in whole.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: ManyToOne(NotesCodec("roll").fit([[[60], [62]]]), classes(), config()), "which a page cannot read"),
        (lambda: OneToMany(classes(), NotesCodec("roll").fit([[[60], [62]]]), config()), "which a page cannot write"),
    ],
    ids=["a piano roll", "a piano roll that is written"],
)
def test_what_cannot_run_in_a_page_is_refused_with_the_reason(
    make: Callable[[], Mode], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=reason):
        export_web(make(), tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_a_file_that_no_export_has_written_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("<p>mine</p>")
    with pytest.raises(WriteError, match="was not written by an export"):
        export_web(classifier(), target)
    assert target.read_text() == "<p>mine</p>"
    target.unlink()
    export_web(classifier(), target)
    export_web(classifier(), target)  # its own page is replaced


@pytest.mark.parametrize(("name", "error"), [("page.txt", ConfigError), ("folder.html", WriteError)])
def test_a_place_that_is_no_page_is_refused(name: str, error: type[RecurError], tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(error):
        export_web(classifier(), tmp_path / name)


def test_a_network_that_is_too_large_for_a_browser_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LARGEST", 10)
    with pytest.raises(ConfigError, match="numbers, and a page of it at most 10"):
        export_web(classifier(), tmp_path / "page.html")


def test_examples_to_begin_with_are_held_out_inputs(tmp_path: Path) -> None:
    result = export_web(drawn(NextItem(words(), config())), tmp_path / "page.html", inputs=["w1 w2 w3 w4", "w5 w6"])
    assert '"examples":["w1 w2","w5"]' in result.path.read_text(encoding="utf-8")
    assert result.examples == 2


def test_examples_of_tagged_words_are_read_as_they_are_held_out(tmp_path: Path) -> None:
    # the last one reads otherwise where it is typed
    inputs = [["w1", "w2", "w9,"], ["w5"], ["w6 w7", "w1"]]
    mode = drawn(Synced(WordsCodec().fit([["w1", "w2", "w3", "w5", "w6"]]), TagsCodec().fit([["A", "B"]]), config()))
    result = export_web(mode, tmp_path / "page.html", inputs=inputs)
    assert '"examples":["w1 w2 w9,","w5"]' in result.path.read_text(encoding="utf-8")


def test_examples_can_be_left_out_of_the_page(tmp_path: Path) -> None:
    mode, inputs = drawn(NextItem(words(), config())), ["w1 w2 w3 w4", "w5 w6"]
    result = export_web(mode, tmp_path / "page.html", inputs=inputs, examples=False)
    assert '"examples":[]' in result.path.read_text(encoding="utf-8")
    assert (result.examples, result.rows) == (0, 2)
