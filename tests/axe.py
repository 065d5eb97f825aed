"""What axe-core finds on a page: rules of WCAG and best practices that a page does not follow."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest

NODES = 3  # of each rule that are named


def violations(page: Any) -> list[tuple[str, str, list[str]]]:
    """Each violated rule with what it asks for and the first elements that violate it; frozen at the end of animations.

    Parameters
    ----------
    page : playwright Page
        The page as it is drawn now, with its colour scheme and width.
    """
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-core: pip install axe-playwright-python")
    script = (resources.files(package) / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(f"{script}; undefined")
    found = page.evaluate("axe.run(document)")["violations"]
    return [
        (one["id"], one["help"], [f"{node['html'][:160]} {node['failureSummary']}" for node in one["nodes"][:NODES]])
        for one in found
    ]
