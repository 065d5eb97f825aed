"""The metadata of an ONNX file: enough to make inputs and to read outputs, without any of our code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch

from recur.codecs import (
    CharactersCodec,
    ClassCodec,
    Codec,
    FramesCodec,
    ImagesCodec,
    NotesCodec,
    NumbersCodec,
    SubwordsCodec,
    TagsCodec,
    WordsCodec,
)
from recur.codecs.spelled import SpelledWordsCodec
from recur.config import Config, ModelConfig
from recur.export import check, export_model
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
import onnx
import onnxruntime

from tests.export.networks import words
from tests.tolerances import EXPORTED, agree

NO_YES = {"labels": ["no", "yes"]}
TEXTS = ["the cat sat on a mat", "a dog ran", "the dog sat"]
PICTURES = [np.full((6, 5, 1), shade, np.uint8) for shade in (0, 90, 200)]


def config(**options: Any) -> ModelConfig:
    return Config.of(**{"hidden_size": 5, **options}).model


def labels() -> ClassCodec:
    return ClassCodec().fit(["no", "yes"])


def numbers(*columns: str) -> NumbersCodec:
    return NumbersCodec(sequence=True, columns=columns).fit([np.random.default_rng(0).normal(5, 3, (40, len(columns)))])


def facts_of(path: Path) -> dict[str, str]:
    """The metadata as onnxruntime gives it, which knows nothing of us."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return dict(session.get_modelmeta().custom_metadata_map)


def ids_by_words(codec: dict[str, Any], text: str) -> list[int]:
    number = {word: index for index, word in enumerate(codec["vocabulary"])}
    text = text.lower() if codec["lower"] else text
    return [number.get(word, codec["unknown"]) for word in text.split()]


def ids_by_characters(codec: dict[str, Any], text: str) -> list[int]:
    number = {word: index for index, word in enumerate(codec["vocabulary"])}
    return [number.get(letter, codec["unknown"]) for letter in text]


def ids_by_letters(codec: dict[str, Any], text: str) -> list[list[int]]:
    letter = {each: index for index, each in enumerate(codec["letters"], codec["unknown_letter"] + 1)}
    words = text.split()
    width = max(map(len, words))
    rows = []
    for index, word in zip(ids_by_words(codec, text), words, strict=True):
        spelled = [letter.get(each, codec["unknown_letter"]) for each in word]
        rows.append([index, *spelled, *[codec["no_letter"]] * (width - len(word))])
    return rows


def ids_by_tokenizer(codec: dict[str, Any], text: str) -> list[int]:
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(codec["tokenizer"]))
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize(
    ("codec", "encode"),
    [
        (WordsCodec(), ids_by_words),
        (WordsCodec(lower=True), ids_by_words),
        (WordsCodec(), ids_by_tokenizer),
        (CharactersCodec(), ids_by_characters),
        (CharactersCodec(lower=True), ids_by_tokenizer),
        (SubwordsCodec(size=300), ids_by_tokenizer),
        (SpelledWordsCodec(), ids_by_letters),
    ],
    ids=["words", "lower", "words-tokenizer", "characters", "lower-tokenizer", "subwords", "spelled"],
)
def test_a_text_becomes_the_same_ids_by_the_metadata_alone(codec: Any, encode: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = ManyToOne(codec.fit(TEXTS), labels(), config(character_size=4 if codec.kind == "spelled" else None))
    export_model(mode, tmp_path / "model.onnx")
    known = json.loads(facts_of(tmp_path / "model.onnx")["input_codec"])
    for text in (*TEXTS, "the zebra sat"):
        assert encode(known, text) == mode.encode_input(text).tolist()


def test_a_program_that_has_the_file_alone_gives_the_answer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = ManyToOne(WordsCodec().fit(TEXTS), labels(), config()).eval()
    export_model(mode, tmp_path / "model.onnx")
    facts = facts_of(tmp_path / "model.onnx")
    ids = np.array([ids_by_words(json.loads(facts["input_codec"]), "the cat ran")])
    made = check.run(tmp_path / "model.onnx", {"ids": ids, "lengths": np.array([3])})
    named = dict(zip(json.loads(facts["target_codec"])["labels"], np.exp(made["log_probs"][0]).tolist(), strict=True))
    assert named == pytest.approx(dict(mode.predict(["the cat ran"], top=2)[0].scores), rel=EXPORTED)


def modes() -> dict[str, tuple[Mode, dict[str, Any], dict[str, Any]]]:
    """Networks, and what the metadata says of their inputs and outputs."""
    text, tags = WordsCodec().fit(TEXTS), TagsCodec().fit(["A B C"])
    vocabulary = {"vocabulary": text.vocabulary, "padding": 0, "unknown": 1, "beginning": 2, "end": 3}
    two = {"columns": ["a", "b"]}
    pictures: Codec = ImagesCodec().fit(PICTURES)
    frames: Codec = FramesCodec().fit([np.stack(PICTURES)])
    melodies = NotesCodec(form="melody", frames_per_beat=1).fit(["C4 D4 E4"])
    kinds = ClassCodec().fit(["x", "y", "z"])
    return {
        "a class of a text": (ManyToOne(text, labels(), config()), vocabulary, NO_YES),
        "tags": (Synced(text, tags, config()), vocabulary, {"labels": ["A", "B", "C"]}),
        "the next word": (NextItem(text, config()), vocabulary, vocabulary),
        "a class of a series": (ManyToOne(numbers("a", "b"), labels(), config()), two, NO_YES),
        "a forecast": (
            Forecast(numbers("a", "b"), numbers("b"), config(), Config.of(horizon=3).forecast), two, {"columns": ["b"]},
        ),
        "a class of a class": (OneToOne(kinds, labels(), config()), {"labels": ["x", "y", "z"]}, NO_YES),
        "a class of a picture": (OneToOne(pictures, labels(), config()), {"grid": [6, 5, 1]}, NO_YES),
        "a tag of a frame": (Synced(frames, tags, config()), {"grid": [6, 5, 1]}, {"labels": ["A", "B", "C"]}),
        "the next note": (
            NextItem(melodies, config()), {"vocabulary": melodies.vocabulary}, {"frames_per_beat": 1},
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(modes()))
def test_the_file_names_every_id_and_column(name: str, tmp_path: Path) -> None:
    mode, read, answered = modes()[name]
    export_model(mode, tmp_path / "model.onnx")
    facts = facts_of(tmp_path / "model.onnx")
    assert facts["metadata_format"] == "1"
    for side, expected in (("input_codec", read), ("target_codec", answered)):
        document = json.loads(facts[side])
        assert {key: document[key] for key in expected} == expected
        # as many names as the output's last axis has places
        if {"labels", "columns"} & expected.keys():
            size = len(document.get("labels") or document["columns"])
            assert size == (mode.input_codec if side == "input_codec" else mode.target_codec).size


def test_numbers_say_their_scale_and_unit() -> None:
    codec = NumbersCodec(sequence=False, columns=["height (cm)"]).fit([[160.0], [180.0]])
    document = codec.whole_document()
    assert (document["columns"], document["units"], document["mean"]) == (["height (cm)"], ["cm"], [170.0])


def test_no_file_beside_it_is_referred_to() -> None:
    assert "tokenizer_sha256" not in WordsCodec().fit(TEXTS).whole_document()


def test_a_start_that_was_learned_is_in_the_metadata(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = NextItem(words(), config(learn_initial_state=True, num_layers=2)).eval()
    for name, parameter in mode.named_parameters():
        if "initial" in name:
            torch.nn.init.normal_(parameter)
    export_model(mode, tmp_path / "step.onnx", step=True)
    facts = {each.key: each.value for each in onnx.load(tmp_path / "step.onnx").metadata_props}
    start = {name: np.array(value, np.float32)[:, None] for name, value in json.loads(facts["initial_states"]).items()}
    assert all(np.abs(value).max() > 0.1 for value in start.values())
    made = check.run(tmp_path / "step.onnx", {"ids": np.array([3]), **start})
    with torch.no_grad():
        vectors, _ = mode.run(torch.tensor([[3]]), None)
        agree(made["log_probs"], mode.symbol_head().log_probs(vectors[:, 0]), EXPORTED)


def test_the_metadata_has_what_a_program_needs(tmp_path: Path) -> None:
    mode = NextItem(words(), config())
    export_model(mode, tmp_path / "model.onnx", facts={"sentence": "words -> the next one"})
    facts = {each.key: each.value for each in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert facts["mode"] == "synced"
    assert facts["sentence"] == "words -> the next one"
    assert json.loads(facts["input_codec"])["kind"] == "words"
    assert int(facts["beginning"]) == mode.symbols.beginning
