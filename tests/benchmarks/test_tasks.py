"""The published tasks: every shipped file is valid, and one task made here runs, is resumed, and gets into the page."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from benchmarks.tasks import FOLDER, PAGE, RESULTS, results, runner
from benchmarks.tasks.__main__ import main
from benchmarks.tasks.task import every, read

from recur import config_file
from recur.errors import ConfigError
from recur.training import Paused, Silent
from recur.training.progress import Evaluation

SHIPPED = sorted(FOLDER.glob("*.toml"))

TINY = """
[task]
title = "Good or bad, in two words"
mode = "many-to-one"
data = "made here, 120/30/40 rows"
prepare = "tests.benchmarks.task_functions:prepare"
needs_data = false
figure = "accuracy"
target = 0.9
better = "higher"
published = "none: made for the test"
report = "tests.benchmarks.task_functions:report"
tried = "nothing | yet"
minutes = 0.1

[data]
source = "{out}/train.csv"
dev = "{out}/dev.csv"
test = "{out}/test.csv"

[model]
mode = "many-to-one"
hidden_size = 12

[training]
epochs = 6

[training.optimizer]
lr = 0.02
"""


@pytest.mark.parametrize("key", ["prepare", "report"])
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_task_is_valid(file: Path, key: str) -> None:
    task = read(file)
    config = task.config(Path("sets"), Path("rows"))
    assert config.data.source is not None
    assert "{" not in f"{config.data.source}{config.data.dev}{config.data.test}"
    assert config.model.mode in (None, task.about.mode)
    assert getattr(task.about, key) is None or task.function(key) is not None


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_what_was_not_looked_up_is_marked_and_nothing_was_tried_on_test_rows(file: Path) -> None:
    about = read(file).about
    if "from memory" in about.published or "not checked" in about.published:
        assert about.published.endswith(("(from memory, not checked)", "(as collected, not checked)"))
    assert "on test" not in (about.tried or "")


def test_the_page_shows_what_is_stored() -> None:
    assert PAGE.read_text(encoding="utf-8") == results.page(every(FOLDER), results.stored(RESULTS))


def test_every_stored_result_belongs_to_its_task() -> None:
    tasks = every(FOLDER)
    for name, result in results.stored(RESULTS).items():
        assert result["task"] == name
        measured = config_file.from_mapping(result["config"])
        asked = config_file.from_mapping(tasks[name].settings)
        assert measured == asked, f"{name} was measured with another configuration"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one task file."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "tiny.toml").write_text(TINY, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> int:
    out = [] if "--out" in words else ["--out", str(folder / "out")]
    return main(
        [*words, *out], tasks=folder / "tasks", kept=folder / "results", page=folder / "results.md"
    )  # fmt: skip


def test_a_task_runs_from_nothing_to_the_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "tiny") == 0
    said = capsys.readouterr()
    assert "target ≥ 90.0 % met" in said.out
    result = json.loads((folder / "results" / "tiny.json").read_text())
    assert result["value"] == result["test"]["accuracy"] >= 0.9
    assert result["part"] == "test"
    assert result["dev"]["rows"] == 30
    assert 0 < result["report"]["share_of_good"] < 1
    assert result["parameters"] > 100
    page = (folder / "results.md").read_text(encoding="utf-8")
    assert "## many-to-one" in page
    assert "## synced" not in page
    assert "**100.0 %**" in page
    assert "make task NAME=tiny" in page
    assert ",good\n" in page  # the list that the report gave
    assert "files tiny/data/test.csv" in page
    assert str(folder) not in page
    assert f"good  {round(40 * result['report']['share_of_good'])}\n" in page
    assert "what was tried" in page
    assert "nothing | yet" not in page  # the target is met


def test_what_is_finished_is_not_run_again_unless_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "tiny") == 0
    first = (folder / "out" / "tiny" / "run" / "model.safetensors").stat()
    capsys.readouterr()
    assert run(folder) == 0
    assert "finished before" in capsys.readouterr().err
    assert (folder / "out" / "tiny" / "run" / "model.safetensors").stat().st_mtime_ns == first.st_mtime_ns
    assert run(folder, "--measure") == 0
    assert (folder / "out" / "tiny" / "run" / "model.safetensors").stat().st_mtime_ns == first.st_mtime_ns
    assert run(folder, "--again") == 0
    assert (folder / "out" / "tiny" / "run" / "model.safetensors").stat().st_mtime_ns != first.st_mtime_ns


def test_a_changed_configuration_is_trained_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "tiny") == 0
    text = TINY.replace("epochs = 6", "epochs = 1").replace("target = 0.9", "target = 1.1")
    (folder / "tasks" / "tiny.toml").write_text(text, encoding="utf-8")
    assert run(folder, "tiny") == 0
    said = capsys.readouterr()
    assert "so it starts again" in said.err
    assert "missed" in said.out
    page = (folder / "results.md").read_text(encoding="utf-8")
    assert "(missed)" in page
    assert "* missed: nothing | yet" in page


class Interrupting(Silent):
    """Presses Ctrl-C after the second epoch."""

    def evaluated(self, evaluation: Evaluation) -> None:
        if evaluation.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_stopped_task_goes_on(folder: Path) -> None:
    task = read(folder / "tasks" / "tiny.toml")
    with pytest.raises(Paused, match="in epoch 3"):
        runner.measure(task, folder / "out", None, progress=Interrupting())
    assert not (folder / "out" / "tiny" / "result.json").exists()
    heard: list[str] = []
    result = runner.measure(task, folder / "out", None, say=heard.append, progress=False)
    assert not any("preparing" in text for text in heard)
    whole = runner.measure(task, folder / "apart", None, progress=False)
    same = ("value", "dev", "test", "steps", "parameters")
    assert {key: result[key] for key in same} == {key: whole[key] for key in same}


def test_rows_that_were_cut_short_are_prepared_again(folder: Path) -> None:
    half = folder / "out" / "tiny" / "data.part"
    half.mkdir(parents=True)
    (half / "train.csv").write_text("text,la", encoding="utf-8")
    task = read(folder / "tasks" / "tiny.toml")
    runner.measure(task, folder / "out", None, progress=False)
    assert not half.exists()
    assert (folder / "out" / "tiny" / "data" / "test.csv").is_file()


def test_one_failing_task_leaves_the_others_their_turn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = TINY.replace("task_functions:prepare", "task_functions:refuses")
    (folder / "tasks" / "broken.toml").write_text(broken, encoding="utf-8")
    assert run(folder) == 1
    said = capsys.readouterr()
    assert "have no file for this" in said.err
    assert "not measured: broken" in said.err
    assert "tiny: test accuracy" in said.out
    assert "not measured" in (folder / "results.md").read_text(encoding="utf-8")


def test_mistakes_are_sentences(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECUR_DATA", raising=False)
    assert run(folder, "tiyn") == 2
    assert 'Did you mean "tiny"?' in capsys.readouterr().err
    (folder / "tasks" / "tiny.toml").write_text(TINY.replace("needs_data = false", ""), encoding="utf-8")
    assert run(folder, "tiny") == 1
    assert "RECUR_DATA does not name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title =", "titel =", 'Did you mean "title"?'),
        ("[task]", "[tsak]", "has no table"),
        ("hidden_size = 12", "hiden_size = 12", 'Did you mean "hidden_size"?'),
        ('better = "higher"', 'better = "more"', "better"),
        ("epochs = 6", "epochs = ", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(folder: Path, old: str, new: str, said: str) -> None:
    file = folder / "tasks" / "tiny.toml"
    file.write_text(TINY.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match="tiny.toml") as caught:
        read(file)
    assert said in str(caught.value)


@pytest.mark.parametrize("named", ["nowhere:prepare", "tests.benchmarks.task_functions:nothing", "tests"])
def test_a_function_that_is_not_there_is_refused(folder: Path, named: str) -> None:
    file = folder / "tasks" / "tiny.toml"
    file.write_text(TINY.replace("tests.benchmarks.task_functions:prepare", named), encoding="utf-8")
    with pytest.raises(ConfigError, match="prepare"):
        read(file).function("prepare")


def test_a_figure_that_nobody_measures_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "tasks" / "tiny.toml"
    file.write_text(TINY.replace('figure = "accuracy"', 'figure = "acuracy"'), encoding="utf-8")
    assert run(folder, "tiny") == 1
    assert "there is no figure" in capsys.readouterr().err


def test_the_list_says_mode_and_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--list") == 0
    assert capsys.readouterr().out.split()[:4] == ["tiny", "many-to-one", "0.1", "min"]
    assert not (folder / "results.md").exists()


@pytest.mark.parametrize("stop", [Paused(Path("runs/x"), step=3, epoch=0), KeyboardInterrupt()])
def test_ctrl_c_ends_them_all_and_says_how_to_go_on(
    folder: Path, stop: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(runner, "measure", stopped)
    assert run(folder, "--again") == 130
    assert "hint: the same command resumes there, without --again" in capsys.readouterr().err
