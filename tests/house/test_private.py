"""Private names stay in their file: attributes of other objects, and those of torch."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import MODULES, PACKAGE, relative

# public in spite of their names: of named tuples, and of os
PUBLIC = frozenset({"_replace", "_asdict", "_fields", "_exit"})


def foreign_private_attributes(text: str) -> list[tuple[int, str]]:
    """Line and code of every ``other._x`` where no class of this text has an attribute ``_x``."""
    tree = ast.parse(text)
    own: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            own.add(node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            own.add(node.target.id)
    return [
        (node.lineno, ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in own | PUBLIC
    ]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_file_reads_a_private_attribute_of_another_files_object(path: Path) -> None:
    assert not foreign_private_attributes(path.read_text(encoding="utf-8"))


def test_a_private_attribute_of_another_files_object_is_found() -> None:
    own = "class A:\n    def __init__(self, other):\n        self._x = other._x\n"
    assert foreign_private_attributes(own) == []
    assert foreign_private_attributes("layer._weights[0]._replace(a=1)\nprint(x.__name__)") == [(1, "layer._weights")]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_private_names_of_torch_are_in_one_file(path: Path) -> None:
    private = re.compile(r"\btorch\.(?:\w+\.)*_(?!_)\w+")
    if path != PACKAGE / "engine" / "torch_state.py":
        assert not private.findall(path.read_text(encoding="utf-8"))
