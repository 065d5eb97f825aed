"""Continuation: what a model of the next item can do with a prompt."""

from recur.continuation.last_word import LastWordScores, candidates, last_word_scores
from recur.continuation.word_search import Candidate

__all__ = ["Candidate", "LastWordScores", "candidates", "last_word_scores"]
