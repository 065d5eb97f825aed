"""Refusals of decoding options that a kind of answer does not have."""

from __future__ import annotations

from typing import Any

import pytest

from recur.decoding import Decoding
from recur.decoding.refusals import refuse_beam, refuse_decoding, refuse_symbol_choices, refuse_symbol_rules
from recur.errors import ConfigError


def test_one_pass_has_no_decoding_options() -> None:
    refuse_decoding({}, "many-to-one")
    with pytest.raises(ConfigError, match="many-to-one answers in one pass .* got beam, length") as caught:
        refuse_decoding({"beam": 2, "length": 3}, "many-to-one")
    assert caught.value.hint == "leave them out; top=N gives more candidates"


def test_a_beam_cannot_be_streamed() -> None:
    refuse_beam(Decoding(temperature=1.0))
    with pytest.raises(ConfigError, match="a beam of 3 has its answer only at the end") as caught:
        refuse_beam(Decoding(beam=3))
    assert caught.value.hint == "beam=1, or predict(..., beam=3)"


RULES: list[tuple[str, Any]] = [
    ("stop", "a"), ("no_repeat_ngram", 2), ("repetition_penalty", 1.2), ("unknown", True),
]  # fmt: skip
CHOICES = [("beam", 2), ("top_k", 3), ("top_p", 0.5), *RULES]


@pytest.mark.parametrize(("name", "value"), RULES)
def test_numbers_have_no_rules_about_symbols(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} chooses among symbols, and this network writes numbers") as caught:
        refuse_symbol_rules(Decoding(**{name: value}))
    assert caught.value.hint == f"leave out {name}; length=N"


@pytest.mark.parametrize(("name", "value"), CHOICES)
def test_frames_of_many_keys_have_no_choice_of_symbols(name: str, value: Any) -> None:
    options = Decoding(**{"temperature": 1.0 if name.startswith("top") else 0.0, name: value})
    with pytest.raises(ConfigError, match=f"{name} chooses among symbols, and a frame is many keys at once") as caught:
        refuse_symbol_choices(options)
    assert caught.value.hint == f"leave out {name}; --temperature and --seed choose frames"


def test_other_options_pass() -> None:
    refuse_symbol_rules(Decoding(beam=2, length=3))
    refuse_symbol_choices(Decoding(temperature=0.5, seed=1, length=3))
