"""From distributions over the next symbol to sequences: greedy, sampling and beam search.

    greedy      y_t = argmax p(y | y_{<t})
    sampling    y_t ~ p(y | y_{<t})^(1/temperature), from the top k symbols or the smallest set of mass top p
    beam        the W best beginnings are kept at every step; score = log p(y) / length_penalty(|y|)

One code for language models, for one-to-many and for many-to-many: a model only has to say how one step goes
(`Stepper`). Everything is batched over B rows.

Sources: Holtzman et al. 2020 (top p); Wu et al. 2016, section 7 (length normalisation).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from recur.errors import ConfigError, did_you_mean
from recur.modes.mode import check_top

Chooser = Callable[[Tensor], Tensor]  # (B, V) log probabilities -> (B,) ids


class Stepper(Protocol):
    """What can be decoded: a model that reads one symbol a row and says what follows."""

    def step(self, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Read ids (B,); return log probabilities (B, V) of the next symbol, and the state after."""

    def select(self, state: Any, rows: Tensor) -> Any:
        """Return the state of the given rows (N,), which may repeat."""


@dataclass(frozen=True)
class Decoding:
    """How to decode.

    Attributes
    ----------
    beam : int
        Width of the beam; 1 is greedy (or sampling, with a temperature).
    length : int, optional
        Most symbols to produce; None leaves it to the mode.
    temperature : float
        0 is greedy; 1 samples from the model's own distribution; lower is safer.
    top_k, top_p : int, float, optional
        Sample only from the k likeliest symbols, or from the smallest set whose probability reaches p; with a
        temperature only.
    seed : int, optional
        Seed of the sampling; the same seed gives the same symbols on every device.
    length_penalty : float
        Strength of the length normalisation of the beam; 0 compares plain probabilities.
    unknown : bool
        Whether the symbol for unknown words may be produced.
    """

    beam: int = 1
    length: int | None = None
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    length_penalty: float = 0.6
    unknown: bool = False

    def __post_init__(self) -> None:
        lowest = {"beam": 1, "length": 0, "temperature": 0, "top_k": 1, "length_penalty": 0}
        for name, low in lowest.items():
            value = getattr(self, name)
            if value is not None and not value >= low:
                raise ConfigError(f"{name} must be at least {low}, got {value}", hint=f"{name}={max(low, 1)}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p must be above 0 and at most 1, got {self.top_p}", hint="top_p=0.9")
        for name in ("top_k", "top_p"):
            if getattr(self, name) is not None and self.temperature == 0:
                raise ConfigError(
                    f"{name} {getattr(self, name)} narrows what is sampled, and with a temperature of 0 nothing is: "
                    "the likeliest symbol is taken",
                    hint=f"temperature=1.0, or leave out {name}",
                )
        if self.beam > 1 and self.temperature > 0:
            raise ConfigError(
                f"beam search ({self.beam}) and sampling (temperature {self.temperature}) exclude each other",
                hint="leave out beam or temperature",
            )

    @classmethod
    def of(cls, options: dict[str, Any], *, top: int = 1) -> Decoding:
        """Build from keyword options; the beam, without sampling, is at least as wide as the answers asked for.

        Raises
        ------
        ConfigError
            For an option that does not exist, with the nearest one that does; for no answer at all.
        """
        check_top(top)
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise ConfigError(f'there is no decoding option "{name}".{did_you_mean(name, known)}')
        decoding = cls(**options)
        if top > decoding.beam and decoding.temperature == 0:
            decoding = replace(decoding, beam=top)
        return decoding

    def chooser(self) -> Chooser:
        """The rule that picks the next symbol of a row; when sampling, each one draws from the seed on."""
        if self.temperature == 0:
            return greedy
        generator = torch.Generator()
        if self.seed is None:
            generator.seed()
        else:
            generator.manual_seed(self.seed)
        return sampler(self.temperature, self.top_k, self.top_p, generator)


@dataclass
class Hypothesis:
    """A decoded sequence.

    Attributes
    ----------
    ids : list of int
        Without the end symbol.
    log_prob : float
        log p(ids and the end symbol where it was reached).
    score : float
        ``log_prob`` after length normalisation; what beams are ordered by.
    finished : bool
        Whether the end symbol was reached.
    """

    ids: list[int]
    log_prob: float
    score: float
    finished: bool


def greedy(log_probs: Tensor) -> Tensor:
    """Choose the likeliest symbol of each row: (B, V) -> (B,)."""
    return log_probs.argmax(dim=-1)


def sampler(temperature: float, top_k: int | None, top_p: float | None, generator: torch.Generator) -> Chooser:
    """Return a rule that draws from the tempered, truncated distribution.

    The draw is made on the CPU, so that a seed gives the same text on every device.
    """

    def choose(log_probs: Tensor) -> Tensor:
        scaled = log_probs.detach().float().cpu() / temperature
        ordered, order = scaled.sort(dim=-1, descending=True, stable=True)
        probs = torch.softmax(ordered, dim=-1)
        if top_k is not None:
            probs[:, top_k:] = 0
        if top_p is not None:
            # a symbol stays while the mass before it is below top_p: the first always stays
            probs = probs / probs.sum(-1, keepdim=True)
            probs = probs.masked_fill(probs.cumsum(-1) - probs >= top_p, 0)
        drawn = torch.multinomial(probs, 1, generator=generator)
        return order.gather(1, drawn)[:, 0].to(log_probs.device)

    return choose


def length_penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6)^alpha, with the end symbol counted (Wu et al. 2016)."""
    return float(((5 + length) / 6) ** alpha)


def stream(
    model: Stepper,
    first: Tensor,
    state: Any,
    choose: Chooser,
    *,
    forbid: Collection[int] = (),
    prefix: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Produce one symbol a row at a time, without end.

    Parameters
    ----------
    model : Stepper
        What says how likely each next symbol is.
    first : Tensor
        (B,) the symbol to read first.
    state : object
        The model's state before ``first``.
    choose : Chooser
        `greedy` or a `sampler`.
    forbid : collection of int
        Symbols that are never produced.
    prefix : Tensor, optional
        (B, P) symbols that the first P answers are forced to be.

    Yields
    ------
    ids, log_probs : Tensor
        (B,) each: the symbols and their log probabilities under the model.
    """
    banned = _banned(forbid, first.device)
    ids, step = first, 0
    while True:
        log_probs, state = model.step(ids, state)
        if prefix is not None and step < prefix.shape[1]:
            ids = prefix[:, step]
        else:
            ids = choose(log_probs.index_fill(1, banned, -torch.inf))
        yield ids, log_probs.gather(1, ids[:, None])[:, 0]
        step += 1


def one_by_one(
    model: Stepper,
    first: Tensor,
    state: Any,
    choose: Chooser,
    *,
    end: int | None,
    length: int,
    alpha: float = 0.6,
    forbid: Collection[int] = (),
    prefix: Tensor | None = None,
) -> list[Hypothesis]:
    """Decode each row greedily or by sampling until ``end`` or ``length`` symbols; one hypothesis a row."""
    rows = first.shape[0]
    answers = [Hypothesis([], 0.0, 0.0, False) for _ in range(rows)]
    steps = stream(model, first, state, choose, forbid=forbid, prefix=prefix)
    for _ in range(length):
        ids, log_probs = next(steps)
        for answer, symbol, log_prob in zip(answers, ids.tolist(), log_probs.tolist(), strict=True):
            if answer.finished:
                continue
            answer.log_prob += log_prob
            if symbol == end:
                answer.finished = True
            else:
                answer.ids.append(symbol)
        if all(answer.finished for answer in answers):
            break
    for answer in answers:
        answer.score = answer.log_prob / length_penalty(len(answer.ids) + answer.finished, alpha)
    return answers


def beam(
    model: Stepper,
    first: Tensor,
    state: Any,
    *,
    width: int,
    end: int | None,
    length: int,
    alpha: float = 0.6,
    n_best: int = 1,
    forbid: Collection[int] = (),
    prefix: Tensor | None = None,
) -> list[list[Hypothesis]]:
    """Keep the ``width`` best beginnings of each row at every step.

    A row is done when ``width`` hypotheses have ended, or when no beginning that is still open can
    become better than the ``n_best`` ended ones. Width 1 is greedy decoding.

    Parameters
    ----------
    model, first, state, forbid, prefix
        As for `stream`; B rows.
    width : int
        Beginnings kept a row (W).
    end : int or None
        The end symbol; None when nothing ends.
    length : int
        Most symbols of a hypothesis, its end symbol included.
    alpha : float
        Length normalisation, see `length_penalty`.
    n_best : int
        Hypotheses returned a row.

    Returns
    -------
    list of list of Hypothesis
        B lists, best first. Open hypotheses are returned only where fewer than ``n_best`` have ended.
    """
    rows, device = first.shape[0], first.device
    banned = _banned(forbid, device)
    state = model.select(state, torch.arange(rows, device=device).repeat_interleave(width))
    ids = first.repeat_interleave(width)
    # all W copies of a row are equal at first: only one of them may go on
    scores = torch.full((rows, width), -torch.inf, device=device)
    scores[:, 0] = 0.0
    paths: list[list[list[int]]] = [[[] for _ in range(width)] for _ in range(rows)]
    ended: list[list[Hypothesis]] = [[] for _ in range(rows)]
    done = [False] * rows
    for step in range(length):
        log_probs, state = model.step(ids, state)
        log_probs = _allowed(log_probs, banned, prefix, step, width)
        symbols = log_probs.shape[-1]
        totals = (scores[:, :, None] + log_probs.view(rows, width, symbols)).flatten(1)  # (B, W*V)
        best, index = totals.topk(min(2 * width, totals.shape[1]), dim=1)
        source = torch.zeros(rows, width, dtype=torch.long)
        chosen = torch.zeros(rows, width, dtype=torch.long)
        kept = torch.full((rows, width), -torch.inf)
        for row, (totals_of_row, candidates) in enumerate(zip(best.tolist(), index.tolist(), strict=True)):
            if done[row]:
                continue
            alive: list[list[int]] = []
            for rank, (total, candidate) in enumerate(zip(totals_of_row, candidates, strict=True)):
                if total == -torch.inf or len(alive) == width:
                    break
                parent, symbol = divmod(candidate, symbols)
                path = paths[row][parent]
                if symbol == end:
                    # an end that only made it into the second half of the 2W candidates is not of the beam
                    if rank < width:
                        ended[row].append(_ended(path, total, alpha))
                    continue
                source[row, len(alive)], chosen[row, len(alive)], kept[row, len(alive)] = parent, symbol, total
                alive.append([*path, symbol])
            paths[row] = alive + [[] for _ in range(width - len(alive))]
            hope = max(kept[row].tolist()) / length_penalty(length, alpha)
            done[row] = len(ended[row]) >= width or _settled(ended[row], n_best, hope)
        scores = kept.to(device)
        if all(done):
            break
        state = model.select(state, (source + torch.arange(rows)[:, None] * width).flatten().to(device))
        ids = chosen.flatten().to(device)
    return [_best(ended[row], paths[row], scores[row].tolist(), done[row], alpha, n_best) for row in range(rows)]


def search(
    model: Stepper,
    first: Tensor,
    state: Any,
    decoding: Decoding,
    *,
    end: int | None,
    length: int,
    n_best: int = 1,
    forbid: Collection[int] = (),
    prefix: Tensor | None = None,
    choose: Chooser | None = None,
) -> list[list[Hypothesis]]:
    """Decode each row as ``decoding`` says; the ``n_best`` hypotheses a row, best first.

    When sampling they are as many samples, which may be equal. ``choose`` is a chooser of ``decoding`` to draw on
    with, where rows come in several batches.
    """
    alpha = decoding.length_penalty
    if decoding.beam > 1:
        width, best = decoding.beam, min(n_best, decoding.beam)
        return beam(
            model, first, state, width=width, end=end, length=length, alpha=alpha, n_best=best, forbid=forbid,
            prefix=prefix,
        )  # fmt: skip
    samples = n_best if decoding.temperature > 0 else 1
    if samples > 1:
        rows = torch.arange(first.shape[0], device=first.device).repeat_interleave(samples)
        first, state = first[rows], model.select(state, rows)
        prefix = None if prefix is None else prefix[rows]
    found = one_by_one(
        model, first, state, choose or decoding.chooser(), end=end, length=length, alpha=alpha, forbid=forbid,
        prefix=prefix,
    )  # fmt: skip
    groups = [found[start : start + samples] for start in range(0, len(found), samples)]
    return [sorted(group, key=lambda hypothesis: -hypothesis.score) for group in groups]


def _banned(forbid: Collection[int], device: torch.device) -> Tensor:
    return torch.tensor(sorted(forbid), dtype=torch.long, device=device)


def _allowed(log_probs: Tensor, banned: Tensor, prefix: Tensor | None, step: int, width: int) -> Tensor:
    """Leave only the forced symbol of this step, or all that are not banned: (B*W, V)."""
    if prefix is None or step >= prefix.shape[1]:
        return log_probs.index_fill(1, banned, -torch.inf)
    forced = prefix[:, step].repeat_interleave(width)[:, None]
    return torch.full_like(log_probs, -torch.inf).scatter(1, forced, log_probs.gather(1, forced))


def _ended(path: Sequence[int], total: float, alpha: float) -> Hypothesis:
    return Hypothesis(list(path), total, total / length_penalty(len(path) + 1, alpha), True)


def _settled(ended: list[Hypothesis], n_best: int, hope: float) -> bool:
    """Whether the n best ended hypotheses cannot be beaten by anything that may reach the score ``hope``."""
    if len(ended) < n_best:
        return hope == -torch.inf
    return sorted((hypothesis.score for hypothesis in ended), reverse=True)[n_best - 1] >= hope


def _best(
    ended: list[Hypothesis], paths: list[list[int]], totals: list[float], done: bool, alpha: float, n_best: int
) -> list[Hypothesis]:
    answers = sorted(ended, key=lambda hypothesis: -hypothesis.score)
    if not done or not answers:
        still_open = [
            Hypothesis(path, total, total / length_penalty(max(1, len(path)), alpha), False)
            for path, total in zip(paths, totals, strict=True)
            if total > -torch.inf
        ]
        answers += sorted(still_open, key=lambda hypothesis: -hypothesis.score)
    return answers[:n_best] or [Hypothesis([], 0.0, 0.0, False)]
