"""The pictures: what a terminal, a page and a PNG show of one explanation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from recur import inspect as inspector
from recur.inspect.flow import compared, flow
from recur.views import colours, explained, picture, report, terminal
from tests.inspect.test_influence import CASES, learned
from tests.modes.helpers import Row

TEXTS = ["the dog ran to a cat", "a dog", "the cat sat"]


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return inspector.explain(learned("synced", "words", None, {}), "the dog ran to").data


def page_data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), CASES)
def test_every_mode_fits_on_a_terminal(
    name: str, source: str | None, target: str | None, value: object, options: dict[str, object]
) -> None:
    found = inspector.explain(learned(name, source, target, options), value, methods=("leave_one_out",)).data
    for columns in (40, 100):
        lines = list(explained.explained(found, columns))
        assert lines
        assert all(len(line) <= columns for line in lines), [line for line in lines if len(line) > columns]
        assert not any("\x1b" in line for line in lines)


def test_colours_only_where_they_are_wanted(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert terminal.decorated()
    coloured = "\n".join(explained.explained(data, 80))
    assert "\x1b[48;" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(explained.explained(data, 80))
    assert "\x1b" not in plain
    assert "dog" in plain


def test_a_terminal_without_unicode_has_bars_too(data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explained, "unicode", lambda: False)
    monkeypatch.setattr(terminal, "unicode", lambda: False)
    lines = "\n".join(explained.explained(data, 80))
    assert not set(lines) & set("▏▎▍▌▋▊▉█▁▂▃▄▅▆▇")


def test_a_page_holds_its_data_and_asks_nobody(data: dict[str, Any]) -> None:
    page = report.report([data])
    assert page_data(page) == [data]
    assert "default-src 'none'" in page
    without_names = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|src=|@import|url\(|fetch\(|XMLHttp|WebSocket|innerHTML|eval\(", without_names)
    for words in ("role", "aria-label", "keydown", "ArrowRight", "figcaption"):
        assert words in page


def test_a_text_cannot_leave_its_place_in_the_page() -> None:
    mode = learned("synced", "characters", None, {})
    found = inspector.explain(mode, "the </script><script>alert(1)</script>").data
    page = report.report([found], title="<b>&")
    assert page.count("</script>") == 2
    assert "<title>&lt;b&gt;&amp;</title>" in page
    assert page_data(page) == [found]


def test_a_picture_is_a_png(data: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture.picture([data, data], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_runs_are_compared_in_every_form(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = [Row(text, text) for text in TEXTS]
    runs = []
    for cell in ("elman", "lstm"):
        mode = learned("synced", "words", None, {"cell": cell, "num_layers": 2})
        flows = flow(mode, rows)
        assert [one.place for one in flows] == ["layer 1", "layer 2"]
        assert all(one.relative[0] == pytest.approx(1) for one in flows)
        runs.append((cell, mode, flows, [{"step": 5, "distance": [0, 1, 2], "norm": [1.0, 0.1, 0.01]}]))
    data = compared(runs, source="three rows")
    assert len(data["runs"]) == 4
    assert data["runs"][0]["label"] == "elman (layer 1)"
    lines = list(explained.compared(data, 80))
    assert all(len(line) <= 80 for line in lines)
    assert page_data(report.comparison(data)) == data
    picture.comparison(data, tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_the_gradient_over_distance_is_that_of_the_ledger() -> None:
    mode = learned("synced", "words", None, {})
    [one] = flow(mode, [Row(TEXTS[0], TEXTS[0])])
    [layer] = inspector.bptt(mode, TEXTS[0]).itemised.values()
    last = layer["message"][-1][::-1]
    assert one.relative == pytest.approx(last / last[0], rel=1e-6)


def test_signed_colours_are_symmetric_and_white_in_the_middle() -> None:
    assert colours.signed(0, 3) == (247, 247, 247)
    assert colours.signed(3, 3) == colours.SIGNED[-1]
    assert colours.signed(-9, 3) == colours.SIGNED[0]


LAYERED: list[tuple[str, str, str, object, dict[str, object]]] = [
    ("many-to-many", "words", "words", "the dog ran", {"attention": "luong", "bidirectional": True}),
    ("many-to-one", "words", "class", "the dog ran", {"num_layers": 2, "bidirectional": True}),
]


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), LAYERED)
def test_nothing_in_the_picture_overlaps_and_every_line_has_a_style_of_its_own(
    name: str, source: str, target: str, value: object, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    kept: list[Any] = []
    monkeypatch.setattr(picture, "_save", lambda figure, _: kept.append(figure))
    picture.picture([inspector.explain(learned(name, source, target, options), value).data], Path("none.png"))
    [figure] = kept
    figure.canvas.draw()
    head = figure._suptitle.get_window_extent()
    assert head.y1 <= figure.bbox.y1
    for axes in figure.axes:
        assert not head.overlaps(axes._left_title.get_window_extent()), "the heading is above the first title"
    [shares] = [axes for axes in figure.axes if axes.get_title(loc="left").startswith("Shares")]
    legend = shares.get_legend().get_window_extent()
    lines = [line for line in shares.lines if line.get_marker() == "o"]
    assert len(lines) == len(shares.get_legend().texts)
    for line in lines:
        assert not any(legend.contains(*point) for point in shares.transData.transform(line.get_xydata()))
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines)
    assert all(float(tick).is_integer() for tick in shares.get_xticks())
