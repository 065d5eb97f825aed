"""What the site generates from the program, and that its notebooks assert what they claim."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from recur.config import options

DOCS = Path(__file__).parent.parent.parent / "docs"
NOTEBOOKS = sorted(path for path in (DOCS / "learn").glob("*.md") if path.name != "index.md")


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that writes the reference."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    monkeypatch.delitem(sys.modules, "generated_reference", raising=False)
    return importlib.import_module("generated_reference")


def test_every_option_of_the_schema_is_in_the_reference(generated: Any) -> None:
    text = "\n".join(generated.options())
    for one in options().values():
        table = text.split(f"## [{'.'.join(one.path[:-1])}]\n")[1].split("\n## ")[0]
        [line] = [line for line in table.splitlines() if line.startswith(f"| `{one.path[-1]}` | ")]
        assert f"`--{one.name.replace('_', '-')}`" in line
        assert one.about.unit in line
        assert one.about.applies is None or re.search(rf"Acts {re.escape(one.about.applies.words)}(\.| \|)", line)
        assert one.about.search is None or f"`recur tune` tries {one.about.search} |" in line


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 10**9}, "whole number from 1"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "number above 0 below 1"),
        ({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}, "`a`, `b`"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "string"}}]}, "number or list of text"),
    ],
)  # fmt: skip
def test_what_a_schema_allows_is_said_in_words(generated: Any, schema: dict[str, Any], words: str) -> None:
    assert generated.type_in_words(schema) == words


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_a_notebook_asserts_what_it_claims(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "kernelspec:" in text
    assert ":tags: [remove-cell]\n\nassert " in text or "\nassert " in text


def test_every_notebook_is_in_the_table_of_contents() -> None:
    listed = (DOCS / "learn" / "index.md").read_text(encoding="utf-8")
    assert all(page.stem in listed.split() for page in NOTEBOOKS)
