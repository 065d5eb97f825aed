"""A finished run that is asked for again keeps what it wrote."""

from __future__ import annotations

from pathlib import Path

from recur.config import Config
from recur.training import learn


def test_the_figures_of_a_finished_run_stay_when_it_is_asked_for_again(tmp_path: Path) -> None:
    rows = "".join(f"{word} film,{label}\n" for word, label in [("fine", "good"), ("dull", "bad")] * 6)
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    train, dev, test = (str(tmp_path / f"{part}.csv") for part in ("train", "dev", "test"))
    config = Config.of(source=train, dev=dev, test=test, hidden_size=4, epochs=1, batch_size=4)
    first = learn(config, out=tmp_path / "run", progress=False).metrics
    written = (tmp_path / "run" / "metrics.json").read_text(encoding="utf-8")
    assert first["test"] is not None
    again = learn(config, out=tmp_path / "run", progress=False).metrics
    assert again == first
    assert (tmp_path / "run" / "metrics.json").read_text(encoding="utf-8") == written
