"""Continuation: what a model of the next item does with a prompt, and the answers of every mode."""

from recur.continuation.answer import complete, generate, predict, samples, whole
from recur.continuation.last_word import LastWordScores, candidates, last_word_scores
from recur.continuation.word_search import Candidate

__all__ = [
    "Candidate", "LastWordScores", "candidates", "complete", "generate", "last_word_scores", "predict", "samples",
    "whole",
]  # fmt: skip
