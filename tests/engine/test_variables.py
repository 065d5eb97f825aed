"""Environment variables that are read in every call."""

from __future__ import annotations

import os

import pytest

from recur.engine import variables
from recur.engine.variables import BACKEND, Variable

NAME = "RECUR_TEST_OF_VARIABLES"


@pytest.mark.parametrize("direct", [True, False], ids=["the dictionary of os.environ", "os.environ itself"])
def test_a_value_is_seen_as_soon_as_it_changes(monkeypatch: pytest.MonkeyPatch, direct: bool) -> None:
    monkeypatch.setattr(variables, "_DIRECT", direct and variables._DIRECT)
    monkeypatch.delenv(NAME, raising=False)
    variable = Variable(NAME)
    assert (variable.is_set(), variable.get()) == (False, "")
    os.environ[NAME] = "eager"
    assert (variable.is_set(), variable.get()) == (True, "eager")
    os.environ[NAME] = ""
    assert (variable.is_set(), variable.get()) == (True, "")
    del os.environ[NAME]
    assert not variable.is_set()


def test_the_backend_is_chosen_by_its_variable() -> None:
    assert (BACKEND.name, variables.FILL_NAN.name) == ("RECUR_BACKEND", "RECUR_FILL_NAN")
