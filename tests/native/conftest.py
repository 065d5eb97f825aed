"""Processors that the C++ programs run on: this one, and ARM's under an emulator where its tools are installed."""

from __future__ import annotations

import pytest

from tests.native.programs import AARCH64, HERE_ITSELF, Machine


@pytest.fixture(params=[HERE_ITSELF, AARCH64], ids=lambda machine: machine.name.replace(" ", "-"))
def machine(request: pytest.FixtureRequest) -> Machine:
    """A processor whose compiler, and emulator, are here."""
    chosen: Machine = request.param
    chosen.require()
    return chosen
