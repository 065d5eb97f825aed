"""The equation in a run folder: data that is checked, beside weights that fit it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.files import reviews

import recur
from recur import equation
from recur.equations import Equation, fixed, get, tanh
from recur.equations.document import checksum
from recur.errors import EquationError, RunError
from recur.run import open_run
from recur.run.layout import CELL


def turning(factor: float = 1.0) -> Equation:
    """A cell with a fixed matrix."""

    @equation(x="X", h="H", W="H X", A=fixed("H H", lambda H: factor * np.roll(np.eye(H), 1, axis=0)))
    def turned(x, h, W, A):
        """Turns its state."""
        return tanh(W @ x + A @ h)

    return turned


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    reviews(path)
    return path


@pytest.fixture(scope="module")
def trained(rows: Path) -> Path:
    """A run of a cell that is defined in a function of this file, so that nobody can import it."""
    folder = rows.parent / "run"
    recur.fit(rows, cell=turning(), out=folder, epochs=1, hidden_size=6, num_layers=2, progress=False)
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def sealed_again(run: Path, **changes: Any) -> None:
    """Change the stored equation, its checksum and its hash in run.json."""
    from recur.run.folder import RunFolder

    document = json.loads((run / CELL).read_text(encoding="utf-8")) | changes
    content = (json.dumps(document | {"sha256": checksum(document)}) + "\n").encode()
    folder = RunFolder(run)
    folder.load()
    folder._replace({CELL: content}, {})


def test_a_run_opens_with_the_equation_and_answers_as_before(rows: Path, run: Path) -> None:
    fresh = recur.fit(rows, cell=turning(), epochs=1, hidden_size=6, num_layers=2, progress=False)
    opened = recur.load(run)
    cell = opened.config.model.equation
    assert cell.function is None
    assert cell.digest == turning().digest
    texts = ["a fine film", "what a dull film"]
    assert [one.scores for one in opened.predict(texts)] == [one.scores for one in fresh.predict(texts)]


def test_a_model_that_was_loaded_is_saved_with_its_equation(run: Path, tmp_path: Path) -> None:
    recur.load(run).save(tmp_path / "again")
    assert (tmp_path / "again" / CELL).read_bytes() == (run / CELL).read_bytes()
    assert recur.load(tmp_path / "again").predict("a fine film").scores == recur.load(run).predict("a fine film").scores


def test_a_cell_of_the_library_leaves_no_document(rows: Path, tmp_path: Path) -> None:
    recur.fit(rows, cell=get("gru"), out=tmp_path / "run", epochs=1, hidden_size=4, progress=False)
    assert not (tmp_path / "run" / CELL).exists()
    assert open_run(tmp_path / "run").config.model.cell == "gru"


def test_a_fixed_matrix_of_other_values_is_another_equation(rows: Path, run: Path) -> None:
    options: dict[str, Any] = {"hidden_size": 6, "num_layers": 2, "progress": False, "out": run}
    recur.fit(rows, cell=turning(), epochs=2, **options)
    with pytest.raises(RunError, match="the equation of the cell turned was another"):
        recur.fit(rows, cell=turning(0.5), epochs=3, **options)


def test_an_altered_missing_or_crafted_document_is_refused(run: Path) -> None:
    content = (run / CELL).read_bytes()
    (run / CELL).write_bytes(content.replace(b'"H"', b'"X"', 1))
    with pytest.raises(RunError, match=r"cell.json was altered after training"):
        recur.load(run)
    (run / CELL).unlink()
    with pytest.raises(RunError, match=r"is incomplete: cell.json is missing"):
        recur.load(run)
    (run / CELL).write_bytes(content)
    sealed_again(run, digest="0" * 64)
    with pytest.raises(RunError, match="its graph is not the one that was traced"):
        recur.load(run)


def test_a_document_of_another_cell_is_refused(run: Path) -> None:
    sealed_again(run, name="other")
    with pytest.raises(RunError, match=r"cell.json has the cell other, and its configuration names turned"):
        recur.load(run)


def test_a_configuration_that_names_a_file_executes_nothing_when_a_run_is_opened(run: Path, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'was_executed')!r}, 'w')", encoding="utf-8")
    config = (run / "config.toml").read_text(encoding="utf-8")
    (run / "config.toml").write_text(
        config.replace('cell = "turned"', f'cell = "{tmp_path / "evil.py"}:leaky"'), encoding="utf-8"
    )
    with pytest.raises(RunError, match="was altered after training: model.cell"):
        recur.load(run)
    assert not (tmp_path / "was_executed").exists()


def test_an_equation_with_the_name_of_a_cell_of_the_library_is_refused_before_training(
    rows: Path, tmp_path: Path
) -> None:
    @equation(x="X", h="H", W="H X")
    def lstm(x, h, W):
        return tanh(W @ x) + h

    with pytest.raises(EquationError, match="has the name of a cell of the library: lstm"):
        recur.fit(rows, cell=lstm, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()
