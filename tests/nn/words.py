"""The torch whose refusals ours repeat word for word."""

from __future__ import annotations

import pytest
import torch

RELEASE = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])

in_torchs_words = pytest.mark.skipif(
    RELEASE < (2, 13), reason=f"torch {torch.__version__} refuses in other words; ours are those of 2.13"
)
