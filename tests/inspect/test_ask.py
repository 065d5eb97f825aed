"""The question that fits a network, by what its answers are to and made of."""

from __future__ import annotations

from typing import Any

import pytest

from recur import inspect as inspector
from recur.errors import ConfigError
from recur.inspect.answers import OneAnswer, OneStep
from recur.inspect.generation import GeneratedItem
from recur.inspect.next_item import NextEvents, NextNumbers, NextWord
from recur.inspect.question import Question
from tests.inspect.helpers import network

FITTING: list[tuple[str, str | None, str | None, type[Question], str, bool]] = [
    ("one-to-one", "numbers", "class", OneAnswer, "nats", True),
    ("many-to-one", "words", "numbers", OneAnswer, "standard deviations", False),
    ("synced", "words", "tags", OneStep, "nats", True),
    ("synced", "words", "series", OneStep, "standard deviations", False),
    ("synced", "words", None, NextWord, "nats", True),
    ("synced", "melody", None, NextWord, "nats", True),
    ("synced", "series", None, NextNumbers, "standard deviations", False),
    ("synced", "roll", None, NextEvents, "nats", False),
    ("one-to-many", "class", "words", GeneratedItem, "nats", True),
    ("many-to-many", "words", "roll", GeneratedItem, "nats", False),
]


@pytest.mark.parametrize(("name", "source", "target", "kind", "unit", "exclusive"), FITTING)
def test_every_network_is_asked_as_it_answers(
    name: str, source: str | None, target: str | None, kind: type[Question], unit: str, exclusive: bool
) -> None:
    mode, given, _ = network(name, source, target)
    question = inspector.ask(mode, given[2])
    assert type(question) is kind
    assert (question.unit, question.exclusive) == (unit, exclusive)
    assert question.options[0].label in question.says


@pytest.mark.parametrize(("source", "target"), [("words", "class"), ("words", None)])
@pytest.mark.parametrize("top", [1, 2, 3])
def test_there_are_as_many_options_as_asked_for(source: str, target: str | None, top: int) -> None:
    mode, given, _ = network("many-to-one" if target else "synced", source, target)
    assert len(inspector.ask(mode, given[2], top=top).options) == (min(top, 2) if target else top)


@pytest.mark.parametrize("top", [0, -1])
def test_no_candidates_are_refused(top: int) -> None:
    mode, given, _ = network("many-to-one", "words", "class")
    value: Any = given[2]
    with pytest.raises(ConfigError, match="top"):
        inspector.ask(mode, value, top=top)
