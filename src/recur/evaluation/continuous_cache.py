"""The continuous cache: recent words become more probable by hidden-state similarity.

    p_cache(w | h_1..t)  ~  sum over the last N steps i < t of 1[w = x_{i+1}] exp(theta h_t . h_i)
    p(w)                 =  (1 - lambda) p_model(w) + lambda p_cache(w)

where h_i is the hidden state before x_{i+1} is read. Nothing is learned: the cache is used at evaluation only.

Source: Grave, Joulin and Usunier 2017, Improving neural language models with a continuous cache, equations 3 to 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import data
from recur.config import Config
from recur.data import Example, Roles
from recur.errors import ConfigError, DataError
from recur.evaluation.text_feed import Tape
from recur.modes import Mode

THETAS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2)
LAMBDAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
_WINDOW = 128


@dataclass(frozen=True)
class Cache:
    """Size and weight of the cache.

    Attributes
    ----------
    size : int
        N, steps kept.
    theta : float
        Sharpness: 0 weighs all steps equally, a large value only the most similar.
    share : float
        lambda, of the cache in the mixture.
    """

    size: int
    theta: float
    share: float

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(f"a cache of {self.size} steps holds nothing", hint="--cache 2000")
        if not self.theta >= 0:
            raise ConfigError(f"cache_theta must be at least 0, got {self.theta}", hint="--cache-theta 0.3")
        if not 0 <= self.share < 1:
            raise ConfigError(f"cache_lambda is a share from 0 to 1, got {self.share}", hint="--cache-lambda 0.1")


@dataclass(frozen=True)
class Reading:
    """The probabilities of the symbols of a text, each but the first predicted.

    Attributes
    ----------
    model : ndarray
        (N,) log p of each symbol, of the network alone.
    cached : dict of float to ndarray
        theta to (N,) p of each symbol, of the cache alone; NaN for the first symbol, when the cache is empty.
    """

    model: np.ndarray
    cached: dict[float, np.ndarray]

    def loss(self, theta: float, share: float) -> float:
        """Return the mean of -log p in the mixture."""
        known = np.where(np.isnan(self.cached[theta]), np.exp(self.model), self.cached[theta])
        mixed = np.logaddexp(self.model + math.log1p(-share), np.log(np.maximum(share * known, 1e-300)))
        return float(-mixed.mean())

    def best(self, size: int, share: float | None = None) -> Cache:
        """Return the theta and, unless it is given, the lambda with which this text is likeliest."""
        shares = LAMBDAS if share is None else (share,)
        _, theta, best = min((self.loss(theta, one), theta, one) for theta in self.cached for one in shares)
        return Cache(size, theta, best)

    def metrics(self, cache: Cache) -> dict[str, float]:
        """Return loss and perplexity, with and without the cache."""
        loss = self.loss(cache.theta, cache.share)
        return {
            "loss": loss, "perplexity": math.exp(min(loss, 700.0)),
            "perplexity_without_cache": math.exp(min(float(-self.model.mean()), 700.0)),
            "cache": cache.size, "cache_theta": cache.theta, "cache_lambda": cache.share,
        }  # fmt: skip


def measure(
    mode: Mode,
    examples: Sequence[Example],
    config: Config,
    roles: Roles,
    size: int,
    *,
    theta: float | None = None,
    share: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Return metrics of a text with a cache of ``size`` steps; theta and lambda are chosen on the dev file if left out.

    Raises
    ------
    ConfigError
        When there is no dev file to choose on.
    """
    if theta is None or share is None:
        if config.data.dev is None:
            raise ConfigError(
                "there are no rows to choose the cache's theta and lambda on: the run has no dev file",
                hint="--cache-theta 0.3 --cache-lambda 0.1",
            )
        table = data.read_like(config.data.dev, roles, config)
        thetas = THETAS if theta is None else (theta,)
        best = read(mode, data.examples(table, roles, config), size, thetas, tell=tell).best(size, share)
        theta, share = best.theta, best.share
    cache = Cache(size, theta, share)
    return {**read(mode, examples, size, (theta,), tell=tell).metrics(cache), "rows": len(examples)}


def refuse_lone(**given: float | None) -> None:
    """Refuse options of a cache without a cache.

    Raises
    ------
    ConfigError
    """
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name} = {value} needs a cache", hint="--cache 2000")


@torch.no_grad()
def read(
    mode: Mode,
    examples: Sequence[Example],
    size: int,
    thetas: Sequence[float],
    *,
    tell: Callable[[float], None] | None = None,
) -> Reading:
    """Read a text from its beginning to its end, with a cache of ``size`` steps in addition to the network.

    Parameters
    ----------
    mode : Mode
        A language model of one long stream.
    examples : sequence of Example
        The text.
    size : int
        N.
    thetas : sequence of float
        The cache is read with each.
    tell : callable, optional
        Called with the share of the work that is done.

    Raises
    ------
    ConfigError
        When the model does not read one long stream of symbols.
    DataError
        When the text has fewer than two symbols.
    """
    network = mode.item_model
    if network is None or not network.stream or network.symbols is None:
        raise ConfigError(
            "a cache needs one long text, and this network reads separate rows",
            hint="train with --documents file",
        )
    tape = Tape(mode, examples)
    if len(tape) < 2:
        raise DataError("the text has nothing to predict: expected at least two symbols", hint="give a longer text")
    output = network.symbol_head()
    past = torch.zeros(0, network.stack.output_size, device=network.device)
    followed = torch.zeros(0, dtype=torch.long, device=network.device)
    state, total = None, len(tape) - 1
    model: list[np.ndarray] = []
    cached: dict[float, list[np.ndarray]] = {theta: [] for theta in thetas}
    with network.answering():
        for first in range(0, total, _WINDOW):
            if tell is not None:
                tell(first / total)
            ids = torch.from_numpy(tape.ids[first : first + _WINDOW + 1].astype(np.int64)).to(network.device)
            resets = tape.resets(np.array([first]), len(ids) - 1)
            begins = None if resets is None else resets.to(network.device)
            vectors, state = network.run(ids[None, :-1], state, resets=begins)
            now, targets = vectors[0], ids[1:]
            model.append(output.log_probs(now).gather(1, targets[:, None])[:, 0].double().cpu().numpy())
            keys, values = torch.cat([past, now]), torch.cat([followed, targets])
            for theta, part in zip(thetas, _read(now, keys, values, size, thetas), strict=True):
                cached[theta].append(part.double().cpu().numpy())
            past, followed = keys[-size:], values[-size:]
    return Reading(np.concatenate(model), {theta: np.concatenate(parts) for theta, parts in cached.items()})


def _read(now: Tensor, keys: Tensor, values: Tensor, size: int, thetas: Sequence[float]) -> list[Tensor]:
    """p_cache of each step's own symbol, for each theta: (T,) from h (T, H), keys (S + T, H) and values (S + T)."""
    steps, kept = len(now), len(keys) - len(now)
    # step t is at position kept + t, and its cache has the N steps before it
    place = torch.arange(len(keys), device=now.device)[None]
    own = kept + torch.arange(steps, device=now.device)[:, None]
    usable = (place < own) & (place >= own - size)
    similarity = (now @ keys.T).masked_fill(~usable, -torch.inf)
    right = values[None] == values[kept:, None]
    shares = []
    for theta in thetas:
        # 0 times minus infinity is not a number
        weights = similarity.mul(theta).masked_fill(~usable, -torch.inf).softmax(-1)
        shares.append(weights.masked_fill(~right, 0.0).sum(-1))
    return shares
