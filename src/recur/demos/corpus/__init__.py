"""The last-word corpus: generated from a real vocabulary, so that held-out lines are new."""

from __future__ import annotations

from recur.demos.corpus.build import TEST_DISTANCES, TRAIN_DISTANCES, Corpus, Line, build
from recur.demos.corpus.facts import LANGUAGES, NEAR_FACTS

__all__ = ["LANGUAGES", "NEAR_FACTS", "TEST_DISTANCES", "TRAIN_DISTANCES", "Corpus", "Line", "build"]
