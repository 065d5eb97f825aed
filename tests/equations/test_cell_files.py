"""Equations of a Python file: executed only where it is named, and every error of it is a sentence with its line."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from recur import equations
from recur.config import Config
from recur.equations import equation, get, tanh
from recur.equations.cell_files import equation_of, equations_in, is_reference, own, with_cell
from recur.errors import ConfigError, EquationError

HEAD = "from recur import equation\nfrom recur.equations import *\n\n"
LEAKY = """@equation(x="X", h="H", W="H X", k="H")
def leaky(x, h, W, k):
    "Leaks."
    return tanh(W @ x + k * h)
"""


def written(folder: Path, text: str, name: str = "cell.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_its_equations_by_the_names_that_it_has_for_them(tmp_path: Path) -> None:
    text = f"{HEAD}from recur.equations.gru import gru\n{LEAKY}\nother = leaky\n_hidden = leaky\n"
    found = equations_in(written(tmp_path, text))
    assert {name: cell.name for name, cell in found.items()} == {"leaky": "leaky", "other": "other"}
    assert found["leaky"].summary == "Leaks."
    assert found["leaky"].text == "return tanh(W @ x + k * h)"
    assert found["other"].digest == found["leaky"].digest
    assert not (tmp_path / "__pycache__").exists()


def test_a_reference_names_one_equation(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + LEAKY)
    assert equation_of(f"{path}:leaky").name == equation_of(str(path)).name == "leaky"
    with pytest.raises(EquationError, match=r'has no equation leeky. Did you mean "leaky"') as caught:
        equation_of(f"{path}:leeky")
    assert caught.value.hint == f"one of {path}:leaky"
    two = written(tmp_path, f"{HEAD}{LEAKY}\nother = leaky\n", "two.py")
    with pytest.raises(EquationError, match="has 2 equations"):
        equation_of(str(two))
    assert [is_reference(one) for one in ("gru", "a.py", "a.py:b", "C:\\a.py:b", "a:b", "")] == [0, 1, 1, 1, 0, 0]


def test_a_file_may_import_its_neighbours_and_print_to_stderr_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "FACTOR = 0.5\n", "neighbour_of_a_cell.py")
    text = f"{HEAD}from neighbour_of_a_cell import FACTOR\nprint('hello')\n{LEAKY.replace('k * h', 'k * h * FACTOR')}"
    assert "leaky" in equations_in(written(tmp_path, text))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n")


def test_an_equation_of_a_file_is_not_unpickled_without_its_file(tmp_path: Path) -> None:
    cell = equation_of(str(written(tmp_path, HEAD + LEAKY)))
    with pytest.raises(EquationError, match="the equation leaky was defined in .*, which cannot be imported here"):
        pickle.loads(pickle.dumps(cell))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = (\n", r"cell.py, line 1: '\(' was never closed"),
        ("a = 1\nb = a / 0\n", r"cell.py, line 2: ZeroDivisionError: division by zero"),
        ("import no_such_module_at_all\n", r"cell.py, line 1: ModuleNotFoundError: No module named"),
        ("import sys\nsys.exit(3)\n", r"cell.py, line 2: the file ends the program"),
        ("a = 1\n", r"cell.py has no equation"),
        ("a = '\0'\n", r"cell.py.* null bytes"),
        (f"{HEAD}{LEAKY.replace('W @ x', 'W @ h')}", r"cell.py, line 4: leaky: W @ h: W is H x X and multiplies"),
        (f"{HEAD}{LEAKY.replace('tanh', 'tamh')}", r'cell.py, line 4: leaky: the name "tamh" is unknown'),
    ],
)
def test_an_error_of_the_file_is_a_sentence_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(EquationError, match=reason) as caught:
        equations_in(written(tmp_path, text))
    assert caught.value.hint


def test_what_is_no_file_of_python_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EquationError, match=r"cell.py is missing"):
        equations_in(tmp_path / "cell.py")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(EquationError, match=r"folder.py is a folder, expected a Python file"):
        equations_in(tmp_path / "folder.py")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EquationError, match=r"bytes.py"):
        equations_in(tmp_path / "bytes.py")


def test_an_equation_with_the_name_of_a_cell_of_the_library_is_refused() -> None:
    @equation(x="X", h="H", W="H X")
    def gru(x, h, W):
        return tanh(W @ x) + h

    with pytest.raises(EquationError, match="has the name of a cell of the library: gru") as caught:
        own(gru)
    assert caught.value.hint == "call the function by another name, such as my_gru"


def test_a_configuration_gets_the_cell_that_was_named(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + LEAKY)
    config = with_cell(Config(), f"{path}:leaky")
    assert (config.model.cell, config.model.equation.name) == ("leaky", "leaky")
    assert with_cell(Config(), get("gru")).model.cell == "gru"
    assert with_cell(config, "gru").model.equation is None
    assert with_cell(config, None).model.equation is config.model.equation
    assert config.replaced(hidden_size=[8]).model.equation is config.model.equation


def test_a_file_that_only_a_configuration_names_is_never_executed(tmp_path: Path) -> None:
    path = written(tmp_path, f"open({str(tmp_path / 'was_executed')!r}, 'w')\n{HEAD}{LEAKY}")
    with pytest.raises(ConfigError, match="as its cell, which would be executed") as caught:
        with_cell(Config.of(cell=f"{path}:leaky"), None)
    assert f"--cell {path}:leaky" in str(caught.value.hint)
    assert not (tmp_path / "was_executed").exists()


def test_no_cell_of_the_library_is_called_like_a_module_of_the_language() -> None:
    assert not {"document", "document_nodes", "cell_files", "traced"} & set(equations.names())
