"""The same command again continues exactly: after a pause, after more epochs, and after kill -9 at any moment."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from examples.files import pairs, reviews, sentences, series, tagged
from safetensors.torch import load_file

import recur.training.loop as training_loop  # the name in the room is a function
from recur import config_file
from recur.config import Config
from recur.errors import RunError
from recur.training import Paused, learn
from recur.training.pause import PauseRequest
from tests.cli.running import PLAIN

FILES = {
    "stream": (sentences, "a.txt", {"dropout": 0.2, "bptt": 16}),
    "overlapping": (sentences, "a.txt", {"bptt": 12, "bptt_stride": 4, "cell": "gru"}),
    "lines": (sentences, "a.txt", {"documents": "line", "recurrent_dropout": 0.2}),
    "classes": (reviews, "a.csv", {"dropout": 0.3, "optimizer": "sgd", "lr": 0.5, "schedule": "step"}),
    "on the disk": (reviews, "a.csv", {"dropout": 0.3, "storage": "disk"}),
    "tags": (tagged, "a.conll", {"variational_dropout": 0.2}),
    "pairs": (pairs, "a.tsv", {"mode": "many-to-many", "attention": "luong", "teacher_forcing": 0.5}),
    "series": (series, "a.csv", {"input": "load", "zoneout": 0.1}),
    "averaged": (sentences, "a.txt", {"bptt": 16, "optimizer": "asgd", "lr": 5.0, "schedule": "constant", "epochs": 6}),
}


def settings(folder: Path, name: str, **more: Any) -> Config:
    make, file, options = FILES[name]
    make(folder / file)
    told = {"hidden_size": 12, "epochs": 2, "threads": 1, "device": "cpu", "seed": 5, "save_every": 7}
    return config_file.from_options({**told, "source": str(folder / file), **options, **more})


def state(run: Path) -> dict[str, torch.Tensor]:
    """Best and last weights."""
    last = run / "checkpoint" / (run / "checkpoint" / "LATEST").read_text().strip()
    return {
        **{f"best.{name}": value for name, value in load_file(run / "model.safetensors").items()},
        **{f"last.{name}": value for name, value in load_file(last / "weights.safetensors").items()},
    }


def same(first: Path, second: Path) -> None:
    left, right = state(first), state(second)
    assert left.keys() == right.keys()
    different = [name for name in left if not torch.equal(left[name], right[name])]
    assert not different
    assert (first / "metrics.json").read_text().split('"seconds"')[0] == (second / "metrics.json").read_text().split(
        '"seconds"'
    )[0]


class After(PauseRequest):
    """A request that is made after some looks at it: an update looks once, an evaluation once a batch."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    @property
    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("name", FILES)
def test_paused_again_and_again_gives_the_same_bits(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(tmp_path, name)
    learn(config, out=tmp_path / "whole", progress=False)
    pauses = 0
    for looks in itertools.cycle((3, 19, 8)):
        monkeypatch.setattr(training_loop, "on_interrupt", lambda looks=looks: nullcontext(After(looks)))
        try:
            learn(config, out=tmp_path / "parts", progress=False)
            break
        except Paused:
            pauses += 1
    assert pauses >= 2
    same(tmp_path / "whole", tmp_path / "parts")


def test_killed_at_any_moment_it_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    sentences(tmp_path / "a.txt")
    words = [
        "train", str(tmp_path / "a.txt"), "--hidden-size", "24", "--epochs", "12", "--bptt", "8", "--dropout", "0.2",
        "--save-every", "3", "--threads", "1", "--seed", "3",
    ]  # fmt: skip
    environment = {**os.environ, **PLAIN}

    def begin(run: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "recur", *words, "--out", str(tmp_path / run)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    whole = begin("whole")
    _, said = whole.communicate()
    assert whole.returncode == 0, said
    draw = random.Random(7)
    kills = 0
    for _ in range(6):
        process = begin("parts")
        mark = _progress(tmp_path / "parts")
        # wait until this sitting has written something, then a little
        started = time.monotonic()
        while process.poll() is None and _progress(tmp_path / "parts") == mark and time.monotonic() - started < 60:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.3)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    last = begin("parts")
    _, said = last.communicate()
    assert last.returncode == 0, said
    assert kills >= 3
    same(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_around_the_first_weights_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    class Killed(BaseException):
        pass

    rename = os.replace

    def kill(source: Any, target: Any) -> None:
        if Path(target).name != "model.safetensors":
            return rename(source, target)
        if after:
            rename(source, target)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", kill)
        with pytest.raises(Killed):
            learn(settings(tmp_path, "classes", max_steps=2), out=tmp_path / "parts", progress=False)
    learn(settings(tmp_path, "classes", max_steps=2), out=tmp_path / "parts", progress=False)
    learn(settings(tmp_path, "classes", max_steps=2), out=tmp_path / "whole", progress=False)
    same(tmp_path / "whole", tmp_path / "parts")


def _progress(run: Path) -> str:
    """The checkpoint that counts."""
    pointer = run / "checkpoint" / "LATEST"
    return pointer.read_text() if pointer.exists() else ""


def test_other_settings_or_other_rows_are_refused(tmp_path: Path) -> None:
    config = settings(tmp_path, "classes", max_steps=2)
    learn(config, out=tmp_path / "run", progress=False)
    with pytest.raises(RunError, match=r"other settings: model.hidden_size was 12, now 16") as caught:
        learn(settings(tmp_path, "classes", hidden_size=16), out=tmp_path / "run", progress=False)
    assert "fresh=True" in (caught.value.hint or "")
    with (tmp_path / "a.csv").open("a") as file:
        file.write("a new text,good\n" * 30)
    with pytest.raises(RunError, match="the data is not what"):
        learn(config, out=tmp_path / "run", progress=False)
    learn(config, out=tmp_path / "run", progress=False, fresh=True)


def test_fresh_starts_over(tmp_path: Path) -> None:
    config = settings(tmp_path, "classes", max_steps=3)
    first = learn(config, out=tmp_path / "run", progress=False)
    again = learn(config, out=tmp_path / "run", progress=False, fresh=True)
    assert again.metrics["steps"] == first.metrics["steps"] == 3


def test_the_same_file_by_another_path_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(tmp_path, "classes", max_steps=2)
    learn(config, out=tmp_path / "run", progress=False)
    monkeypatch.chdir(tmp_path)
    config.data.source = "a.csv"
    assert learn(config, out=tmp_path / "run", progress=False).metrics["steps"] == 2


def test_a_test_file_that_changed_is_noticed(tmp_path: Path) -> None:
    reviews(tmp_path / "t.csv")
    config = settings(tmp_path, "classes", max_steps=2, test=str(tmp_path / "t.csv"))
    learn(config, out=tmp_path / "run", progress=False)
    with (tmp_path / "t.csv").open("a") as file:
        file.write("a new text,good\n")
    with pytest.raises(RunError, match="the data is not what"):
        learn(config, out=tmp_path / "run", progress=False)


# what was left out, and what it then was; either may come first
SAME = {
    "input": {"input": ["text"]},
    "target": {"target": ["label"]},
    "codecs": {"input_codec": "words", "target_codec": "class"},
    "mode": {"mode": "many-to-one"},
    "format and header": {"format": "csv", "header": True},
    "embedding": {"embedding_size": 12},
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("explicit_first", [False, True])
def test_saying_what_was_inferred_is_no_other_setting(name: str, explicit_first: bool, tmp_path: Path) -> None:
    plain, said = settings(tmp_path, "classes", max_steps=2), settings(tmp_path, "classes", max_steps=3, **SAME[name])
    if explicit_first:
        plain.training.max_steps, said.training.max_steps = 3, 2
    first, second = (said, plain) if explicit_first else (plain, said)
    learn(first, out=tmp_path / "run", progress=False)
    assert learn(second, out=tmp_path / "run", progress=False).metrics["steps"] == 3


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"input_codec": "characters"}, "data.input_codec was None, now 'characters'"),
        ({"target": ["text"], "input": ["label"]}, "data.input was None, now ['label']"),
        ({"embedding_size": 5}, "model.embedding.size was None, now 5"),
        ({"batch_size": 31}, "training.batch_size was"),
    ],
)
def test_another_setting_is_refused_with_both_commands(other: dict[str, Any], said: str, tmp_path: Path) -> None:
    typed = "recur train a.csv --out runs/a"
    learn(settings(tmp_path, "classes", max_steps=2), out=tmp_path / "run", progress=False, command=typed)
    changed, now = settings(tmp_path, "classes", **other), f"{typed} --lr 0.5"
    with pytest.raises(RunError) as caught:
        learn(changed, out=tmp_path / "run", progress=False, command=now)
    assert said in caught.value.message
    assert f"to resume: {typed};" in (caught.value.hint or "")
    assert f"for a new run: recur train a.csv --lr 0.5 --out {tmp_path / 'run-2'};" in (caught.value.hint or "")
