"""Trackers of experiments: the points of log.jsonl in TensorBoard, MLflow, Weights & Biases or trackio."""

from __future__ import annotations

from recur.tracking.tracked import NAMES, Tracked, Tracker, check_names

__all__ = ["NAMES", "Tracked", "Tracker", "check_names"]
