"""Random calls of layers: any options, odd tensors, warm or cold; the native backend against the eager one.

RECUR_FUZZ is the number of cases, RECUR_FUZZ_SEED the first seed.
"""

from __future__ import annotations

import os
import random
import warnings

import pytest
import torch

from recur.nn import GRU, LSTM, RNN
from tests.nn.oddities import RIGHT, WRONG, H, X, numbers
from tests.nn.test_fast_path import REFUSALS, result
from tests.tolerances import near

CASES = int(os.environ.get("RECUR_FUZZ", "60"))
FIRST = int(os.environ.get("RECUR_FUZZ_SEED", "0"))
# those that look at names or shapes of one layer, or take seconds
KINDS = ("input", "ragged", "state", "lengths", "resets", "packed", "weights: data")
NAMES = [name for name in (*RIGHT, *WRONG) if name.startswith(KINDS)]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
def test_a_random_call_is_computed_as_by_the_eager_backend_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    kind, name = chance.choice([RNN, LSTM, GRU]), chance.choice(NAMES)
    options = {"num_layers": chance.choice([1, 1, 2]), "bias": chance.random() < 0.7}
    warm = chance.random() < 0.7
    call, found = {**RIGHT, **WRONG}[name], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for engine in ("auto", "eager"):
            torch.manual_seed(seed)
            layer = kind(X, H, **options)
            if warm and engine == "auto":
                layer(numbers(chance.randint(1, 4), 2, X))
            layer.engine = engine
            found.append(result(call, layer))
    actual, expected = found
    what = f"{kind.__name__} {options} {name}"
    if name in WRONG or isinstance(expected, REFUSALS):
        assert isinstance(actual, REFUSALS), f"{what}: computed, where eager says {expected!r}"
        return
    assert not isinstance(actual, REFUSALS), f"{what}: {actual!r}"
    for one, other in zip(actual, expected, strict=True):
        near(one, other, what, torch.float32)
