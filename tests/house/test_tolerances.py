"""What equal means is in one table: no test has an absolute tolerance of its own, below which zeros would pass."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, syntax

TESTS = ROOT / "tests"
ABSOLUTE = {"atol", "abs"}
EXCEPT = {
    "tolerances.py": "the table itself",
    "equations/test_papers.py": "torch's gradcheck, whose finite differences have an absolute error",
    "engine/native/test_compiled_cell.py": "torch's gradcheck, whose finite differences have an absolute error",
    "nn/test_torch_parity.py": "torch's gradgradcheck, whose finite differences have an absolute error",
    "native/elementwise/test_elementwise.py": "the smallest denormal number, at which a ulp is absolute",
}


def absolute_tolerances(path: Path) -> list[int]:
    """The lines of a test that name an absolute tolerance."""
    calls = (node for node in ast.walk(syntax(path)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if ABSOLUTE & {keyword.arg for keyword in call.keywords}]


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.relative_to(TESTS).as_posix())
def test_tolerances_are_shares_of_what_is_expected(path: Path) -> None:
    assert bool(absolute_tolerances(path)) == (path.relative_to(TESTS).as_posix() in EXCEPT)
