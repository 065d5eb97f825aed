"""The options of decoding: their bounds, and what excludes what."""

from __future__ import annotations

import pytest

from recur.decoding import Decoding
from recur.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "beam must be at least 1, got 0"),
        ({"length": -1}, "length must be at least 0, got -1"),
        ({"temperature": -0.1}, "temperature must be at least 0, got -0.1"),
        ({"temperature": float("nan")}, "temperature must be at least 0, got nan"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"top_p": 0.0}, "top_p must be above 0 and at most 1, got 0.0"),
        ({"top_p": 1.5}, "top_p must be above 0 and at most 1, got 1.5"),
        ({"top_k": 5}, "top_k 5 narrows what is sampled, and with a temperature of 0 nothing is"),
        ({"top_p": 0.9}, "top_p 0.9 narrows what is sampled, and with a temperature of 0 nothing is"),
        ({"length_penalty": -1}, "length_penalty must be at least 0, got -1"),
        ({"beam": 2, "temperature": 1.0}, "exclude each other"),
        ({"repetition_penalty": 0.5}, "repetition_penalty must be at least 1, got 0.5"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram must be at least 0, got -1"),
        ({"stop": ["a", ""]}, "stop is an empty text"),
        ({"bean": 2}, 'there is no decoding option "bean". Did you mean "beam"?'),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Decoding.of(options)
    assert message in raised.value.message


def test_the_beam_is_as_wide_as_the_answers_asked_for() -> None:
    assert Decoding.of({}, top=3).beam == 3
    assert Decoding.of({"beam": 5}, top=3).beam == 5
    assert Decoding.of({"temperature": 1.0}, top=3).beam == 1
    with pytest.raises(ConfigError, match="top must be at least 1, got 0"):
        Decoding.of({}, top=0)
