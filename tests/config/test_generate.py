"""The typed keywords of `recur.fit` are those of the schema."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Unpack

import pytest

import recur
from recur.config import FitOptions, Options, generate, options

# mypy's answers on a few calls; those in comments are what it refuses
CALLS = """
from typing import Unpack
from keywords import FitOptions
def fit(data: object, mode: str | None = None, **options: Unpack[FitOptions]) -> None: ...
fit("a.csv", epochs=3, hidden_size=[8, 4], image_size=28)
fit("a.csv", "synced", optimizer="sgd", quantiles=(0.1, 0.5, 0.9))
fit("a.csv", hiden_size=3)  # Unexpected keyword argument "hiden_size"
fit("a.csv", epochs="three")  # incompatible type "str"; expected "int"
fit("a.csv", optimizer="sdg")  # incompatible type "Literal['sdg']"
"""


def test_the_keywords_are_up_to_date() -> None:
    assert generate.FILE.read_text(encoding="utf-8") == generate.keywords(), "run python -m recur.config.generate"


def test_every_option_is_a_keyword_of_fit() -> None:
    assert set(Options.__annotations__) == set(options())
    own = inspect.signature(recur.fit).parameters
    assert own["options"].annotation in (Unpack[FitOptions], "Unpack[FitOptions]")
    assert set(FitOptions.__annotations__) | set(generate.OWN) == set(options())
    assert not set(FitOptions.__annotations__) & set(own)


def test_a_type_checker_knows_every_option(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "calls.py").write_text(CALLS, encoding="utf-8")
    (tmp_path / "keywords.py").write_text(generate.keywords(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "calls.py"],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    wrong = {number: line.partition("  # ")[2] for number, line in enumerate(CALLS.splitlines(), 1) if "  # " in line}
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(found) == len(wrong), done.stdout
    for (number, words), line in zip(wrong.items(), found, strict=True):
        assert f"calls.py:{number}: error" in line
        assert words in line
