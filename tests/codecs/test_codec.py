"""Codecs as files and by their names: what is saved, refused and loaded; codecs without a fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recur import codecs
from recur.codecs import (
    ClassCodec,
    NumbersCodec,
    SpelledWordsCodec,
    WordsCodec,
)
from recur.codecs.kinds import check_kind, codec_class
from recur.errors import ConfigError, DataError, RunError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with one codec of each kind of file."""
    codecs.make("words").fit(["a b c"]).save(tmp_path, "words")
    codecs.make("class").fit(["a", "b"]).save(tmp_path, "class")
    NumbersCodec(sequence=False).fit([1.0, 2.0]).save(tmp_path, "numbers")
    return tmp_path


@pytest.mark.parametrize("name", ["words", "words.tokenizer", "class", "numbers"])
def test_a_file_cut_short_at_any_byte_is_refused(saved: Path, name: str) -> None:
    path = saved / f"{name}.json"
    whole = path.read_bytes()
    # the last byte is the line end, which carries nothing in our own files
    for length in range(0, len(whole) - 1, max(len(whole) // 40, 1)):
        path.write_bytes(whole[:length])
        with pytest.raises(RunError) as caught:
            codecs.load(saved, name.split(".")[0])
        assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("words", "format", 99),
        ("words", "kind", "wrods"),
        ("words", "kind", None),
        ("words", "size", 3),
        ("words", "split", "letters"),
        ("words", "lower", 1),
        ("words", "spacing", {}),
        ("words", "tokenizer_sha256", ""),
        ("class", "labels", []),
        ("class", "labels", ["b", "a"]),
        ("class", "labels", ["a", ["b"]]),
        ("numbers", "mean", ["x"]),
        ("numbers", "mean", [1.0, 2.0]),
        ("numbers", "deviation", [0.0]),
        ("numbers", "missing", "guess"),
    ],
)
def test_an_altered_file_is_refused(saved: Path, name: str, key: str, value: Any) -> None:
    path = saved / f"{name}.json"
    state = json.loads(path.read_text())
    state[key] = value
    path.write_text(json.dumps(state))
    with pytest.raises(RunError, match=str(saved)):
        codecs.load(saved, name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        codecs.load(tmp_path, "input_codec")


def test_a_file_of_another_kind_is_refused(saved: Path) -> None:
    with pytest.raises(RunError, match="holds a codec of kind 'class'; expected one of words"):
        WordsCodec.load(saved, "class")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("words", ["", "  "], "no words are left"),
        ("characters", ["", ""], "no characters are left"),
        ("class", [], "there is no class: no row has a label"),
        ("tags", [[], [None]], "there is no tag: no row has a label"),
        ("numbers", [], "no numbers to scale"),
        ("images", [], "there are no pictures"),
    ],
)
def test_nothing_to_learn_from_is_refused(kind: str, values: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        codecs.make(kind, sequence=True).fit(values)


@pytest.mark.parametrize("kind", ["words", "characters", "subwords", "class", "tags", "numbers", "spelled"])
def test_a_codec_that_was_not_fitted_says_so(kind: str) -> None:
    with pytest.raises(DataError, match=f"the {kind} codec has no") as caught:
        codecs.make(kind, sequence=True).encode("1")
    assert caught.value.hint == "call fit(values) first"


def test_an_unknown_kind_is_refused_with_the_nearest_and_all_that_can_be_asked_for() -> None:
    with pytest.raises(ConfigError, match='there is no codec "wrods". Did you mean "words"?') as caught:
        check_kind("wrods")
    listed = str(caught.value.hint).split(", ")
    assert {"words", "characters", "subwords", "class", "tags", "numbers", "dates"} <= set(listed)
    assert "spelled" not in listed
    with pytest.raises(ConfigError, match='no codec "wrods"'):
        codec_class("wrods")


def test_a_kind_that_only_the_program_asks_for_has_a_class_and_no_name_in_a_configuration() -> None:
    assert codec_class("spelled") is SpelledWordsCodec
    with pytest.raises(ConfigError, match='no codec "spelled"'):
        check_kind("spelled")
    check_kind(None)
    check_kind("tags")


def test_a_label_and_a_letter_that_utf8_cannot_write_are_replaced(tmp_path: Path) -> None:
    codec = ClassCodec().fit(["a\ud800", "b"])
    assert codec.labels == ["a\ufffd", "b"]
    codec.save(tmp_path, "target")
    spelled = SpelledWordsCodec().fit(["one \udc80x two"])
    spelled.save(tmp_path, "input")


@pytest.mark.parametrize(
    ("state", "value", "ids"),
    [
        ({"kind": "class", "labels": [3, 12, "a", "b"]}, "a", 2),
        ({"kind": "tags", "labels": ["A", "B", "C"]}, "A C", [0, 2]),
        (
            {"kind": "numbers", "sequence": False, "columns": ["x"], "units": [""], "mean": [3.5], "deviation": [2.0],
             "missing": "error", "missing_count": 0, "seen": 3, "season": 1, "styles": {}},
            4.5, [0.5],
        ),
        (
            {"kind": "notes", "form": "melody", "frames_per_beat": 1, "transpose": 0, "outside": 0, "share": [],
             "vocabulary": ["<pad>", "<unk>", "<bos>", "<eos>", "-", "r", "C4", "D4"]},
            "D4 C4*2", [7, 6, 4],
        ),
        ({"kind": "dates", "parts": ["hour"], "sequence": False}, "06:00", [1.0, 0.0]),
    ],
)  # fmt: skip
def test_a_file_of_an_older_version_is_read(tmp_path: Path, state: dict[str, Any], value: Any, ids: Any) -> None:
    (tmp_path / "input_codec.json").write_text(json.dumps({"format": 1, **state}))
    codec = codecs.load(tmp_path, "input_codec")
    assert codec.encode(value).round(6).tolist() == ids
    # nothing is added to the file or left out
    assert codec.document() == {"format": 1, **state}


def test_a_codec_of_an_unimported_module_is_refused_with_what_to_import(tmp_path: Path) -> None:
    (tmp_path / "input_codec.json").write_text('{"format": 1, "kind": "compass"}')
    with pytest.raises(RunError, match="kind 'compass'") as caught:
        codecs.load(tmp_path, "input_codec")
    assert caught.value.hint == "import the module that defines a codec of your own before the run is loaded"
