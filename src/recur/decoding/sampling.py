"""Choice of the next symbol: greedy, or sampled with temperature, top-k and top-p.

    greedy      y_t = argmax p(y | y_{<t})
    sampling    y_t ~ p(y | y_{<t})^(1/temperature), from the top k symbols or the smallest set of mass top p

Source: Holtzman et al. 2020 (top p).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Chooser = Callable[[Tensor], Tensor]  # (B, V) log probabilities -> (B,) ids


def greedy(log_probs: Tensor) -> Tensor:
    """Choose the likeliest symbol of each row: (B, V) -> (B,)."""
    return log_probs.argmax(dim=-1)


def sampler(temperature: float, top_k: int | None, top_p: float | None, generator: torch.Generator) -> Chooser:
    """Return a rule that draws from the tempered, truncated distribution.

    The draw is made on the CPU, so that a seed gives the same text on every device.
    """

    def choose(log_probs: Tensor) -> Tensor:
        probs, order = narrowed(log_probs, temperature, top_k, top_p)
        drawn = torch.multinomial(probs, 1, generator=generator)
        return order.gather(1, drawn)[:, 0].to(log_probs.device)

    return choose


def narrowed(
    log_probs: Tensor, temperature: float, top_k: int | None = None, top_p: float | None = None
) -> tuple[Tensor, Tensor]:
    """Return the tempered, truncated distribution that is drawn from, on the CPU.

    Parameters
    ----------
    log_probs : Tensor
        (B, V).
    temperature, top_k, top_p
        As in `Decoding`; the temperature is above 0.

    Returns
    -------
    probs : Tensor
        (B, V), the likeliest first, 0 for what is cut off; not normalised.
    order : Tensor
        (B, V), the symbol of each.
    """
    likely = log_probs.detach().float().cpu()
    # relative to the maximum, so that a low temperature does not overflow; below the smallest float it is that float
    scaled = (likely - likely.max(dim=-1, keepdim=True).values) / max(temperature, torch.finfo(likely.dtype).tiny)
    ordered, order = scaled.sort(dim=-1, descending=True, stable=True)
    probs = torch.softmax(ordered, dim=-1)
    if top_k is not None:
        probs[:, top_k:] = 0
    if top_p is not None:
        # a symbol stays while the mass before it is below top_p: the first always stays, also when top_p rounds to 0
        probs = probs / probs.sum(-1, keepdim=True)
        beyond = probs.cumsum(-1) - probs >= top_p
        beyond[:, 0] = False
        probs = probs.masked_fill(beyond, 0)
    return probs, order
