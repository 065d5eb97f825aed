"""Published tasks on real data: each is one TOML file here, and one command measures it and writes it into one table.

A file has a table ``[task]`` (the metric, its target and published results) and below it the configuration that
``recur train`` takes. There is no training code here: beyond its file, a task has at most a function that
writes its rows (``prepare``) and one that computes further metrics of its run (``report``).
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import ROOT

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parent / "results"
PAGE = ROOT / "docs" / "results.md"
