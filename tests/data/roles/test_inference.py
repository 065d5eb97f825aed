"""What is input, what is target and in which mode: inferred from the columns, overridden by what is said."""

from __future__ import annotations

import re
from typing import Any

import pytest

from recur.config import Config
from recur.data import infer, read, say
from recur.data.columns.kinds import judge
from recur.errors import ConfigError

REVIEWS = {"text": ["a fine film", "a dull one", "what a song", "so cold"] * 10, "label": ["good", "bad"] * 20}
PAIRS = {"english": [f"the house {i}" for i in range(40)], "french": [f"la maison {i} ." for i in range(40)]}
NAMES = {"kind": ["greek", "polish"] * 20, "name": [f"Name{i}" for i in range(40)]}
FLOWERS = {"length": [1.5, 4.5] * 20, "width": [0.5, 0.25] * 20, "flower": ["setosa", "rose"] * 20}
FRAMES = {"timestamp": list(range(40)), "x": [0.5, 0.75] * 20, "y": [1.5, 2.5] * 20, "phase": ["rest", "hold"] * 20}
LOAD = {"hour": list(range(40)), "load": [float(i) for i in range(40)]}
SERIES = {"series": [[1.0, 2.0, 3.0], [2.0, 1.0]] * 20, "label": [1, 2] * 20}


def roles_of(rows: Any, mode: str | None = None, **data: Any) -> Any:
    config = Config.of(**data, mode=mode)
    return infer(read(rows, config.data), config)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (REVIEWS, "text, label -> many-to-one, words -> class"),
        (PAIRS, "english, french -> many-to-many, words -> words"),
        (NAMES, "name, kind -> many-to-one, characters -> class"),
        (FLOWERS, "length, width, flower -> one-to-one, numbers -> class"),
        (FRAMES, "x, y, phase -> synced, numbers -> tags"),
        (LOAD, "load -> synced, numbers -> their next value"),
        (SERIES, "series, label -> many-to-one, numbers -> class"),
        (["one line", "another line"], "text -> synced, words -> the next one"),
        ([("a fine film", "yes"), ("a bad one", "no")] * 9, "input, target -> many-to-one, words -> class"),
        (
            {"words": [["the", "cat"], ["a", "dog"]], "tags": [["DET", "NOUN"]] * 2},
            "words, tags -> synced, words -> tags",
        ),
    ],
)
def test_columns_say_what_they_are_for(rows: Any, sentence: str) -> None:
    assert roles_of(rows).sentence == sentence


def test_what_is_said_goes_before_what_would_be_inferred() -> None:
    roles = roles_of(NAMES, "one-to-many", input=["kind"], target=["name"], target_codec="words")
    assert (roles.mode, roles.input_codec, roles.target_codec) == ("one-to-many", "class", "words")
    assert roles_of(PAIRS, input=["french"], target=["english"]).input == ["french"]
    assert roles_of(LOAD, input=["hour"]).input == ["hour"]


def test_numbers_as_labels_are_classes_and_other_numbers_are_numbers() -> None:
    texts = [f"text {i} of many" for i in range(60)]
    assert roles_of({"text": texts, "stars": [1, 2, 3] * 20}).target_codec == "class"
    assert roles_of({"text": texts, "price": [i / 7 for i in range(60)]}, target=["price"]).target_codec == "numbers"


def test_documents_decide_whether_lines_are_a_stream(tmp_path: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one line\nanother line\n")
    assert roles_of(path).stream
    assert not roles_of(path, documents="line").stream
    assert not roles_of(["one line", "another"]).stream
    assert roles_of(["one line", "another"], documents="file").stream


@pytest.mark.parametrize(
    ("rows", "mode", "data", "words"),
    [
        (REVIEWS, None, {"input": ["txt"]}, 'no column "txt" for input. Did you mean "text"?'),
        (REVIEWS, None, {"target": ["zzz"]}, "Known: text, label."),
        (REVIEWS, None, {"group": "labl"}, 'no column "labl" for group'),
        (REVIEWS, None, {"input": ["text"], "target": ["text"]}, "named as input and as target"),
        (["a line", "another"], "many-to-one", {}, "many-to-one needs a target"),
        ({"a": ["x y z"] * 9, "b": ["u v w"] * 9, "c": ["p q r"] * 9}, None, {}, "do not determine which"),
        ({"label": ["a", "b"] * 9}, None, {}, "no column to read besides the target"),
    ],
)
def test_what_cannot_be_is_refused_with_the_names(rows: Any, mode: Any, data: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        roles_of(rows, mode, **data)


def test_running_text_refuses_a_mode_that_needs_a_target(tmp_path: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one line\nanother line\n")
    with pytest.raises(ConfigError, match="running text without a target, which many-to-one needs"):
        roles_of(path, "many-to-one")
    with pytest.raises(ConfigError, match="which numbers cannot read"):
        roles_of(path, input_codec="numbers")


def test_single_words_are_read_by_their_letters() -> None:
    assert judge("name", [f"Name{i}" for i in range(30)]).one_word
    assert not judge("text", [f"two words{i}" for i in range(30)]).one_word


def test_the_number_of_classes_is_said_when_it_is_known() -> None:
    roles = roles_of(REVIEWS)
    assert say(roles, 2).endswith("words -> 2 classes")
    assert say(roles, 1).endswith("words -> 1 class")
    assert say(roles_of(LOAD), horizon=3).endswith("their value 3 steps ahead")


CARS = {"year": [1998 + i * i % 7 for i in range(40)], "km": [i * i % 97 for i in range(40)], "kind": ["a", "b"] * 20}


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (
            {"a": [1.5, 2.5] * 20, "b": [3] * 40, "kind": ["x", "y"] * 20},
            {"input": ["a", "b"]},
            '"b" is 3 in every row',
        ),
        ({"value": [3.0] * 40}, {}, '"value" is 3.0 in every row'),
        ({"value": [3.0] * 40}, {"forecast": "direct"}, '"value" is 3.0 in every row'),
        ({"Id": list(range(40)), "label": ["x", "y"] * 20}, {}, "left out are Id: consecutive numbers 0, 1, 2, …"),
        ({"data": [{"text": "a"}] * 40, "label": ["x", "y"] * 20}, {}, '"data" is a JSON object'),
        ({"text": ["a b"] * 40, "score": [1, 2] * 20, "summary": ["c d"] * 40}, {}, "score and summary may each be"),
    ],
)
def test_columns_that_say_nothing_or_leave_the_target_open_are_refused(
    rows: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        roles_of(rows, **options)
    assert said in caught.value.message


def test_columns_made_of_time_stamps_are_read_and_never_predicted() -> None:
    rows = {"ds": [f"2024-01-{1 + n // 24:02d} {n % 24:02d}:00" for n in range(96)], "load": [n / 7 for n in range(96)]}
    with pytest.raises(ConfigError, match="hour sin, hour cos would be predicted too") as caught:
        roles_of(rows, time_features=["hour"])
    assert str(caught.value.hint).startswith("--forecast recursive")
    roles = roles_of(rows, time_features=["hour"], forecast="recursive")
    assert (roles.input, roles.target) == (["load", "hour sin", "hour cos"], ["load"])
