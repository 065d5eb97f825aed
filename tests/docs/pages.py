"""The pages of the course: their fenced blocks, and what is typed in them beside what they say is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
# in the order in which they are read
GUIDES = (
    "use-your-sequences", "train-on-your-own-file", "learn-and-teach", "bptt", "your-own-cell", "your-own-codec",
    "from-torch-nn", "run-folder-and-resume", "data-larger-than-memory", "more-than-one-process",
    "tune-settings",
    "deploy-small-models",
)  # fmt: skip
PAGES = [ROOT / "README.md", *(ROOT / "docs" / "guides" / f"{name}.md" for name in GUIDES)]
PROMPT = "$ "


class Block(NamedTuple):
    """A fenced block: its language, the file it is written to, its text and its line."""

    language: str
    file: str
    text: str
    line: int
    # whether only an empty line is between this block and the one before
    follows: bool


class Typed(NamedTuple):
    """What is typed: a command or a block of Python, where it is, and what the page shows of its output."""

    text: str
    shown: str
    line: int
    block: Block


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    end = 0
    for found in re.finditer(r"^```(\w*) ?(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text[: found.start()].count("\n") + 1
        yield Block(found[1], found[2], found[3], line, not text[end : found.start()].strip())
        end = found.end()


def transcript(block: Block) -> list[Typed]:
    """Split a console block into its commands, each with the lines below it."""
    found: list[Typed] = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith(PROMPT):
            found.append(Typed(line.removeprefix(PROMPT).strip(), "", number, block))
        elif found:
            found[-1] = found[-1]._replace(shown=f"{found[-1].shown}{line}\n")
        else:
            raise ValueError(f"line {number} of a console block is before its first command: {line}")
    return found


def typed(page: Path) -> Iterator[Typed]:
    """Yield what a page types, in order; the output of Python is in a block ``text`` right after it."""
    every = list(blocks(page))
    for place, block in enumerate(every):
        if block.language == "python":
            after = every[place + 1] if place + 1 < len(every) else None
            shown = after.text if after and after.language == "text" and after.follows and not after.file else ""
            yield Typed(block.text, shown, block.line, block)
        elif block.language == "console":
            yield from transcript(block)
