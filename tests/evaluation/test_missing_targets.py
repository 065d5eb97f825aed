"""Figures of series with empty cells: what --missing fills in is read, and never scored."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

import recur

NAN = math.nan
TINY = {"hidden_size": 8, "seed": 1, "device": "cpu", "progress": False, "max_steps": 3}


def rmse(pairs: Sequence[tuple[float, float]]) -> float:
    return math.sqrt(sum((guess - truth) ** 2 for guess, truth in pairs) / len(pairs))


def half_empty(count: int) -> list[float]:
    drawn = np.random.default_rng(3)
    values = 50 + 9 * drawn.normal(size=count)
    return [NAN if drawn.random() < 0.5 else float(value) for value in values]


@pytest.mark.parametrize("missing", ["mean", "previous"])
def test_the_error_of_a_series_is_that_of_its_true_values(missing: str) -> None:
    cells = half_empty(300)
    model = recur.fit({"step": list(range(300)), "value": cells}, missing=missing, **TINY)
    asked = cells[-60:]
    found = model.evaluate({"step": list(range(60)), "value": asked})
    guesses = [model.predict(asked[:known], length=1).value[0] for known in range(1, 60)]
    pairs = list(zip(guesses, asked[1:], strict=True))
    assert found["rmse"] == pytest.approx(rmse([pair for pair in pairs if not math.isnan(pair[1])]), rel=1e-4)
    assert found["missing_targets"] == sum(map(math.isnan, asked[1:]))
    # with the mean in place of what is missing it would look a third better
    mean = float(model.target_codec.mean[0])
    invented = rmse([(guess, mean if math.isnan(truth) else truth) for guess, truth in pairs])
    assert invented < 0.85 * found["rmse"]


def test_the_error_of_a_target_column_is_that_of_its_true_values() -> None:
    rows = [{"a": step / 7, "b": step % 5, "target": cell} for step, cell in enumerate(half_empty(200))]
    model = recur.fit(rows, mode="one-to-one", target="target", missing="mean", **TINY)
    asked = rows[-50:]
    known = [row for row in asked if not math.isnan(row["target"])]
    found = model.evaluate(asked)
    assert found == {**model.evaluate(known), "missing_targets": 50 - len(known)}
    guesses = [answer.value for answer in model.predict(known)]
    expected = rmse([(guess, row["target"]) for guess, row in zip(guesses, known, strict=True)])
    assert found["rmse"] == pytest.approx(expected, rel=1e-4)
