"""The examples: each is short, runs as it stands, and learns what it says."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from examples import files

FOLDER = Path(__file__).parent.parent / "examples"
LONGEST = 65
# what `main` returns, at least; an error at most
REACHES = {
    "one_to_one": 0.95, "one_to_many": 0.7, "many_to_one": 0.9, "many_to_many": 0.95, "synced": 0.95,
    "your_own_cell": -0.02, "amplifier": -0.04,
}  # fmt: skip

# a cell that was not built with the package is compiled here
pytestmark = pytest.mark.filterwarnings("ignore:compiled the cell")


def test_there_is_one_for_each_mode_for_an_own_cell_and_for_a_program_in_c() -> None:
    assert {file.stem for file in FOLDER.glob("*.py")} == {*REACHES, "files"}


@pytest.mark.parametrize("name", REACHES)
def test_an_example_is_short(name: str) -> None:
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) < LONGEST


@pytest.mark.parametrize("name", REACHES)
def test_an_example_learns_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "amplifier" and shutil.which("cc") is None:
        pytest.skip("no C compiler")
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    reached = module.main()
    assert (reached if REACHES[name] > 0 else -reached) >= REACHES[name]
    assert capsys.readouterr().out.strip(), "an example shows something"
    assert not list(tmp_path.iterdir()), "an example leaves nothing behind"


def test_the_files_of_the_guides_are_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text("my own", encoding="utf-8")
    written = files.main()
    assert set(written) == set(files.MAKERS) - {"reviews.csv"}
    assert {path.name for path in tmp_path.iterdir()} == set(files.MAKERS)
    assert (tmp_path / "reviews.csv").read_text(encoding="utf-8") == "my own"
    assert "reviews.csv is there already" in capsys.readouterr().out
    assert files.main() == []
