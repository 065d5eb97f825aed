"""Random uses of layers of every cell: the native backend against the eager one, of the same weights.

RECUR_FUZZ is the number of cases, RECUR_FUZZ_SEED the first; ``python -m tests.fuzz.uses FIRST SECONDS`` runs on.
"""

from __future__ import annotations

import os

import pytest

from tests.fuzz.uses import Use, run

CASES = int(os.environ.get("RECUR_FUZZ", "24"))
FIRST = int(os.environ.get("RECUR_FUZZ_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
def test_a_random_use_of_a_layer_computes_what_the_eager_backend_computes(seed, monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    use = Use(seed)
    try:
        run(use)
    except Exception as error:
        pytest.fail(f"{use}\n{type(error).__name__}: {error}")
