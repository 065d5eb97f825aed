"""The PNG: a line for each layer, nothing over anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recur import inspect as inspector
from recur.views import picture
from tests.inspect.helpers import learned, two_runs


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return inspector.explain(learned("synced", "words", None, {}), "the dog ran to").data


def test_a_picture_is_a_png(data: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture.picture([data, data], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


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


def test_a_comparison_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture.comparison(two_runs(), tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
