"""The mode and the codecs that the kinds of columns call for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from recur.config import Config
from recur.data import infer, read
from recur.data.roles.mode import is_one_label
from recur.data.roles.roles import Roles
from recur.errors import ConfigError

NAMES = {"kind": ["greek", "polish"] * 20, "name": [f"Name{i}" for i in range(40)]}
TAGGED = {"words": [["the", "cat"], ["a", "dog"]], "tags": [["DET", "NOUN"]] * 2}


def roles_of(rows: Any, mode: str | None = None, **data: Any) -> Roles:
    config = Config.of(**data, mode=mode)
    return infer(read(rows, config.data), config)


def test_one_to_many_from_a_label_or_from_nothing() -> None:
    assert roles_of(NAMES, "one-to-many").sentence == "kind, name -> one-to-many, class -> characters"
    assert roles_of(["one line", "two"], "one-to-many").sentence == "text -> one-to-many, nothing -> words"


def test_a_group_makes_sequences_of_rows() -> None:
    rows = {"who": [1] * 20 + [2] * 20, "x": [0.1, 0.2] * 20, "label": ["a"] * 20 + ["b"] * 20}
    assert roles_of(rows, group="who", input=["x"], target=["label"]).mode == "many-to-one"
    rows["label"] = ["a", "b"] * 20
    assert roles_of(rows, group="who", input=["x"], target=["label"]).mode == "synced"


def test_two_sequences_of_one_length_in_every_row_are_synced() -> None:
    assert roles_of(TAGGED).mode == "synced"
    unequal = {"words": TAGGED["words"], "others": [["x"], ["y", "z", "x"]]}
    assert roles_of(unequal, input=["words"], target=["others"]).mode == "many-to-many"


@pytest.mark.parametrize(
    ("rows", "mode", "options", "words"),
    [
        ({"a": [0.5, 1.5] * 9, "b": ["x y z", "u v w"] * 9, "c": ["p", "q"] * 9}, None,
         {"input": ["a", "b"], "target": ["c"]}, "are numbers and texts, which one codec cannot read together"),
        ({"a": ["x", "y"] * 9, "b": ["u", "v"] * 9, "c": ["p q r", "r s t"] * 9}, None,
         {"input": ["c"], "target": ["a", "b"]}, "a class is one column, got"),
        ({"a": [0.5, 1.5] * 9}, "one-to-one", {"input": ["a"]},
         "one-to-one needs a target, and there is no column left"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_together_are_refused(rows: Any, mode: Any, options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        roles_of(rows, mode, **options)


def test_a_class_is_one_label_and_tags_are_several() -> None:
    assert [is_one_label(codec) for codec in ("class", "tags", "words", None)] == [True, False, False, False]
