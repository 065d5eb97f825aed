"""Inputs typed on a command line."""

from __future__ import annotations

from recur.cli.inputs import input_reader
from tests.modes.helpers import codec


def test_a_text_is_what_its_codec_makes_of_it() -> None:
    own = codec("series")
    assert input_reader(own)("1 2 3") == own.from_text("1 2 3")
    assert input_reader(codec("words"))("a dog") == "a dog"


def test_where_nothing_is_read_a_text_stays_as_it_is() -> None:
    assert input_reader(None)("1 2") == "1 2"
