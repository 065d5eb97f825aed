"""No file of the package imports itself by way of others."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from tests.house.tree import MODULES, PACKAGE, imported_names, module, room


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """The files of our own that a file imports, also within functions and for types alone."""
    found = set()
    for _, name in imported_names(path):
        while name and name not in known:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", module(path)}


def circles(imports: dict[str, set[str]]) -> set[str]:
    """The files that import themselves by way of others."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for name in imports.get(waiting.pop(), set()) - found:
                found.add(name)
                waiting.append(name)
        return found

    return {name for name in imports if name in reached(name)}


@functools.cache
def files_in_circles() -> frozenset[str]:
    """The files of the package that import themselves by way of others."""
    known = {module(path) for path in MODULES}
    imports = {module(path): imported_modules(path, known) for path in MODULES if path != PACKAGE / "__init__.py"}
    return frozenset(circles(imports))


@pytest.mark.parametrize("name", sorted({room(path) for path in MODULES} - {"__init__"}))
def test_no_files_import_each_other_in_a_circle(name: str) -> None:
    assert not sorted(one for one in files_in_circles() if [*one.split("."), ""][1] == name)


def test_a_circle_of_files_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"b"}}) == {"b", "c"}
