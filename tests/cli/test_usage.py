"""Every mistyped line gets a sentence, the fix and exit code 2; help is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.cli.app import COMMANDS
from tests.cli.running import matches, run, run_apart

MISTYPED = {
    "command": ["trian", "x.txt"],
    "command_far": ["xyzzy"],
    "option": ["train", "x.txt", "--hiden-size", "3"],
    "option_far": ["predict", "RUN", "text", "--qqq"],
    "choice": ["train", "x.txt", "--mode", "many-to-on"],
    "not_a_number": ["train", "x.txt", "--epochs", "ten"],
    "out_of_range": ["train", "x.txt", "--lr", "-1", "--dropout", "2"],
    "no_value": ["train", "x.txt", "--lr"],
    "given_twice": ["train", "x.txt", "--lr", "1", "--lr", "2"],
    "cell": ["train", "x.txt", "--cell", "lstn"],
    "no_data": ["train"],
    "no_run": ["complete"],
    "no_sentence": ["complete", "RUN"],
    "nothing_to_predict": ["predict", "RUN"],
    "inputs_twice": ["predict", "RUN", "text", "--file", "x.txt"],
    "too_many": ["complete", "RUN", "the", "sky"],
    "cell_unknown": ["cells", "gruu"],
    "config_missing": ["train", "x.txt", "--config", "missing.toml"],
    "demo_unknown": ["demo", "last-wrod"],
    "interactive_json": ["complete", "RUN", "--interactive", "--json"],
}


@pytest.mark.parametrize("name", MISTYPED)
def test_a_mistyped_line_is_answered_with_the_fix(name: str) -> None:
    outcome = run(*MISTYPED[name])
    assert outcome.code == 2
    assert outcome.out == ""
    matches(outcome, f"usage_{name}")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str) -> None:
    outcome = run(*command.split(), "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    matches(outcome, f"help_{command or 'recur'}")


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--exclude", "*.png"], "exclude = ['*.png'] has no effect here"),
        (["--damaged", "skip"], "damaged = skip has no effect here"),
        (["--bptt", 4, "--bptt-stride", 5], "bptt_stride 5 is larger than bptt 4"),
    ],
    ids=["exclude", "damaged", "bptt"],
)
def test_an_option_without_effect_is_refused_by_every_command(
    command: str, words: list[object], said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("text,label\n" + "good film,yes\nbad film,no\n" * 20)
    outcome = run(command, tmp_path / "a.csv", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert "hint: " in outcome.err


def test_no_words_at_all_show_the_help() -> None:
    assert run().out == run("--help").out


def test_version() -> None:
    from recur import __version__

    assert run("--version").out == f"recur {__version__}\n"


def test_a_config_file_names_every_wrong_key_with_its_line(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text('[model]\nhiden_size = 3\ncell = "gru"\n\n[training]\nlr = "fast"\nepochs = 0\n')
    outcome = run("train", "x.txt", "--config", "run.toml")
    assert outcome.code == 2
    matches(outcome, "usage_config_keys")


def test_every_field_of_the_schema_is_a_flag_of_train() -> None:
    from recur.config import options

    # wide enough for the longest name on one line
    text = run_apart("train", "--help", COLUMNS="130").out
    for name in options():
        assert f"--{name.replace('_', '-')} " in text
