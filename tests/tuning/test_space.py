"""The search space follows the descriptions of the options."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.config import Config, Situation, options
from recur.config.search import Search
from recur.errors import ConfigError
from recur.tuning.space import Parameter, configured, parse, ranged, search_space

TASK = Situation("many-to-one", text=True, symbols=True, words=True, labels=True)


def names(config: Config, wanted: Any = None, fixed: Any = (), given: Any = ()) -> list[str]:
    return [one.name for one in search_space(config, TASK, wanted, fixed, given)]


def test_the_usual_options_are_searched_apart_from_those_that_are_given_or_fixed() -> None:
    assert names(Config()) == ["hidden_size", "num_layers", "dropout", "lr"]
    assert names(Config(), given=["lr"], fixed=["dropout"]) == ["hidden_size", "num_layers"]
    assert names(Config.of(hidden_size=16)) == ["num_layers", "dropout", "lr"]
    assert names(Config.of(hidden_size=16), {"hidden_size": None}, given=["hidden_size"]) == ["hidden_size"]


def test_every_value_that_a_description_states_is_valid_and_starts_at_the_default_where_that_is_one() -> None:
    for name, one in options().items():
        if one.about.search:
            for value in one.about.search.choices or (one.about.search.low, one.about.search.high):
                assert configured(Config(), {name: value})
            assert one.about.search.choices or one.about.search.low < one.about.search.high  # type: ignore[operator]  # ends are there where no choices are


def test_a_range_and_choices_are_read_with_their_unit_and_first_value() -> None:
    wanted = parse(["--hidden-size=8,16", "lr=1e-4:1e-2", "zoneout=0:1e-1"])
    size, rate, zoneout = search_space(Config.of(hidden_size=16), TASK, wanted, (), ())
    assert (str(size), size.start) == ("hidden_size: 8 or 16 units, first 16", 16)
    assert rate.search == Search(1e-4, 1e-2, log=True)
    assert zoneout.search == Search(0.0, 0.1)
    assert Parameter.of(rate.record()) == rate


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hiden_size"], 'unknown option "hiden_size". Did you mean "hidden_size"?'),
        (["lr=1e-2:1e-4"], "no range: expected two numbers, the smaller one first"),
        (["lr=low:high"], "no range"),
        (["lr=0:1"], "lr"),
        (["dropout=0.1,2"], "dropout"),
        (["cell=lstm,lstn"], "lstn"),
        (["bptt"], "it acts on a long text or a series"),
        (["min_count"], "has no values for a search"),
        (["epochs"], "has no values for a search"),
    ],
)
def test_an_option_that_cannot_be_searched_is_refused_with_the_reason(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        search_space(Config(), TASK, parse(words), (), ())
    assert said in str(caught.value)


def test_an_option_is_not_searched_and_fixed_and_something_is_left() -> None:
    with pytest.raises(ConfigError, match="lr is both searched and fixed"):
        names(Config(), {"lr": None}, fixed=["lr"])
    with pytest.raises(ConfigError, match="no option is left"):
        names(Config(), fixed=["hidden_size", "num_layers", "dropout", "lr"])


@pytest.mark.parametrize("wrong", [3, (1, 2, 3), [], (2, 1), ("a", "b")])
def test_values_that_are_no_range_in_python_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        ranged(wrong)


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_range_contains_its_whole_numbers_and_no_others(low: int, more: int) -> None:
    search = ranged((low, low + more))
    assert search is not None
    assert all(value in search for value in (low, low + more))
    assert not any(value in search for value in (low - 1, low + more + 1, low + 0.5, True))
