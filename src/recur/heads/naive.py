"""Naive forecasts: the last value, or the last season, repeated.

persistence       every step ahead equals the last known one
seasonal naive    every step ahead is as one season before (two seasons, where that value is not known yet)
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recur.nn.graph_writer import INT64, GraphWriter

PERSISTENCE, SEASONAL = "persistence", "seasonal naive"


def naive_steps(own: Tensor, places: Tensor, horizon: int, season: int) -> Tensor:
    """Repeat the last season of a series.

    Parameters
    ----------
    own : Tensor
        (B, T, C), what was observed.
    places : Tensor
        (B, O) the last step that is known.
    horizon : int
        H.
    season : int
        Steps of a season; 1 repeats the last value, and so does a season that reaches back before the first step.

    Returns
    -------
    Tensor
        (B, O, H, C).
    """
    sources = places[:, :, None] - torch.from_numpy(_steps_back(horizon, season)).to(own.device)
    sources = torch.where(sources < 0, places[:, :, None], sources)
    rows = torch.arange(len(own), device=own.device)[:, None, None]
    return own[rows, sources]


def last_known(own: Tensor, truth: Tensor, starts: Tensor, *, filled: float | None) -> Tensor:
    """Replace values that were filled in by the last known value before them, for naive forecasts.

    Parameters
    ----------
    own : Tensor
        (B, T, C), what is read.
    truth : Tensor
        (B, M, C), NaN where a value is missing.
    starts : Tensor
        (B,) the step of ``own`` at which ``truth`` begins.
    filled : float or None
        What a missing value is replaced by, which marks those before ``truth``; None where it is an earlier value.
    """
    steps = torch.arange(own.shape[1], device=own.device)
    at = (steps - starts[:, None])[:, :, None].expand_as(own)
    covered = (at >= 0) & (at < truth.shape[1])
    present = ~truth.to(own.dtype).gather(1, at.clamp(0, max(0, truth.shape[1] - 1))).isnan()
    unfilled = ~own.isnan() if filled is None else own != filled
    known = torch.where(covered, present, unfilled)
    last = torch.where(known, steps[None, :, None], 0).cummax(dim=1).values
    return own.gather(1, last).nan_to_num()


def write_naive(graph: GraphWriter, own: str, last: str, horizon: int, season: int) -> str:
    """Write `naive_steps` (B, H, C) of the one last step (B, 1) of each row of ``own`` (B, T, C)."""
    sources = graph.add("Sub", last, graph.integers(*map(int, _steps_back(horizon, season))))
    sources = graph.add("Where", graph.add("Less", sources, graph.constant(0, INT64)), last, sources)
    return graph.add("GatherND", own, graph.add("Unsqueeze", sources, graph.integers(2)), batch_dims=1)


def _steps_back(horizon: int, season: int) -> np.ndarray:
    """Return how far before the last known step the source of each step ahead is, (H,)."""
    ahead = np.arange(1, horizon + 1)
    return season * ((ahead + season - 1) // season) - ahead
