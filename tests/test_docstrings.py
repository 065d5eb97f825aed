"""The docstrings of public names: every example runs, and every parameter of a function is described."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src"
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(ROOT.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
PUBLIC = ("recur", "recur.inspect", "recur.export", "recur.serve")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_of_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # what doctest prints to has no encoding, which drawings take for a terminal of ASCII alone
    monkeypatch.setattr(doctest._SpoofOut, "encoding", "utf-8")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


FUNCTIONS = [
    (module, name)
    for module in PUBLIC
    for name in importlib.import_module(module).__all__
    if inspect.isfunction(getattr(importlib.import_module(module), name))
]


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_every_parameter_of_a_public_function_is_described(module: str, name: str) -> None:
    function = getattr(importlib.import_module(module), name)
    described = inspect.getdoc(function) or ""
    parameters = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.POSITIONAL_ONLY]
    missing = [parameter for parameter in parameters if parameter not in described]
    assert not missing


def test_no_section_is_one_that_numpydoc_does_not_know() -> None:
    found = [path for path in ROOT.rglob("*.py") if "Example\n    -------\n" in path.read_text(encoding="utf-8")]
    assert not found
