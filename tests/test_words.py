"""Wordings that read as translated are nowhere in what people read: messages, help, docstrings, comments and pages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN = {".py", ".md", ".h", ".cpp", ".js", ".toml"}
# a wording, and what the field says
AVOIDED = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(write|writes|wrote|play|plays) on\b": "continue",
    r"\b(go|goes|going|went) on\b": "continue, resume",
    r"\bcan ?not do without\b": "requires",
    r"\bof any number too\b": "may also vary",
    r"\bcan hear\b": "large enough to drive",
    r"\bamounts? to\b": "the summary of",
    r"\bthe one so far before\b": "its reference value",
    r"\bwhat the letters say\b": "character encoder",
    r"\bgoes through with any\b": "gets a dummy choice",
    r"\bnobody wants to know\b": "the search can stop",
    r"\bsomebody\b": "an observer, a user",
    r"\b(is|what is) on its way\b": "pending, in progress",
    r"\b(an earlier|a later) sitting\b": "a previous session",
    r"\bhow alike\b": "similarity",
    r"\b(can|may) ?not be said\b": "is unknown",
    r"\bis no answer of\b": "is not an output of",
    r"\bthe way back\b": "the backward pass, gradient through time",
    r"\bthe way of the state\b": "state trajectory",
    r"\bsays? most\b": "contributes most",
    r"\bspeaks? for (the|it|an|both)\b": "supports",
    r"\bleaves? open (what|which|whether|who)\b": "does not determine",
    r"\b(rows|lines) stand\b": "rows are",
    r"\bstands? twice\b": "is duplicated",
    r"\bcredit\b": "not counted",
    r"\b(hands|handed) on\b": "passes",
    r"\bwhile [\w.]+ looks on\b": "under",
    r"\bhalf as much\b": "half",
    r"\bfor ever\b": "without end",
    r"\banew\b": "again",
    r"\bin vain\b": "without effect",
    r"\ba (row|step|layer|second|epoch|direction|batch|word|call|gate|unit|update) a "
    r"(row|step|layer|second|epoch|batch)\b": "per",
}
# what was said then
EXCEPT = {"tests/test_words.py", "CHANGELOG.md"}


def written() -> list[Path]:
    """Every file of the project that a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the list of files is git's")
    names = [name for name in listed.stdout.splitlines() if name not in EXCEPT]
    return [ROOT / name for name in names if Path(name).suffix in WRITTEN and (ROOT / name).is_file()]


@pytest.mark.parametrize("wording", AVOIDED)
def test_a_wording_that_reads_as_translated_is_nowhere(wording: str) -> None:
    pattern = re.compile(wording)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in written()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line) and "random.Random(" not in line  # a seed is no sentence
    ]
    assert not found, f"say {AVOIDED[wording]}:\n" + "\n".join(found)
