"""Numbers as people write them, from the first look at a file to the answers of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

import recur
from recur.config import Config
from recur.config_file import from_options
from recur.training.check import check
from tests.cli.running import run

TINY = {"hidden_size": 4, "cell": "elman", "bptt": 8, "max_steps": 1, "device": "cpu", "progress": False}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles")
    rows = [f"{day:02}.01.2024;{290 + day % 7},{day % 10}\n" for day in range(1, 29)]
    (folder / "load.csv").write_text("Datum;Last\n" + "".join(rows))
    recur.fit(folder / "load.csv", input="Last", out=folder / "run", **TINY)
    return folder


def test_typed_numbers_are_read_in_the_style_of_the_run(place: Path) -> None:
    model = recur.load(place / "run")
    expected = model.predict([291.5, 293.5, 295.5]).value
    outcome = run("predict", place / "run", "291,5 293,5 295,5")
    assert outcome.code == 0, outcome.err
    assert float(outcome.out.splitlines()[-1].split(",")[-1]) == expected[0]
    assert model.predict("291,5 293,5 295,5").value == expected


def test_typed_numbers_of_another_style_are_refused(place: Path) -> None:
    outcome = run("predict", place / "run", "291.5 293.5")
    assert outcome.code == 2
    assert '"291.5" is written in another style than its column, whose numbers have a decimal comma' in outcome.err


def test_a_later_file_is_read_in_the_style_of_the_run(place: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.csv"
    later.write_text("Datum;Last\n01.02.2024;291,5\n02.02.2024;293,5\n03.02.2024;295,5\n")
    outcome = run("predict", place / "run", "--file", later)
    assert outcome.code == 0, outcome.err
    assert (
        float(outcome.out.splitlines()[-1].split(",")[-1])
        == recur.load(place / "run").predict([291.5, 293.5, 295.5]).value[0]
    )
    piped = run("predict", place / "run", "-", stdin=later.read_text())
    assert piped.out == outcome.out
    later.write_text("Datum;Last\n01.02.2024;291.5\n02.02.2024;293.5\n")
    outcome = run("predict", place / "run", "--file", later)
    assert outcome.code == 2
    assert 'later.csv:2: column "Last": "291.5" is written in another style' in outcome.err


def test_the_style_is_said_by_check_and_on_the_card(place: Path) -> None:
    said = 'Last: decimal comma: "291,1" is 291.1'
    assert said in str(check(from_options({"source": str(place / "load.csv"), "input": ["Last"]}, Config())))
    assert said in (place / "run" / "README.md").read_text()


def test_the_style_can_be_set_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("day;units\n" + "".join(f"{day};1.00{day % 10}\n" for day in range(1, 30)))
    refused = run("check", path, "--input", "units")
    assert refused.code == 2
    assert 'column "units": "1.001" may be 1.001 or 1001' in refused.err
    assert "--decimal" in refused.err
    thousands = run("check", path, "--input", "units", "--decimal", ",")
    assert "decimal comma, thousands point" in thousands.out
    assert "(units 1.00" in run("check", path, "--input", "units", "--decimal", ".").out
