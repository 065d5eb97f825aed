"""The page holds its data, asks nobody, and no text leaves its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from recur import inspect as inspector
from recur.views import report
from tests.inspect.helpers import learned, two_runs


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return inspector.explain(learned("synced", "words", None, {}), "the dog ran to").data


def page_data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


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


def test_a_page_of_a_comparison_holds_its_data() -> None:
    data = two_runs()
    assert page_data(report.comparison(data)) == data
