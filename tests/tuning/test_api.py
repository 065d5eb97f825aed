"""``recur.tune`` in Python: options as in `recur.fit`, values of a search by name."""

from __future__ import annotations

from pathlib import Path

import pytest

import recur
from recur.errors import ConfigError
from tests.tuning.studies import ROWS, TINY


def test_values_are_given_as_a_range_as_choices_or_by_the_description(tmp_path: Path) -> None:
    found = recur.tune(
        ROWS, out=tmp_path / "study", trials=2, repeats=0, progress=False, max_steps=2,
        search={"hidden_size": [4, 5], "lr": (1e-3, 1e-2), "cell": None}, epochs=1, device="cpu", threads=1,
    )  # fmt: skip
    assert found.facts["options"] == ["hidden_size", "lr", "cell"]
    for row in found.trials:
        assert row["values"]["hidden_size"] in (4, 5)
        assert 1e-3 <= row["values"]["lr"] <= 1e-2
        assert row["values"]["cell"] in ("lstm", "gru", "elman")
    assert found.run is not None
    assert recur.load(found.run).predict("a fine film").value in ("good", "bad")


def test_an_unknown_option_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hidden_size"):
        recur.tune(ROWS, out=tmp_path / "study", hiden_size=3, **TINY)  # type: ignore[call-arg]  # a word written wrongly is the test
    assert not (tmp_path / "study").exists()
