"""The run folder: it opens anywhere without the data, and is refused in one sentence when it is not what it was."""

from __future__ import annotations

import json
import math
import os
import pickletools
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from examples.files import pairs, reviews, sentences, series, tagged

import recur
from recur.errors import RunError
from recur.run import RunFolder, open_run
from recur.run.opened import digest


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a classifier."""
    folder = tmp_path_factory.mktemp("run")
    reviews(folder / "a.csv")
    recur.fit(folder / "a.csv", out=folder / "run", epochs=1, hidden_size=8, progress=False)
    (folder / "a.csv").unlink()
    return folder / "run"


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    shutil.copytree(trained, tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def test_it_holds_what_the_guide_says(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert {
        "README.md", "config.toml", "run.json", "model.safetensors", "input_codec.json", "target_codec.json",
        "metrics.json", "log.jsonl", "samples.jsonl", "checkpoint",
    } <= names  # fmt: skip


def test_it_opens_elsewhere_without_the_data(run: Path) -> None:
    model = recur.load(run)
    assert model.predict("what a fine film").value in ("good", "bad")
    assert model.metrics["held_out"]["accuracy"] >= 0
    assert "accuracy" in repr(model)


def test_nothing_in_it_is_pickled_code(run: Path) -> None:
    for path in run.rglob("*"):
        if path.is_file() and path.name != "resume.pt":
            with pytest.raises(ValueError):
                list(pickletools.genops(path.read_bytes()))
    [resume] = run.rglob("resume.pt")
    assert isinstance(torch.load(resume, weights_only=True), dict)


def test_the_card_is_filled_in(run: Path) -> None:
    card = (run / "README.md").read_text(encoding="utf-8")
    for words in ("many-to-one", "majority class", "accuracy", "recur predict", "recur.load", "seed 0", "217 rows"):
        assert words in card, words
    assert "None" not in card


def test_the_configuration_can_be_read_back(run: Path, tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    model = recur.fit(tmp_path / "a.csv", config=run / "config.toml", progress=False)
    assert model.config.model == recur.load(run).config.model


@pytest.mark.parametrize(
    "name", ["model.safetensors", "input_codec.json", "input_codec.tokenizer.json", "metrics.json"]
)
def test_a_file_cut_short_or_altered_is_refused(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[:-7])
    with pytest.raises(RunError, match="cut short") as caught:
        recur.load(run)
    assert "\n" not in caught.value.message
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    (run / name).write_bytes(bytes(changed))
    with pytest.raises(RunError, match="was altered after training"):
        recur.load(run)
    (run / name).unlink()
    with pytest.raises(RunError, match=f"is incomplete: {name} is missing"):
        recur.load(run)


def damaged(run: Path, change: Any) -> None:
    info = json.loads((run / "run.json").read_text())
    change(info)
    info["sha256"] = digest(info)
    (run / "run.json").write_text(json.dumps(info))


@pytest.mark.parametrize("key", ["roles", "config", "files", "one_codec", "sha256"])
def test_a_change_of_run_json_is_noticed(run: Path, key: str) -> None:
    info = json.loads((run / "run.json").read_text())
    if key == "roles":
        info["roles"]["mode"] = "synced"
    elif key == "config":
        info["config"]["model"]["dropout"] = 0.5
    elif key == "files":
        info["files"].pop("metrics.json")
    else:
        info.pop(key)
    (run / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError, match=r"run\.json was altered after training"):
        recur.load(run)


def test_another_layout_of_run_json_is_no_change(run: Path) -> None:
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(dict(reversed(info.items()))))
    assert recur.load(run).metrics


def test_a_folder_of_format_1_opens_without_the_hashes_of_format_2(run: Path) -> None:
    info = json.loads((run / "run.json").read_text())
    info["format"] = 1
    del info["sha256"], info["files"]["metrics.json"]
    (run / "run.json").write_text(json.dumps(info))
    assert recur.load(run).metrics["held_out"]
    folder = RunFolder(run)
    folder.load()
    folder.update()
    info = json.loads((run / "run.json").read_text())
    assert info["format"] == 2
    assert "metrics.json" in info["files"]
    assert recur.load(run).metrics["held_out"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda info: info["roles"].update(mode=3), "roles.mode"),
        (lambda info: info["roles"].pop("input"), "roles.input"),
        (lambda info: info["roles"].update(input_codec="notes"), "run.json says notes"),
        (lambda info: info.update(roles=[]), "roles should be an object"),
        (lambda info: info.update(config=None), "has no configuration"),
        (lambda info: info["files"].update({"../../secret": [{"bytes": 1, "sha256": "0"}]}), "table of files"),
        (lambda info: info["files"].update({"metrics.json": [{"bytes": 10**30, "sha256": "0"}]}), "table of files"),
        (lambda info: info.update(files=[]), "table of files"),
        (lambda info: info.update(format=True), "in format True"),
    ],
)
def test_wrong_types_in_run_json_are_a_sentence(run: Path, change: Any, words: str) -> None:
    damaged(run, change)
    with pytest.raises(RunError, match=words):
        recur.load(run)


@pytest.mark.parametrize("name", ["run.json", "config.toml", "model.safetensors", "input_codec.json", "metrics.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(run: Path, name: str, kind: str) -> None:
    (run / name).unlink()
    if kind == "pipe":
        os.mkfifo(run / name)
    elif kind == "device":
        (run / name).symlink_to("/dev/zero")
    else:
        (run / name).mkdir()
    began = time.monotonic()
    with pytest.raises(RunError, match=f"{name} is a "):
        recur.load(run)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [("hidden_size", 8, 12_000), ("hidden_size", 8, 10**9), ("hidden_size", 8, 2**62), ("num_layers", 1, 10**9),
     ("num_layers", 1, 3)],
)  # fmt: skip
def test_a_network_of_another_size_than_its_weights_is_refused_without_memory_for_it(
    run: Path, key: str, old: int, new: int
) -> None:
    text = (run / "config.toml").read_text()
    (run / "config.toml").write_text(text.replace(f"{key} = {old}", f"{key} = {new}"))
    damaged(run, lambda info: info["config"]["model"].update({key: new}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with pytest.raises(RunError, match="does not fit the network that the configuration describes|at most"):
        recur.load(run)
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_a_newer_or_a_foreign_folder_is_refused(run: Path, tmp_path: Path) -> None:
    damaged(run, lambda info: info.update(format=99))
    with pytest.raises(RunError, match="in format 99") as caught:
        recur.load(run)
    assert "upgrade" in (caught.value.hint or "")
    damaged(run, lambda info: info.update(kind="something else"))
    with pytest.raises(RunError, match="written by another program"):
        recur.load(run)
    (run / "run.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read as JSON"):
        recur.load(run)
    (run / "run.json").unlink()
    with pytest.raises(RunError, match=r"is incomplete: run\.json is missing"):
        recur.load(run)
    with pytest.raises(RunError, match="is not a run folder"):
        recur.load(tmp_path)


def test_a_folder_that_is_not_there_is_named_with_the_nearest(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r'there is no run folder .* Did you mean "elsewhere"'):
        recur.load(tmp_path / run.name[:-1])


def test_an_altered_configuration_is_refused_where_it_describes_the_network(run: Path) -> None:
    text = (run / "config.toml").read_text()
    (run / "config.toml").write_text(text.replace("hidden_size = 8", "hidden_size = 9"))
    with pytest.raises(RunError, match=r"model\.hidden_size was 8 and is now 9"):
        recur.load(run)
    (run / "config.toml").write_text(text.replace("epochs = 1", "epochs = 2"))
    assert recur.load(run).config.training.epochs == 2


def test_a_run_without_weights_says_so(run: Path) -> None:
    damaged(run, lambda info: info["files"].pop("model.safetensors"))
    with pytest.raises(RunError, match="has no weights yet"):
        open_run(run)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match=r"it has letter\.txt and no run\.json"):
        recur.fit(tmp_path / "a.csv", out=tmp_path / "mine", epochs=1, progress=False)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("make", "file", "options", "question"),
    [
        (sentences, "a.txt", {"bptt": 8}, "all clouds are"),
        (sentences, "a.txt", {"documents": "line", "input_codec": "characters"}, "all clo"),
        (tagged, "a.conll", {}, "the old cat"),
        (pairs, "a.tsv", {"mode": "many-to-many", "attention": "bahdanau"}, "a red house"),
        (series, "a.csv", {"input": "load"}, [[50.0], [55.0], [60.0]]),
    ],
    ids=["stream", "lines", "tags", "pairs", "series"],
)
def test_every_kind_of_network_answers_the_same_after_loading(
    tmp_path: Path, make: Any, file: str, options: dict[str, Any], question: Any
) -> None:
    make(tmp_path / file)
    model = recur.fit(tmp_path / file, out=tmp_path / "run", max_steps=3, hidden_size=8, progress=False, **options)
    again = recur.load(tmp_path / "run")
    assert again.mode.target_codec.describe() == model.mode.target_codec.describe()
    first, second = model.predict([question])[0], again.predict([question])[0]
    assert first.value == second.value
    assert model.evaluate(tmp_path / file) == again.evaluate(tmp_path / file)


def test_a_series_looks_as_far_ahead_as_the_horizon_when_trained_measured_and_loaded(tmp_path: Path) -> None:
    rows = ["load", *(f"{math.sin(t / 3):.4f}" for t in range(400))]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
    model = recur.fit(
        tmp_path / "a.csv", input="load", out=tmp_path / "run", horizon=3, epochs=6, lr=0.01, hidden_size=16,
        progress=False,
    )  # fmt: skip
    # the value three steps before is off by sqrt(2) sin(0.5) on a sine of this frequency
    persistence = model.metrics["baseline"]["persistence"]
    assert persistence == pytest.approx(math.sqrt(2) * math.sin(0.5), rel=0.1)
    assert model.metrics["held_out"]["rmse"] < 0.5 * persistence
    again = recur.load(tmp_path / "run")
    seen = [math.sin(t / 3) for t in range(60)]
    assert again.predict([seen], length=7)[0].value == model.predict([seen], length=7)[0].value
    [ahead] = again.predict([seen])[0].value
    assert abs(ahead - math.sin(62 / 3)) < 0.5 * persistence
    assert again.evaluate(tmp_path / "a.csv") == model.evaluate(tmp_path / "a.csv")
    text = (tmp_path / "run" / "config.toml").read_text()
    (tmp_path / "run" / "config.toml").write_text(text.replace("horizon = 3", "horizon = 1"))
    with pytest.raises(RunError, match=r"forecast\.horizon was 3 and is now 1"):
        recur.load(tmp_path / "run")


def test_a_model_from_memory_can_be_saved(tmp_path: Path) -> None:
    rows = [("a fine film", "yes"), ("a dull one", "no")] * 20 + [("so warm", "yes"), ("so cold", "no")]
    model = recur.fit(rows, epochs=1, hidden_size=8, progress=False)
    folder = model.save(tmp_path / "run")
    assert recur.load(folder).predict("so warm").value == model.predict("so warm").value


def test_a_forecast_that_an_earlier_version_called_synced_is_opened_and_resumed(tmp_path: Path) -> None:
    series(tmp_path / "load.csv")
    options: dict[str, Any] = {
        "input": "load", "out": tmp_path / "run", "horizon": 2, "window": 8, "epochs": 1, "hidden_size": 4,
        "progress": False,
    }  # fmt: skip
    model = recur.fit(tmp_path / "load.csv", forecast="direct", **options)
    path = tmp_path / "run" / "run.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    assert info["roles"]["mode"] == "forecast"
    info["roles"]["mode"] = "synced"
    info["sha256"] = digest(info)
    path.write_text(json.dumps(info), encoding="utf-8")
    past = [float(step) for step in range(20)]
    assert recur.load(tmp_path / "run").roles.mode == "forecast"
    assert recur.load(tmp_path / "run").predict(past).value == model.predict(past).value
    # the same command, and its new form, continue it
    for asked in ({"forecast": "direct"}, {"forecast": "direct", "mode": "forecast"}):
        again = recur.fit(tmp_path / "load.csv", **asked, **options)
        assert again.predict(past).value == model.predict(past).value
