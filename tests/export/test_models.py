"""Whole networks as ONNX: each mode that answers in one pass, its metadata, its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples.files import reviews

import recur
from recur.codecs import ClassCodec, FramesCodec, ImagesCodec, NotesCodec, NumbersCodec, TagsCodec, WordsCodec
from recur.codecs.spelled import SpelledWordsCodec
from recur.config import Config, ModelConfig
from recur.errors import ConfigError, RecurError
from recur.export import check, export_model
from recur.modes.forecast import Forecast
from recur.modes.many_to_many import ManyToMany
from recur.modes.many_to_one import ManyToOne
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
import onnx

ALLOWED = 2e-5


def words(count: int = 12) -> WordsCodec:
    return WordsCodec().fit([" ".join(f"w{n}" for n in range(count))])  # type: ignore[return-value]


def series() -> NumbersCodec:
    random = np.random.default_rng(0)
    values = random.normal(5, 3, size=(50, 2))
    return NumbersCodec(sequence=True, columns=["a", "b"]).fit([values])  # type: ignore[return-value]


def classes() -> ClassCodec:
    return ClassCodec().fit(["yes", "no", "maybe"])  # type: ignore[return-value]


def config(**options: Any) -> ModelConfig:
    return Config.of(**{"hidden_size": 7, **options}).model


def names(path: Path) -> tuple[list[str], list[str]]:
    graph = onnx.load(path).graph
    return [each.name for each in graph.input], [each.name for each in graph.output]


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "minimal_gated_unit"])
@pytest.mark.parametrize("read", [words, series])
def test_many_to_one_computes_the_same(read: Any, cell: str, pooling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = ManyToOne(read(), classes(), config(cell=cell, pooling=pooling, num_layers=2))
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    assert names(tmp_path / "model.onnx") == (["ids" if read is words else "x", "lengths"], ["log_probs"])


def test_one_to_one_computes_the_same_in_the_units_of_its_columns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    inputs = NumbersCodec(sequence=False, columns=["a", "b", "c"]).fit(list(random.normal(9, 4, size=(40, 3))))
    target = NumbersCodec(sequence=False, columns=["y"]).fit(list(random.normal(-100, 20, size=(40, 1))))
    mode = OneToOne(inputs, target, config(num_layers=2))
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs == ["x (B, 3) float32"]
    row = [8.0, 11.0, 3.0]
    made = check.run(tmp_path / "model.onnx", {"x": np.array([row], np.float32)})
    np.testing.assert_allclose(made["values"][0, 0], mode.eval().predict([row])[0].value, rtol=1e-4)


def test_tags_of_every_step_compute_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = Synced(words(), TagsCodec().fit(["A B C"]), config(bidirectional=True))
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    assert found.outputs == ["log_probs (B, T, 3) float32"]


@pytest.mark.parametrize("options", [{"num_layers": 2}, {"tie_weights": True}, {"hidden_size": [7, 5]}])
def test_a_language_model_takes_and_gives_its_states(options: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = words()
    mode = Synced(codec, None, config(**options)).eval()
    whole = export_model(mode, tmp_path / "model.onnx")
    single = export_model(mode, tmp_path / "step.onnx", step=True)
    assert max(*whole.differences.values(), *single.differences.values()) < ALLOWED
    ids = np.array([[2, 5, 6, 7, 8]])
    sizes = mode.stack.layer.layout.state_sizes
    state = {f"{n}_l{k}": np.zeros((1, 1, s), np.float32) for k, each in enumerate(sizes) for n, s in each.items()}
    at_once = check.run(tmp_path / "model.onnx", {"ids": ids, "lengths": np.array([5]), **state})
    for place in range(5):
        made = check.run(tmp_path / "step.onnx", {"ids": ids[:, place], **state})
        np.testing.assert_allclose(made["log_probs"], at_once["log_probs"][:, place], atol=ALLOWED)
        state = {name: made[f"{name}_next"] for name in state}
    for name, value in state.items():
        np.testing.assert_allclose(value, at_once[f"{name}_next"], atol=ALLOWED)


def test_a_start_that_was_learned_is_in_the_metadata(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = Synced(words(), None, config(learn_initial_state=True, num_layers=2)).eval()
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
        np.testing.assert_allclose(made["log_probs"], mode.symbol_head().log_probs(vectors[:, 0]), atol=ALLOWED)


def test_an_adaptive_softmax_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = Synced(words(1200), None, config(adaptive_softmax=True))
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < ALLOWED


def test_a_series_goes_on_in_its_own_units(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = Synced(series(), None, config())
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs[0] == "x (B, T, 2) float32"
    assert max(found.differences.values()) < ALLOWED


def test_the_metadata_has_what_a_program_needs(tmp_path: Path) -> None:
    mode = Synced(words(), None, config())
    export_model(mode, tmp_path / "model.onnx", facts={"sentence": "words -> the next one"})
    facts = {each.key: each.value for each in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert facts["mode"] == "synced"
    assert facts["sentence"] == "words -> the next one"
    assert json.loads(facts["input_codec"])["kind"] == "words"
    assert int(facts["beginning"]) == mode.symbols.beginning  # type: ignore[union-attr]


def test_what_has_no_form_in_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    searching = ManyToMany(words(), words(), config())
    with pytest.raises(ConfigError, match="many-to-many writes its answer one symbol after another"):
        export_model(searching, tmp_path / "model.onnx")
    both_ways = Synced(words(), TagsCodec().fit(["A B"]), config())
    with pytest.raises(ConfigError, match="this one is synced, read both ways"):
        export_model(both_ways, tmp_path / "model.onnx", step=True)
    assert list(tmp_path.iterdir()) == []


def test_a_trained_model_is_exported_from_python(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    model = recur.fit(tmp_path / "reviews.csv", epochs=1, hidden_size=8, progress=False)
    found = model.export(tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    ids = model.mode.encode_input("a good film")
    made = check.run(tmp_path / "model.onnx", {"ids": ids[None], "lengths": np.array([len(ids)])})
    answer = model.predict("a good film", top=2)
    assert float(np.exp(made["log_probs"][0]).max()) == pytest.approx(answer.scores[0][1], abs=1e-5)


def picture_rows(shape: tuple[int, ...]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, shape, dtype=np.uint8) for _ in range(6)]


@pytest.mark.parametrize("pooling", ["flatten", "mean"])
@pytest.mark.parametrize("size", [(9, 13, 1), (40, 31, 3), (28, 28, 1)])
def test_a_picture_is_read_from_its_pixels(size: tuple[int, ...], pooling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    pictures = picture_rows(size)
    codec = ImagesCodec().fit(pictures)
    mode = OneToOne(codec, classes(), config(convolutions=[8, 16], picture_pooling=pooling)).eval()  # type: ignore[arg-type]
    for name, value in mode.named_parameters():
        if "inputs" in name and value.dim() == 1:
            torch.nn.init.normal_(value)  # so that a normalisation that forgets its scale is seen
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs == [f"x (B, {', '.join(map(str, size))}) float32"]
    made = check.run(tmp_path / "model.onnx", {"x": np.stack(pictures).astype(np.float32)})
    expected = [dict(one.scores) for one in mode.predict(pictures, top=3)]
    labels = mode.target_codec.labels  # type: ignore[attr-defined]
    for row, scores in zip(np.exp(made["log_probs"]), expected, strict=True):
        np.testing.assert_allclose(row, [scores[label] for label in labels], atol=ALLOWED)


@pytest.mark.parametrize("steps", ["rows", "pixels"])
def test_a_picture_that_is_read_row_by_row_computes_the_same(steps: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = ImagesCodec(steps=steps).fit(picture_rows((6, 5, 3)))
    mode = ManyToOne(codec, classes(), config())
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < ALLOWED


def test_a_label_for_every_frame_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = FramesCodec().fit([np.stack(picture_rows((10, 12, 3)))])
    mode = Synced(codec, TagsCodec().fit(["A B C"]), config(convolutions=[4, 8]))
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs[0] == "x (B, T, 10, 12, 3) float32"
    assert max(found.differences.values()) < ALLOWED
    single = Synced(codec, TagsCodec().fit(["A B C"]), config(convolutions=[4, 8], bidirectional=False))
    assert export_model(single, tmp_path / "step.onnx", step=True).inputs[0] == "x (B, 10, 12, 3) float32"


@pytest.mark.parametrize("crf", [False, True])
def test_words_with_their_letters_and_chains_of_tags_compute_the_same(crf: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = SpelledWordsCodec().fit(["the cat sat", "a dog ran"])
    mode = Synced(codec, TagsCodec().fit(["A B C"]), config(crf=crf, character_size=5))
    chain = mode.output.crf  # type: ignore[union-attr]
    if chain is not None:
        for parameter in chain.parameters():
            torch.nn.init.normal_(parameter, std=2.0)
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    assert found.inputs[0] == "ids (B, T, 1 + L) int64"
    if not crf:
        assert found.outputs == ["log_probs (B, T, 3) float32"]
        return
    assert found.outputs == ["scores (B, T, 3) float32", "tags (B, T) int64"]
    text = "the dog sat a zebra"
    made = check.run(
        tmp_path / "model.onnx", {"ids": mode.encode_input(text)[None].astype(np.int64), "lengths": np.array([5])}
    )
    assert mode.target_codec.decode(made["tags"][0]) == mode.eval().predict([text])[0].value
    with pytest.raises(ConfigError, match="searched over whole rows"):
        export_model(mode, tmp_path / "step.onnx", step=True)


def test_piano_rolls_are_answered_by_probabilities(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = NotesCodec(form="roll", frames_per_beat=1).fit([np.eye(88, dtype=bool)[40:48]])
    mode = Synced(codec, None, config())
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    assert found.outputs[0].startswith("probabilities (B, T, ")


@pytest.mark.parametrize("relative_to", ["none", "last", "season"])
@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5, 0.9]])
def test_a_forecast_of_all_steps_at_once_computes_the_same(
    relative_to: str, quantiles: list[float], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    target = NumbersCodec(sequence=True, columns=["b"]).fit([np.random.default_rng(1).normal(-3, 9, (50, 1))])
    target.season = 4  # type: ignore[attr-defined]
    asked = Config.of(horizon=6, forecast="direct", relative_to=relative_to, quantiles=quantiles).forecast  # type: ignore[typeddict-item]
    mode = Forecast(series(), target, config(num_layers=2), asked)  # type: ignore[arg-type]
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED
    assert found.outputs[0] == "values (B, 6, 1) float32"
    assert (found.outputs[1:] == ["quantiles (B, 6, 1, 3) float32"]) == bool(quantiles)


@pytest.mark.parametrize("relative_to", ["none", "last"])
def test_a_forecast_that_is_read_back_computes_the_same(relative_to: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    target = NumbersCodec(sequence=True, columns=["b", "a"]).fit([np.random.default_rng(1).normal(-3, 9, (50, 2))])
    asked = Config.of(horizon=5, forecast="recursive", relative_to=relative_to).forecast  # type: ignore[typeddict-item]
    mode = Forecast(series(), target, config(), asked)  # type: ignore[arg-type]
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < ALLOWED


@pytest.mark.parametrize("how", ["direct", "recursive"])
@pytest.mark.parametrize("relative_to", ["none", "last"])
def test_a_forecast_of_a_stream_is_that_of_the_whole_past(relative_to: str, how: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    random, horizon = np.random.default_rng(1), 4
    values = random.normal(size=(50, 2)) * [9, 0.1] + [-3, 5]
    both = NumbersCodec(sequence=True, columns=["a", "b"]).fit([values])
    # of what is read, recursively all is forecast, in another order
    order = ["b", "a"] if how == "recursive" else ["b"]
    own = [both.columns.index(name) for name in order]  # type: ignore[attr-defined]
    target = NumbersCodec(sequence=True, columns=order).fit([values[:, own]])
    quantiles = [0.1, 0.5, 0.9] if how == "direct" else []
    asked = Config.of(horizon=horizon, forecast=how, relative_to=relative_to, quantiles=quantiles).forecast  # type: ignore[typeddict-item]
    mode = Forecast(both, target, config(num_layers=2), asked).eval()
    path = tmp_path / "step.onnx"
    found = export_model(mode, path, step=True)
    assert max(found.differences.values()) < ALLOWED
    past = random.normal(size=(9, 2)).astype(np.float32) * [9, 0.1] + [-3, 5]
    given, _ = names(path)
    state = {name: np.zeros((1, 1, 7), np.float32) for name in given if name not in ("x", "before")}
    state |= {"before": past[:1, own].astype(np.float32)} if "before" in given else {}
    for x in past:
        made = check.run(path, {"x": x[None].astype(np.float32), **state})
        state = {name: made[f"{name}_next"] for name in state}
    answers = [made["values"][0]]
    while how == "recursive" and len(answers) < horizon:
        back = np.empty((1, 2), np.float32)
        back[:, own] = answers[-1]
        made = check.run(path, {"x": back, **state})
        state = {name: made[f"{name}_next"] for name in state}
        answers.append(made["values"][0])
    [whole] = mode.predict([past])
    np.testing.assert_allclose(np.concatenate(answers), np.reshape(whole.value, (horizon, -1)), rtol=1e-4, atol=1e-4)
    for place, (share, expected) in enumerate((whole.quantiles or {}).items()):
        np.testing.assert_allclose(
            made["quantiles"][0, :, 0, place], expected, rtol=1e-4, atol=1e-4, err_msg=str(share)
        )


def test_a_stream_has_no_season_to_be_relative_to(tmp_path: Path) -> None:
    target = NumbersCodec(sequence=True, columns=["b"]).fit([np.random.default_rng(1).normal(size=(50, 1))])
    target.season = 4  # type: ignore[attr-defined]
    asked = Config.of(horizon=6, forecast="direct", relative_to="season").forecast
    mode = Forecast(series(), target, config(), asked)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="needs all values of one, and a step has only the last"):
        export_model(mode, tmp_path / "step.onnx", step=True)


def tagger() -> Synced:
    torch.manual_seed(0)
    mode = Synced(words(), TagsCodec().fit(["A B C"]), config(crf=True))
    for parameter in mode.parameters():
        torch.nn.init.normal_(parameter)
    return mode


def test_of_two_equally_good_rows_of_tags_either_is_right(tmp_path: Path) -> None:
    mode = tagger()
    with torch.no_grad():
        # two tags that nothing tells apart: which of them is best is chance
        for parameter in mode.output.parameters():
            for axis in range(parameter.dim()):
                if parameter.shape[axis] == 3:
                    parameter.copy_(parameter.index_select(axis, torch.tensor([0, 0, 2])))
    chain = mode.output.crf  # type: ignore[union-attr]
    decode = chain.decode  # type: ignore[union-attr]

    def the_other(scores: torch.Tensor, lengths: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        tags, log_p = decode(scores, lengths)
        real = torch.arange(tags.shape[1]) < torch.as_tensor(lengths)[:, None]
        return torch.where(real & (tags == 0), 1, tags), log_p

    chain.decode = the_other  # type: ignore[union-attr, method-assign, assignment]
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < ALLOWED


@pytest.mark.parametrize("at_padding", [False, True])
def test_a_file_that_finds_worse_tags_is_not_passed(
    at_padding: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = check.run

    def worse(path: Path, inputs: Any) -> check.Values:
        made = run(path, inputs)
        padding = np.arange(made["tags"].shape[1]) >= inputs["lengths"][:, None]
        made["tags"] = np.where(padding == at_padding, (made["tags"] + 1) % 3, made["tags"])
        return made

    monkeypatch.setattr(check, "run", worse)
    with pytest.raises(RecurError, match="tags at padding differs" if at_padding else "log p of the tags differs"):
        export_model(tagger(), tmp_path / "model.onnx")
