"""Options of symbols that other answers refuse."""

from __future__ import annotations

import pytest

from recur.errors import ConfigError
from recur.heads.refusals import refuse_smoothing, refuse_symbol_options
from tests.modes.helpers import small


@pytest.mark.parametrize("option", ["tie_weights", "adaptive_softmax"])
def test_an_option_of_symbols_is_refused_by_its_name(option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_symbol_options(small(**{option: True}), "this target is numbers")
    assert caught.value.message == f"{option} is for symbols; this target is numbers"
    assert caught.value.hint == f"leave out {option}"


def test_without_such_an_option_nothing_is_refused() -> None:
    refuse_symbol_options(small(), "this target is numbers")
    refuse_smoothing(0.0, "this target is numbers")


def test_a_share_of_probability_for_all_symbols_is_refused_with_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_smoothing(0.1, "this target is frames")
    assert caught.value.message == "label_smoothing 0.1 is for symbols; this target is frames"
    assert caught.value.hint == "leave out label_smoothing"
