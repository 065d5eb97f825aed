"""Continuing numbers: the next values of a series, each block of outputs read as if it had been observed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur import continuation, modes
from recur.continuation import series
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.modes import NextItem
from tests.modes.helpers import SERIES, Row, codec, falls, same, small, train
from tests.tolerances import LEARNED, agree, close


def model(**options: object) -> NextItem:
    torch.manual_seed(0)
    mode = modes.build("synced", codec("series"), None, small(**options))
    assert isinstance(mode, NextItem)
    return mode


def ahead_of(ahead: int) -> NextItem:
    """A model of the value some steps ahead."""
    torch.manual_seed(0)
    mode = modes.build("synced", codec("series"), None, small(hidden_size=16), ahead=ahead)
    assert isinstance(mode, NextItem)
    return mode


@pytest.mark.parametrize("length", [0, 1, 5])
def test_forecasts_have_the_length_that_was_asked_for(length: int) -> None:
    answers = continuation.predict(model(), [[], *SERIES], length=length)
    assert [len(answer.value) for answer in answers] == [length] * 5


def test_a_forecast_is_one_step_unless_said_otherwise() -> None:
    [answer] = continuation.predict(model(), SERIES[:1])
    assert len(answer.value) == 1
    assert answer.scores == []


def test_a_forecast_reads_itself_as_if_it_had_been_observed() -> None:
    mode = model()
    [whole] = continuation.predict(mode, [SERIES[2]], length=4)
    observed = list(SERIES[2])
    for value in whole.value:
        [one] = continuation.predict(mode, [observed])
        same(one.value[0], value)
        observed.append(value)


def test_a_forecast_from_nothing_is_one_from_the_mean() -> None:
    mode = model()
    mean = float(mode.target_codec.mean[0])
    nothing, from_mean, other = continuation.predict(mode, [[], [mean], SERIES[2]], length=4)
    close(torch.tensor(nothing.value), torch.tensor(from_mean.value))
    close(torch.tensor(other.value), torch.tensor(continuation.predict(mode, [SERIES[2]], length=4)[0].value))


def test_values_ahead_are_learned_from_so_many_steps_before() -> None:
    mode = ahead_of(3)
    steps = mode.encode_input(SERIES[2])
    encoded = mode.encode(Row(SERIES[2], None))
    assert encoded.input is not None
    assert encoded.input.tolist() == steps[:3].tolist()
    assert encoded.target.tolist() == steps[3:].tolist()
    short = mode.encode(Row(SERIES[1], None))
    assert short.input is not None
    assert (len(short.input), len(short.target)) == (0, 0)
    falls(mode, [Row(values, None) for values in SERIES])


def test_a_forecast_ahead_is_what_the_last_steps_say_and_goes_on_in_blocks() -> None:
    mode = ahead_of(3)
    [whole] = continuation.predict(mode, [SERIES[2]], length=8)
    said = [continuation.predict(mode, [SERIES[2][:seen]])[0].value[0] for seen in (4, 5, 6)]
    close(torch.tensor(whole.value[:3]), torch.tensor(said))
    [later] = continuation.predict(mode, [[*SERIES[2], *whole.value[:3]]], length=5)
    close(torch.tensor(whole.value[3:]), torch.tensor(later.value))


def test_the_mean_stands_before_a_series_shorter_than_the_steps_ahead() -> None:
    mode = ahead_of(3)
    mean = float(mode.target_codec.mean[0])
    answers = continuation.predict(mode, [[], [5.0], SERIES[2]], length=7)
    for answer, past in zip(answers, ([mean] * 3, [mean, mean, 5.0], SERIES[2]), strict=True):
        close(torch.tensor(answer.value), torch.tensor(continuation.predict(mode, [past], length=7)[0].value))


def test_a_learned_series_goes_on_from_several_steps_ahead() -> None:
    mode = ahead_of(2)
    train(mode, [Row([1.0, 2.0, 3.0] * 4, None)], steps=200)
    given = [[1.0, 2.0, 3.0, 1.0, 2.0]]
    agree(continuation.predict(mode, given, length=5)[0].value, [3, 1, 2, 3, 1], LEARNED)
    agree(continuation.predict(mode, given)[0].value, [1], LEARNED)


def test_a_series_of_several_columns_is_forecast() -> None:
    values = [[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]], [[2.0, 20.0]]]
    torch.manual_seed(0)
    mode = modes.build("synced", codec("series", values), None, small())
    falls(mode, [Row(value, None) for value in values])
    answers = continuation.predict(mode, [*values, []], length=2)
    assert [len(answer.value) for answer in answers] == [2, 2, 2]
    assert len(answers[0].value[0]) == 2


def test_a_learned_series_goes_on() -> None:
    mode = model(hidden_size=16)
    train(mode, [Row([1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0], None)], steps=150)
    agree(continuation.predict(mode, [[1.0, 2.0, 1.0, 2.0]], length=4)[0].value, [1.0, 2.0, 1.0, 2.0], LEARNED)


def test_what_is_read_of_a_short_series_begins_with_the_mean() -> None:
    mode = ahead_of(3)
    found = series.observed(mode, [5.0])
    assert found.shape == (3, 1)
    assert found[:2].tolist() == [[0.0], [0.0]]
    np.testing.assert_array_equal(found[2:], mode.encode_input([5.0]))
    np.testing.assert_array_equal(series.observed(mode, SERIES[2]), mode.encode_input(SERIES[2]))


def test_a_prefix_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(ConfigError, match="it has no prefix") as caught:
        series.refuse_rules(Decoding(prefix=[1.0]))
    assert caught.value.hint == "add it to the series"


@pytest.mark.parametrize(
    ("option", "name"),
    [({"no_repeat_ngram": 2}, "no_repeat_ngram"), ({"repetition_penalty": 1.5}, "repetition_penalty"),
     ({"unknown": True}, "unknown"), ({"stop": "a"}, "stop")],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_rules_about_symbols_are_refused(option: dict[str, object], name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} chooses among symbols, and this network writes numbers"):
        series.refuse_rules(Decoding.of(option))


def test_only_numbers_are_continued_so() -> None:
    torch.manual_seed(0)
    mode = modes.build("synced", codec("words"), None, small())
    assert isinstance(mode, NextItem)
    with pytest.raises(ConfigError, match="a forecast needs numbers, and this model answers with words"):
        series.continuations(mode, ["a"], 1)


def test_no_series_have_no_continuation() -> None:
    assert series.continuations(model(), [], 2) == []


def test_samples_cut_the_last_steps_off_and_forecast_them() -> None:
    mode = model()
    rows = [Row([float(step % 3 + 1) for step in range(20)], None), Row([1.0], None), Row([1.0, 2.0], None)]
    long, short = series.samples(mode, rows, 9)
    own = mode.target_codec
    assert long.truth == own.show(rows[0].input[-8:])
    assert long.input == own.show(rows[0].input[4:12])
    # a series of one step has no end to cut off; half of two steps is one
    assert (short.input, short.truth) == (own.show([1.0]), own.show([2.0]))
    assert len(series.samples(mode, rows, 1)) == 1
