"""Evaluation: metrics of a trained network on a hold-out set, and of the baselines."""

from recur.evaluation.evaluate import evaluate

__all__ = ["evaluate"]
