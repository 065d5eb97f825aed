"""The error-to-signal ratio: its value, its gradient, what counts in it, and what it is refused for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import recur
from recur.codecs import Codec, NumbersCodec
from recur.errors import ConfigError
from recur.heads import build_head
from recur.heads.esr import FLOOR, EsrHead
from recur.heads.forecast import ForecastHead
from recur.heads.head import add_sums
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced
from tests.modes.helpers import ahead, codec, small
from tests.tolerances import close

NAN = math.nan
MEANS, DEVIATIONS = (3.0, 30.0), (2.0, 20.0)


def signal_codec(columns: int = 1) -> NumbersCodec:
    """Columns with means 3, 30 and deviations 2, 20."""
    made = NumbersCodec(sequence=True, columns=["a", "b"][:columns])
    made.fit([[(1.0, 10.0)[:columns], (5.0, 50.0)[:columns]]])
    return made


def head_of(columns: int = 1) -> EsrHead:
    """A head whose answers are the first vectors that it reads."""
    made = build_head(signal_codec(columns), 3, small(loss="esr"), each_step=True)
    assert isinstance(made, EsrHead)
    with torch.no_grad():
        made.readout.weight.copy_(torch.eye(columns, 3))
        made.readout.bias.zero_()  # type: ignore[union-attr]
    return made.double().eval()


def case(columns: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Answers and targets (B, T, C) of three ragged rows with missing values, and their mask."""
    random = np.random.default_rng(seed)
    vectors, targets = random.normal(size=(3, 7, 3)), random.normal(size=(3, 7, columns))
    targets[0, 3], targets[1, 0, 0], targets[2, 6] = NAN, NAN, NAN
    mask = np.arange(7) < np.array([[7], [4], [1]])
    return torch.tensor(vectors), torch.tensor(targets), torch.tensor(mask)


def by_hand(vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[float, float]:
    """The error and the ratio without filter, value by value."""
    errors, ratios = [], []
    for c in range(targets.shape[2]):
        gaps = filtered_gaps = energy = filtered_energy = dc = 0.0
        for b in range(targets.shape[0]):
            before_gap = before = total = 0.0
            steps = 0
            for t in range(targets.shape[1]):
                y = float(targets[b, t, c])
                if not mask[b, t] or math.isnan(y):
                    before_gap = before = 0.0
                    continue
                gap, value = y - float(vectors[b, t, c]), y + MEANS[c] / DEVIATIONS[c]
                gaps, energy, total, steps = gaps + gap**2, energy + value**2, total + gap, steps + 1
                filtered_gaps += (gap - 0.85 * before_gap) ** 2
                filtered_energy += (value - 0.85 * before) ** 2
                before_gap, before = gap, value
            dc += steps * (total / max(1, steps)) ** 2
        errors.append(0.75 * filtered_gaps / filtered_energy + 0.25 * dc / energy)
        ratios.append(gaps / energy)
    return float(np.mean(errors)), float(np.mean(ratios))


@pytest.mark.parametrize("columns", [1, 2])
def test_error_and_metric_are_those_of_known_steps_alone(columns: int) -> None:
    head, (vectors, targets, mask) = head_of(columns), case(columns)
    error, ratio = by_hand(vectors, targets, mask)
    mean, sums = head.error(vectors, targets, mask)
    assert mean.item() == pytest.approx(error, rel=1e-6)
    metrics = head.summary(sums)
    assert head.metric == "esr"
    assert metrics["loss"] == pytest.approx(error, rel=1e-6)
    assert metrics["esr"] == pytest.approx(ratio, rel=1e-6)
    # what lies behind the end of a row has no effect
    other = torch.where(mask[..., None], vectors, torch.full_like(vectors, 1e6))
    assert head.error(other, targets, mask)[0].item() == mean.item()


def test_metrics_are_those_of_all_rows_for_any_batch_size() -> None:
    head, (vectors, targets, mask) = head_of(2), case(2)
    whole = head.summary(head.error(vectors, targets, mask)[1])
    sums: dict[str, tuple[float, float]] = {}
    for row in range(3):
        add_sums(sums, head.error(vectors[row : row + 1], targets[row : row + 1], mask[row : row + 1])[1])
    assert head.summary(sums) == pytest.approx(whole)
    assert set(whole) == {"loss", "esr", "esr a", "esr b", "rmse a", "rmse b"}


@pytest.mark.parametrize("columns", [1, 2])
def test_gradients_are_those_of_finite_differences(columns: int) -> None:
    head, (vectors, targets, mask) = head_of(columns), case(columns)
    assert torch.autograd.gradcheck(lambda v: head.error(v, targets, mask)[0], (vectors.requires_grad_(),))


def test_errors_of_single_steps_have_the_error_as_their_mean() -> None:
    head, (vectors, targets, mask) = head_of(2), case(2)
    known = mask & ~targets.isnan().all(-1)
    each, z = head.errors(vectors, targets, known)
    assert each.shape == (int(known.sum()),)
    assert z is not None
    close(each.mean(), head.error(vectors, targets, mask)[0])


def test_a_silent_target_has_a_finite_error_that_falls_with_the_answer() -> None:
    head = head_of()
    silence = torch.full((1, 5, 1), -MEANS[0] / DEVIATIONS[0], dtype=torch.float64)
    found = []
    for size in (1.0, 0.1, 0.01):
        vectors = torch.zeros(1, 5, 3, dtype=torch.float64)
        vectors[..., :1] = silence + size
        vectors.requires_grad_()
        error, sums = head.error(vectors, silence, None)
        error.backward()
        assert vectors.grad is not None
        assert bool(vectors.grad.isfinite().all())
        assert head.summary(sums)["esr"] == pytest.approx(size**2 / FLOOR)
        found.append(error.item())
    assert found[0] > found[1] > found[2] >= 0
    assert math.isfinite(found[0])


def test_a_batch_without_targets_has_no_error_and_counts_nothing() -> None:
    head = head_of()
    targets = torch.full((2, 3, 1), NAN, dtype=torch.float64)
    error, sums = head.error(torch.zeros(2, 3, 3, dtype=torch.float64), targets, None)
    error.backward()
    assert error.item() == 0
    assert math.isnan(head.summary(sums)["esr"])


@pytest.mark.parametrize(
    "make",
    [
        lambda: ManyToOne(codec("series"), codec("numbers"), small(loss="esr")),
        lambda: OneToOne(codec("numbers"), codec("numbers"), small(loss="esr")),
        lambda: Synced(codec("words"), codec("tags"), small(loss="esr")),
        lambda: NextItem(codec("words"), small(loss="esr")),
        lambda: ForecastHead(signal_codec(), 3, small(loss="esr"), ahead(4)),
    ],
    ids=["many-to-one", "one-to-one", "tags", "the next word", "a forecast"],
)
def test_targets_that_are_no_signal_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match="requires a target of numbers at every step") as caught:
        make()
    assert caught.value.hint == "leave out loss"


@pytest.mark.parametrize("make", [lambda c: Synced(c, c, small(loss="esr")), lambda c: NextItem(c, small(loss="esr"))])
def test_numbers_at_every_step_are_a_signal(make: Any) -> None:
    made: Codec = codec("series")
    assert make(made).metric == "esr"


def rows(steps: int = 600) -> dict[str, list[float]]:
    t = np.arange(steps)
    x = np.sin(t * 0.7) + 0.5 * np.sin(t * 0.13)
    return {"x": x.tolist(), "y": (np.tanh(2 * x) + 0.2).tolist(), "part": (t // 50).tolist()}


def test_a_run_is_trained_on_it_and_evaluated_beside_its_baseline(tmp_path: Any) -> None:
    model = recur.fit(rows(), "synced", input="x", target="y", group="part", bidirectional=False, hidden_size=6,
                      loss="esr", epochs=15, lr=2e-2, batch_size=2, seed=1,
                      progress=False, out=tmp_path / "run")  # fmt: skip
    held_out, baseline = model.metrics["held_out"], model.metrics["baseline"]
    assert held_out["esr"] < 0.1
    assert 0.7 < baseline["mean"] <= 1.01
    again = recur.load(tmp_path / "run").evaluate(rows())
    assert again["esr"] < 0.1
    assert {"esr", "rmse", "loss"} <= set(again)


def test_the_command_line_says_where_it_acts() -> None:
    with pytest.raises(ConfigError, match="loss = esr has no effect here .* every step has numbers as its target"):
        recur.fit(
            {"x": ["a b", "b a"], "y": ["one", "two"]}, "many-to-one", input="x", target="y", loss="esr", epochs=1
        )
