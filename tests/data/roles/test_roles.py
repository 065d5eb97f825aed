"""What the columns of a table are for, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from recur.data.roles.roles import Roles, few, say, with_sentence


def made(mode: str, given: str | None, codec: str, **fields: Any) -> Roles:
    usual: dict[str, Any] = {"input": ["text"], "target": ["label"], "group": None, "stream": False, "sentence": ""}
    return Roles(**{**usual, "mode": mode, "input_codec": given, "target_codec": codec, **fields})


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (made("many-to-one", "words", "class"), "text, label -> many-to-one, words -> class"),
        (made("one-to-many", None, "words", input=[]), "label -> one-to-many, nothing -> words"),
        (made("synced", "characters", "characters", target=[]), "text -> synced, characters -> the next one"),
        (made("synced", "numbers", "numbers", input=["a"], target=[]), "a -> synced, numbers -> their next value"),
        (made("forecast", "numbers", "numbers", input=["a"], target=["b"], forecast="direct"),
         "a -> forecast, numbers -> their next value of b"),
    ],
)  # fmt: skip
def test_roles_are_said_in_a_line(roles: Roles, said: str) -> None:
    assert say(roles) == said
    assert with_sentence(roles, 1).sentence == said


def test_classes_and_steps_ahead_are_counted() -> None:
    assert say(made("many-to-one", "words", "class"), classes=2).endswith("-> 2 classes")
    assert say(made("many-to-one", "words", "class"), classes=1).endswith("-> 1 class")
    assert say(made("synced", "words", "tags"), classes=3).endswith("-> 3 tags")
    assert say(made("synced", "numbers", "numbers", target=[]), horizon=3).endswith("their value 3 steps ahead")
    assert say(made("forecast", "numbers", "numbers", forecast="direct"), horizon=3).endswith(
        "the next 3 values of label"
    )


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a", "b"], ["a", "b"]),
        (list("abcdef"), list("abcdef")),
        (list("abcdefgh"), ["a", "b", "c", "d", "\u2026 3 more", "h"]),
    ],
)
def test_names_in_the_middle_are_counted(names: list[str], shown: list[str]) -> None:
    assert few(names) == shown


@pytest.mark.parametrize(
    ("roles", "facts"),
    [
        (made("many-to-one", "words", "class"), {"labels_rows", "reads_a_sequence"}),
        (made("synced", "words", "tags"), {"labels_steps", "reads_a_sequence", "writes_a_sequence",
         "answers_every_step"}),
        (made("one-to-one", "numbers", "class"), {"labels_rows"}),
        (made("one-to-many", "class", "words"), {"writes_a_sequence"}),
        (made("synced", "words", "words", target=[]), {"own_future", "reads_a_sequence", "writes_a_sequence",
         "answers_every_step"}),
    ],
)  # fmt: skip
def test_what_is_read_and_written_follows_from_the_mode_and_the_codecs(roles: Roles, facts: set[str]) -> None:
    names = ("labels_rows", "labels_steps", "own_future", "reads_a_sequence", "writes_a_sequence", "answers_every_step")
    assert {name for name in names if getattr(roles, name)} == facts


@pytest.mark.parametrize(
    ("roles", "ahead"),
    [
        (made("synced", "numbers", "numbers", target=[]), 5), (made("synced", "words", "words", target=[]), 1),
        (made("forecast", "numbers", "numbers", forecast="direct"), 5), (made("many-to-one", "numbers", "class"), 1),
    ],
)  # fmt: skip
def test_only_numbers_look_further_ahead_than_the_next_step(roles: Roles, ahead: int) -> None:
    assert roles.ahead(5) == ahead


def test_the_columns_of_numbers_are_those_of_both_sides_each_once() -> None:
    assert made("synced", "numbers", "numbers", input=["a", "b"], target=["b", "c"]).numeric == ["a", "b", "c"]
    assert made("many-to-one", "words", "numbers").numeric == ["label"]
