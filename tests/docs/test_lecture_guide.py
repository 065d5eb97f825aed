"""The guide for learners follows the lecture: every chapter has its place in it, in the order of the page."""

from __future__ import annotations

import re
from pathlib import Path

from recur.lecture.page import text

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "learn-and-teach.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+(?:(?: to|,) \d+)?) \|.*\| (.+) \|$", GUIDE, re.MULTILINE)


def chapters(said: str) -> list[int]:
    first, *last = map(int, re.findall(r"\d+", said))
    return list(range(first, (last or [first])[0] + 1))


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_chapter_has_its_row() -> None:
    assert [one for said, _ in ROWS for one in chapters(said)] == list(range(1, len(text("en")["chapters"]) + 1))


def test_every_section_that_a_row_names_is_there_in_the_order_of_the_chapters() -> None:
    headings = [slug(one) for one in re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)]
    named = [link for _, row in ROWS for link in re.findall(r"\(#([\w-]+)\)", row)]
    assert named == headings[1:], "after the section on the lecture itself"


def test_every_section_says_which_chapter_it_belongs_to() -> None:
    sections = re.split(r"^## .+$", GUIDE, flags=re.MULTILINE)[2:]
    assert all(re.search(r"[Cc]hapters? \d", section) for section in sections)
