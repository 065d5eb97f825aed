"""Numbers: the squared error of standardised columns, and metrics in the units of the columns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from recur.codecs import NumbersCodec
from recur.errors import ConfigError
from recur.heads.numbers import NumberHead
from tests.modes.helpers import small
from tests.tolerances import close

NAN = math.nan


def codec(columns: int) -> NumbersCodec:
    """Columns with means 3, 30 and deviations 2, 20."""
    made = NumbersCodec(sequence=False, columns=["a", "b"][:columns])
    made.fit([(1.0, 10.0)[:columns], (5.0, 50.0)[:columns]])
    return made


def fixed(*values: float) -> NumberHead:
    """A head that answers the same standardised numbers to every vector."""
    made = NumberHead(codec(len(values)), 3, small()).double().eval()
    assert made.readout.bias is not None
    with torch.no_grad():
        made.readout.weight.zero_()
        made.readout.bias.copy_(torch.tensor(values))
    return made


def vectors(rows: int = 1) -> torch.Tensor:
    return torch.zeros(rows, 3, dtype=torch.float64)


def numbers(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_one_column_is_measured_in_its_own_unit() -> None:
    head = fixed(1.0)
    mean, sums = head.error(vectors(2), numbers((1.0,), (4.0,)), None)
    assert mean.item() == 4.5
    assert head.metric == "rmse"
    assert head.summary(sums) == pytest.approx({"loss": 4.5, "rmse": math.sqrt(4.5) * 2})


def test_several_columns_have_one_standardised_metric_and_each_its_own() -> None:
    head = fixed(1.0, 0.0)
    mean, sums = head.error(vectors(2), numbers((0.0, 3.0), (1.0, 0.0)), None)
    assert mean.item() == (1 + 9 + 0 + 0) / 4
    assert head.metric == "rmse_standardised"
    assert head.summary(sums) == pytest.approx(
        {"loss": 2.5, "rmse_standardised": math.sqrt(2.5), "rmse a": math.sqrt(0.5) * 2, "rmse b": math.sqrt(4.5) * 20}
    )


def test_a_missing_column_of_a_row_counts_neither_in_the_error_nor_in_its_metric() -> None:
    head = fixed(1.0, 0.0)
    mean, sums = head.error(vectors(2), numbers((0.0, NAN), (1.0, 3.0)), None)
    assert mean.item() == pytest.approx((1 + 0 + 9) / 3)
    assert sums["loss"] == pytest.approx((5.0, 1.5))
    assert (sums["square a"], sums["square b"]) == ((1.0, 2.0), (9.0, 1.0))


def test_metrics_of_columns_without_a_number_are_not_numbers() -> None:
    metrics = fixed(1.0, 0.0).summary({"loss": (1.0, 1.0), "square a": (1.0, 1.0)})
    assert metrics["rmse a"] == 2.0
    assert math.isnan(metrics["rmse b"])


def test_answers_are_in_their_own_units_and_scores_are_not() -> None:
    head, own = fixed(1.0, -0.5), codec(2)
    with torch.no_grad():
        [answer] = head.answers(vectors(), own, 1)
        assert answer.value == pytest.approx([5.0, 20.0])
        assert answer.scores == []
        assert head.scores(vectors(), [1, 0]).tolist() == [[-0.5, 1.0]]
        close(head.tensors(vectors(), own, None)["values"], numbers((5.0, 20.0)))


def test_options_are_the_columns_with_the_one_that_is_asked_for_first() -> None:
    assert [one.label for one in fixed(1.0, 0.0).options(vectors(), 0, codec(2), 1, first=1)] == ["b", "a"]
    [only] = fixed(1.0).options(vectors(), 0, codec(1), 1)
    assert (only.label, only.probability, only.target) == ("5", None, 0)


def test_a_number_is_compared_with_the_mean_of_training() -> None:
    head, answer = fixed(1.0, 0.0), np.array([1.5, -2.0], np.float32)
    assert head.truth(answer, 1).tolist() == [1.5, 0.0]
    assert head.references(answer[None]).tolist() == [[0.0, 0.0]]
    assert answer.tolist() == [1.5, -2.0]


@pytest.mark.parametrize("option", ["tie_weights", "adaptive_softmax"])
def test_an_option_of_symbols_is_refused(option: str) -> None:
    with pytest.raises(ConfigError, match=f"{option} is for symbols; this target is numbers"):
        NumberHead(codec(1), 3, small(**{option: True}))


def test_smoothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="this target is numbers"):
        fixed(1.0).error(vectors(), numbers((1.0,)), None, label_smoothing=0.1)
