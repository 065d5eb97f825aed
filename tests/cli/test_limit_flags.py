"""Every limit of the server has a flag, and its help says the default."""

from __future__ import annotations

from dataclasses import fields

import pytest

pytest.importorskip("fastapi")
from recur.cli.limit_flags import LimitFlags
from recur.serve import Limits


def test_every_limit_has_a_flag_with_its_default() -> None:
    assert {one.name for one in fields(LimitFlags)} == {one.name for one in fields(Limits)}
    lines = [line.strip() for line in str(LimitFlags.__doc__).splitlines()]
    for one in fields(Limits):
        about = lines[lines.index(one.name) + 1]
        default = f"{one.default:,}".removesuffix(".0")
        assert f"({default}" in about, f"{one.name}: {about}"


def test_only_the_limits_that_are_given_are_set() -> None:
    assert LimitFlags(sessions=3, idle=0.5).given() == {"sessions": 3, "idle": 0.5}
