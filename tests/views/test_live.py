"""The live page: its own pictures and script, and requests to nobody but its server."""

from __future__ import annotations

import re

from recur.views import live, report


def test_the_live_page_draws_with_the_pictures_of_the_report() -> None:
    page = live.page()
    assert report.pictures() in page
    assert page.count("</script>") == 1
    assert page.count("<main") == 1


def test_the_live_page_asks_its_own_server_alone() -> None:
    page = live.page().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|innerHTML|eval\(", page)
    for rule in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in live.POLICY
