"""Configurations of older versions: read as they were meant, with a note, in files and in run folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from examples.files import reviews

import recur
from recur import config_file
from recur.config import Config, options
from recur.config.upgrade import upgraded
from recur.errors import ConfigError
from recur.run.folder import as_json
from recur.run.opened import digest
from tests.cli.running import run
from tests.config.test_situation import other

OLD = """
[data]
source = "a.csv"
input = ["x"]
lower = true
audio = "mfcc"
audio_bands = 20
image_size = [28, 20]
horizon = 3
forecast = "direct"
missing = "mean"

[model]
hidden_size = 64
dropout = 0.2
variational_dropout = 0.1
attention = "luong"
quantiles = [0.1, 0.5, 0.9]
crf = false

[training]
epochs = 3
lr = 0.01
optimizer = "sgd"
schedule = "step"
decay = 0.25
bptt = 35
bptt_stride = 5
"""
FLAT: dict[str, Any] = {
    "source": "a.csv", "input": ["x"], "lower": True, "audio": "mfcc", "audio_bands": 20, "image_size": [28, 20],
    "horizon": 3, "forecast": "direct", "missing": "mean", "hidden_size": 64, "dropout": 0.2,
    "variational_dropout": 0.1, "attention": "luong", "quantiles": [0.1, 0.5, 0.9], "epochs": 3, "lr": 0.01,
    "optimizer": "sgd", "schedule": "step", "decay": 0.25, "bptt": 35, "bptt_stride": 5,
}  # fmt: skip


def old_form(config: Config) -> dict[str, Any]:
    """The tables that an older version would have written."""
    tables: dict[str, Any] = {"data": {}, "model": {}, "training": {}}
    for one in options().values():
        table = {"quantiles": "model", "relative_to": "model"}.get(one.name, one.path[0])
        value = one.of(config)
        tables["data" if table == "forecast" else table][one.name] = (
            value[0] if one.name == "hidden_size" and len(value) == 1 else value
        )
    return tables


def test_a_flat_file_is_read_with_a_note_that_names_what_moved() -> None:
    notes: list[str] = []
    assert config_file.from_toml(OLD, "old.toml", note=notes.append) == config_file.from_options(FLAT)
    [said] = notes
    assert said.startswith("old.toml has the keys of an older version, and was read as such; now ")
    assert said.endswith(" more")


def test_a_present_file_is_read_without_a_note() -> None:
    notes: list[str] = []
    text = config_file.to_toml(config_file.from_options(FLAT))
    config_file.from_toml(text, note=notes.append)
    assert notes == []


@pytest.mark.parametrize("name", options())
def test_every_option_is_read_from_where_it_was(name: str) -> None:
    config = Config.of(**{name: _value(name)})
    present, moved = upgraded(old_form(config))
    assert config_file.from_mapping(present) == config
    assert upgraded(present) == (present, {})
    assert set(moved.values()) == {".".join(one.path) for one in options().values()} & set(moved.values())


def _value(name: str) -> Any:
    texts = {"device": "cpu", "cell": "gru", "time_format": "day first"}
    field = options()[name].field
    if name in texts:
        return texts[name]
    if field.annotation in (str, str | None):
        return "x"
    if "list[str]" in str(field.annotation):
        return ["P=3"] if name == "cell_sizes" else ["dt=x"]
    if options()[name].default is None and "bool" in str(field.annotation):
        return True
    return 0.25 if field.annotation is float else other(name)


def test_what_is_wrong_in_a_flat_file_is_named_where_it_is_written() -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.from_toml("[model]\ndropout = 2.0\n\n[data]\nnotes = 'song'\nhorizon = 0\n")
    said = caught.value.message
    assert "line 2: model.dropout: must be less than 1.0, got 2.0" in said
    assert "line 5: data.notes: expected one of roll, melody" in said
    assert "line 6: data.horizon: must be at least 1, got 0" in said


def test_a_command_says_that_a_file_is_of_an_older_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reviews(tmp_path / "a.csv")
    (tmp_path / "old.toml").write_text("[data]\nlower = true\n", encoding="utf-8")
    outcome = run("check", "a.csv", "--config", "old.toml")
    assert outcome.code == 0
    assert "old.toml has the keys of an older version, and was read as such; now data.lower is data.text.lower" in (
        outcome.err
    )
    with pytest.warns(UserWarning, match=r"old\.toml has the keys of an older version"):
        recur.fit(tmp_path / "a.csv", config=tmp_path / "old.toml", max_steps=1, hidden_size=4, progress=False)


def test_a_run_folder_of_an_older_version_opens_and_resumes(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    given: dict[str, Any] = {"hidden_size": 8, "lower": True, "lr": 0.01, "progress": False, "out": tmp_path / "run"}
    model = recur.fit(tmp_path / "a.csv", max_steps=2, **given)
    folder = tmp_path / "run"
    tables = old_form(model.config)
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    info["config"] = tables
    (folder / "run.json").write_bytes(as_json({**info, "sha256": digest(info)}))
    lines = []
    for table, values in tables.items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None)]
    (folder / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    opened = recur.load(folder)
    assert opened.config == model.config
    assert opened.predict("such a film").value == model.predict("such a film").value
    assert recur.fit(tmp_path / "a.csv", max_steps=3, **given).metrics["steps"] == 3
    assert "[training.optimizer]" in (folder / "config.toml").read_text(encoding="utf-8")
