"""A file is one idea: none is long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.tree import MODULES, relative

LONGEST = 500  # lines; a file is one idea, usually under 400


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
