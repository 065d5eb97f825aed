"""HTML fragments for notebooks."""

from __future__ import annotations

import doctest

from recur import markup
from recur.markup import table


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(markup).failed == 0


def test_nothing_in_a_cell_is_read_as_html() -> None:
    found = table([("<script>", "a\x1b[31m")], ("<b>",), "<i>")
    assert "<script>" not in found
    assert "<b>" not in found
    assert "<i>" not in found
    assert "\x1b" not in found
