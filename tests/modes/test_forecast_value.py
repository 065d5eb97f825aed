"""One value of a forecast as an observer sees it: the value that is answered, and its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recur.codecs import NumbersCodec
from recur.engine import observers
from recur.engine.backend_interface import Call, Result
from recur.modes import Forecast, build
from recur.modes.forecast_value import observe
from tests.modes.helpers import ahead, small
from tests.tolerances import close

H, STEPS = 3, 9
WAVE = np.stack([10 + 3 * np.sin(np.arange(30) / 2), np.arange(30) % 4.0], axis=1)


class Seen:
    """Notes the answers that are reported."""

    def __init__(self) -> None:
        self.answers: list[tuple[Any, Tensor, Tensor, Tensor | None]] = []

    def recurrence(self, call: Call, result: Result) -> Result:
        del call
        return result

    def answer(self, head: Any, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
        self.answers.append((head, vectors, targets, mask))
        return vectors


def forecaster(how: str, season: int = 4, **options: Any) -> Forecast:
    torch.manual_seed(0)
    source = NumbersCodec(sequence=True, columns=["a", "b"]).fit([WAVE])
    target = NumbersCodec(sequence=True, columns=["a"] if how == "direct" else ["a", "b"]).fit(
        [WAVE[:, :1] if how == "direct" else WAVE]
    )
    target.season = season
    mode = build("forecast", source, target, small(), forecast=ahead(H, how, **options))
    assert isinstance(mode, Forecast)
    return mode.eval()


@pytest.mark.parametrize(
    ("how", "step", "column", "relative_to"),
    [
        ("direct", 2, 0, "none"), ("direct", 2, 0, "last"), ("direct", 2, 0, "season"),
        ("recursive", 0, 1, "none"), ("recursive", 2, 1, "none"), ("recursive", 2, 1, "last"),
    ],
)  # fmt: skip
def test_the_value_that_is_observed_is_the_one_that_is_answered(
    how: str, step: int, column: int, relative_to: str
) -> None:
    mode, seen = forecaster(how, relative_to=relative_to), Seen()
    values = torch.from_numpy(mode.encode_input(WAVE[:STEPS]))[None]
    with observers.observed_by(seen), torch.no_grad():
        observe(mode, values, step, column)
    [(head, vectors, truth, mask)] = seen.answers
    each, _ = head.errors(vectors, truth, mask)
    [answer] = mode.predict([WAVE[:STEPS]])
    asked = np.asarray(answer.value).reshape(H, -1)[step, column]
    mean, deviation = (float(one[column]) for one in mode.target_codec.normalisation())
    close(each, torch.tensor([((asked - mean) / deviation) ** 2], dtype=torch.float32))


@pytest.mark.parametrize(("how", "steps"), [("direct", STEPS), ("recursive", STEPS + 2)])
def test_a_recursive_network_runs_over_its_own_answers_and_is_read_out_at_the_last(how: str, steps: int) -> None:
    mode, seen = forecaster(how), Seen()
    values = torch.from_numpy(mode.encode_input(WAVE[:STEPS]))[None]
    with observers.observed_by(seen), torch.no_grad():
        observe(mode, values, 2, 0)
    [(_, vectors, _, mask)] = seen.answers
    assert mask is not None
    assert vectors.shape[1] == steps
    assert mask.nonzero().tolist() == [[0, steps - 1]]


def test_of_quantiles_the_median_is_observed() -> None:
    mode, seen = forecaster("direct", quantiles=[0.1, 0.5, 0.9]), Seen()
    values = torch.from_numpy(mode.encode_input(WAVE[:STEPS]))[None]
    with observers.observed_by(seen), torch.no_grad():
        observe(mode, values, 1, 0)
    [(head, vectors, truth, mask)] = seen.answers
    each, _ = head.errors(vectors, truth, mask)
    [answer] = mode.predict([WAVE[:STEPS]])
    mean, deviation = mode.target_codec.normalisation()
    close(each, torch.tensor([((answer.value[1] - mean[0]) / deviation[0]) ** 2], dtype=torch.float32))


def test_without_an_observer_nothing_is_reported() -> None:
    mode = forecaster("direct")
    observe(mode, torch.from_numpy(mode.encode_input(WAVE[:STEPS]))[None], 0, 0)
    assert observers.current() is None
