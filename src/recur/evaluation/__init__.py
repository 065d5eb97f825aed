"""Evaluation: figures of a trained network on rows that it did not learn from, and of the simplest guesses."""

from recur.evaluation.evaluate import evaluate

__all__ = ["evaluate"]
