"""Settings that every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("recur", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("recur")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data sets, named by RECUR_DATA."""
    named = os.environ.get("RECUR_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("RECUR_DATA does not name a folder of data sets")
    return Path(named)
