"""The configuration: written, read back, and refused with every problem at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import config_file
from recur.config import Config, options
from recur.errors import ConfigError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    source=st.none() | texts,
    columns=st.none() | st.lists(texts, max_size=3),
    hidden=st.integers(1, 999) | st.lists(st.integers(1, 999), min_size=1, max_size=3),
    lr=st.floats(1e-12, 1e6),
    lower=st.booleans(),
    prompts=st.lists(texts, max_size=3),
)
def test_toml_reads_back_to_an_equal_configuration(
    source: str | None, columns: list[str] | None, hidden: int | list[int], lr: float, lower: bool, prompts: list[str]
) -> None:
    config = Config.of(source=source, input=columns, lower=lower, hidden_size=hidden, lr=lr, prompts=prompts)
    assert config_file.from_toml(config_file.to_toml(config, heading="A run\nof ours")) == config


def test_every_field_is_written_with_its_description() -> None:
    text = config_file.to_toml(Config())
    for one in options().values():
        table = text.split(f"[{'.'.join(one.path[:-1])}]\n")[1].split("\n\n")[0]
        assert f"# {one.description}" in table
        assert re.search(rf"^(?:# )?{one.path[-1]} = ", table, re.M)


def test_all_problems_are_named_at_once() -> None:
    text = """
[training]
epochs = "10"
lrr = 0.1
clip = -1
[model]
mode = "many-to-onne"
lr = 0.1
hidden_size = "big"
[trainin]
seed = 1
"""
    with pytest.raises(ConfigError) as caught:
        config_file.from_toml(text, "run.toml")
    said = str(caught.value)
    assert said.startswith("run.toml has 7 problems:")
    assert 'line 3: training.epochs: expected a whole number, got "10"' in said
    assert 'line 4: training.lrr: unknown key. Did you mean "lr" below [training.optimizer]?' in said
    assert "line 5: training.clip: must be at least 0.0, got -1" in said
    assert 'got "many-to-onne". Did you mean "many-to-one"?' in said
    assert "line 8: model.lr: unknown key. It belongs below [training.optimizer]" in said
    assert 'line 9: model.hidden_size: expected a whole number or a list of whole numbers, got "big"' in said
    assert 'line 10: trainin: unknown table. Did you mean "training"?' in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs = 3", "epochs: unknown table or key. It belongs below [training]"),
        ("training = 3", "training: expected a table"),
        ("[model]\nhidden_size = [0]", "hidden_size must be positive"),
        ("[training]\nepochs = true", "expected a whole number, got true"),
        ("[training]\nlr = nan", "expected a finite number"),
        ("a = b", "not valid TOML"),
        ("[data]\ninput = 3", "expected a text in quotes or a list of texts in quotes, got 3"),
        ("[data.imges]\nsize = 3", 'data.imges: unknown key. Did you mean "images"?'),
        ("[data.images]\nimage_size = 3", "unknown key. It is size below [data.images]"),
        ("[data]\ntable = 3", "expected a table, [data.table] with its keys below it, got 3"),
        ("[data]\nlower = true\n[data.text]\nlower = false", "data.lower: unknown key. It belongs below [data.text]"),
    ],
)
def test_one_problem_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.from_toml(text)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_of_many_problems_the_first_are_written_out() -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.from_toml("[training]\n" + "".join(f"unknown_{number} = 1\n" for number in range(5000)), "run.toml")
    said = str(caught.value)
    assert said.startswith("run.toml has 5,000 problems:")
    assert said.splitlines()[-1].strip() == "and 4,980 more"
    assert "unknown_19:" in said
    assert "unknown_20:" not in said


def test_whole_number_stands_for_a_number() -> None:
    assert config_file.from_toml("[training.optimizer]\nlr = 1").training.optimizer.lr == 1.0


def test_a_missing_file_and_a_binary_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        config_file.read(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        config_file.read(tmp_path / "binary.toml")


def test_flat_options_find_their_sections() -> None:
    config = config_file.from_options({"epochs": 3, "cell": "gru", "input": "text", "hidden_size": (8, 4), "lr": 1})
    assert (config.training.epochs, config.model.cell, config.data.input) == (3, "gru", ["text"])
    assert config.model.hidden_size == [8, 4]
    assert config.training.optimizer.lr == 1.0


def test_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match='unknown option "hiden_size". Did you mean "hidden_size"'):
        config_file.from_options({"hiden_size": 3})
    with pytest.raises(ConfigError, match='options: epochs: expected a whole number, got "three"'):
        config_file.from_options({"epochs": "three"})


def test_changes_name_every_field_that_differs() -> None:
    old, new = Config(), Config.of(lr=1.0, cell="gru")
    assert config_file.changes(old, new) == {"training.optimizer.lr": (2e-3, 1.0), "model.cell": ("lstm", "gru")}


NUMBERS = [
    one.name for one in options().values() if {int, float} & {*get_args(one.field.annotation), one.field.annotation}
]


# training on such a value ends in the sentence of a loss that is not finite
UNBOUNDED = (
    "lr", "clip", "max_minutes", "weight_decay", "activation_regularization", "temporal_activation_regularization",
    "embedding_range", "forget_bias", "frame_rate", "audio_window_ms", "audio_hop_ms",
)  # fmt: skip


@pytest.mark.parametrize("value", ["-1e300", "1e300", "nan", "inf", "-inf", "9" * 30, "-" + "9" * 30, "9" * 5000])
@pytest.mark.parametrize("key", NUMBERS)
def test_no_number_is_taken_that_nobody_can_compute_with(key: str, value: str) -> None:
    if key in UNBOUNDED and value.strip("-") in ("1e300", "9" * 30):
        return
    *table, name = options()[key].path
    with pytest.raises(ConfigError) as caught:
        config_file.from_toml(f"[{'.'.join(table)}]\n{name} = {value}\n")
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_size": 10**9}, "hidden_size must be at most 1,000,000"),
        ({"hidden_size": [1] * 1001}, "at most 1,000 layers"),
        ({"num_layers": 10**9}, "at most 1000"),
        ({"convolutions": [10**9]}, "at most 100 convolutions of 1 to 1,000,000"),
        ({"image_size": [10**9, 1]}, "of 1 to 1,000,000"),
        ({"seed": 2**64}, "at most 9223372036854775807"),
        ({"threads": 0}, "at least 1"),
        ({"threads": 10**9}, "at most 1024"),
        ({"quantiles": [float("nan")]}, "quantiles"),
        ({"prompts": ["\ud800"]}, "a value cannot be read"),
    ],
)
def test_sizes_beyond_any_machine_are_refused_with_the_bound(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config_file.from_options(options)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 50_000 + "]" * 50_000, ".".join("a" * 50_000) + " = 1", "a = " + "{a=" * 50_000]
)
def test_deep_toml_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        config_file.from_toml(text)
