"""The name of the distribution, its extras, and what the sources tell people to install."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FOR_DEVELOPERS = {"dev", "docs"}
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guides").glob("*.md")]
SOURCES = [*(ROOT / "src").rglob("*.py"), *PAGES]


def named_extras(text: str) -> set[str]:
    """The extras that a text tells people to install, by command or by the error of an import that fails."""
    listed = re.findall(rf"{PROJECT['name']}\[([a-z,]+)\]", text)
    required = re.findall(r"require\(\s*\"[\w.]+\",\s*\"(\w+)\"", text)
    return {extra for group in listed for extra in group.split(",")} | set(required)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_extra_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert named_extras(text) <= set(PROJECT["optional-dependencies"])
    assert not re.search(r"pip install \"?recur(\[|\"|\s|$)", text), "recur is another project on the index"


def test_every_extra_is_asked_for_somewhere() -> None:
    asked = {extra for path in SOURCES for extra in named_extras(path.read_text(encoding="utf-8"))}
    assert set(PROJECT["optional-dependencies"]) - FOR_DEVELOPERS == asked


def test_an_extra_in_a_command_and_in_a_required_import_is_found() -> None:
    assert named_extras('pip install "recur-nn[plot,onnx]"; require("symusic", "music")') == {"plot", "onnx", "music"}


def test_an_extra_of_an_extra_names_this_distribution() -> None:
    own = [each for extra in PROJECT["optional-dependencies"].values() for each in extra if each.startswith("recur")]
    assert own
    assert all(each.startswith(f"{PROJECT['name']}[") for each in own)
