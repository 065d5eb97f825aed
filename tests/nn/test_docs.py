"""Every example in the docstrings of recur.nn runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import recur.nn

MODULES = [module.name for module in pkgutil.iter_modules(recur.nn.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name) -> None:
    failed, _ = doctest.testmod(importlib.import_module(f"recur.nn.{name}"))
    assert failed == 0
