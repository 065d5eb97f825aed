"""The recipes for microcontrollers: small networks in 8 bits, on this machine and on an emulated Cortex-M."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

FOLDER = ROOT / "examples" / "microcontroller"
# its data, and by how much its accuracy exceeds that of the most frequent answer, at least
RECIPES = {"spoken_keyword": ("fsdd/recordings", 0.1), "gesture": ("gesture_phase", 0.15)}
MACHINES = {"this machine": False, "arm-cortex-m4": True}


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The examples import a file beside them."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("device", *RECIPES):
        sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore:compiled the cell")
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_learns_and_answers_on_the_device(
    name: str, machine: str, capsys: pytest.CaptureFixture[str], data_folder: Path
) -> None:
    emulate, (data, margin) = MACHINES[machine], RECIPES[name]
    if emulate and not os.environ.get("RECUR_ARM"):
        pytest.skip("make arm")
    if emulate and importlib.import_module("device").emulator() is None:
        pytest.skip("no arm-none-eabi-gcc or no qemu-arm")
    if not (data_folder / data).is_dir():
        pytest.skip(f"no {data} in RECUR_DATA")
    right, majority = importlib.import_module(name).main(data_folder / data, emulate=emulate)
    assert right >= majority + margin
    assert "bytes of constants (flash)" in capsys.readouterr().out
