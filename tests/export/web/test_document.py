"""The script of a page is linted as it runs: what computes, the pictures and the requests in one scope."""

from __future__ import annotations

from pathlib import Path

from recur.export.web.document import page
from recur.modes import NextItem
from tests.export.web.networks import config, described, drawn, words
from tests.views.test_live_script import problems


def test_the_script_of_a_page_has_no_fault_that_a_linter_sees(tmp_path: Path) -> None:
    network, facts = described(drawn(NextItem(words(), config())))
    text = page(network, facts | {"examples": []}, version="1", footer="a page")
    script = text[text.index("<script>") + len("<script>") : text.rindex("</script>")]
    assert not problems(script, tmp_path)
