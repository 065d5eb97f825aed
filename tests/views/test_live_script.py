"""The script of the pages is linted as it runs: all pictures and the live page in one scope."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recur.views import live

RULES = Path(__file__).parent.parent.parent / ".oxlintrc.json"


def problems(script: str, folder: Path) -> str:
    """What oxlint finds in a script; empty when it finds nothing."""
    oxlint = Path(sys.executable).parent / "oxlint"
    if not oxlint.exists():
        pytest.skip("oxlint is not installed: pip install oxlint")
    page = folder / "page.js"
    page.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [str(oxlint), "-c", str(RULES), str(page)], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_script_of_the_live_page_has_no_fault_that_a_linter_sees(tmp_path: Path) -> None:
    assert not problems(live.script(), tmp_path)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [("drawn();", "no-undef"), ("(() => { const unused = 1; })();", "no-unused-vars"), ("1 == [];", "eqeqeq")],
)
def test_a_fault_is_found(tmp_path: Path, fault: str, rule: str) -> None:
    assert rule in problems(live.script() + fault, tmp_path)
