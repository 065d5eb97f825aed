"""The card of a run: what it says can be typed."""

from __future__ import annotations

from pathlib import Path

from examples.files import reviews

import recur
from tests.cli.running import run


def test_the_card_says_commands_that_work(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    recur.fit(tmp_path / "a.csv", out=tmp_path / "run", max_steps=2, hidden_size=8, progress=False)
    card = (tmp_path / "run" / "README.md").read_text()
    assert f"recur predict {tmp_path / 'run'} --file FILE" in card
    for line in card.splitlines():
        if line.startswith(("recur predict", "recur evaluate")):
            outcome = run(*line.split()[1:-1], tmp_path / "a.csv")
            assert outcome.code == 0, outcome.err
