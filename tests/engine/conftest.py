"""Cells that tests compile are kept in a folder of the session, not in the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def kept_cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point RECUR_CACHE at a folder of this session."""
    before = os.environ.get("RECUR_CACHE")
    os.environ["RECUR_CACHE"] = str(tmp_path_factory.mktemp("cells"))
    yield
    if before is None:
        del os.environ["RECUR_CACHE"]
    else:
        os.environ["RECUR_CACHE"] = before
