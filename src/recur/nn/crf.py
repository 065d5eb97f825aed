"""``CRF``: a linear-chain conditional random field, which scores a whole sequence of tags."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recur.nn.checks import LayerInputError
from recur.nn.options import Device
from recur.nn.padding import as_lengths


class CRF(nn.Module):
    r"""The probability of a sequence of tags, given scores z of every tag at every step.

        s(y, z)  = a[y_1] + sum_t z_t[y_t] + sum_{t>1} A[y_{t-1}, y_t] + b[y_T]
        log p(y) = s(y, z) - log sum_{y'} exp s(y', z)

    where a (V,) scores the first tag, b (V,) the last one and A (V, V) each pair of neighbours. The sum over all V^T
    sequences is the forward algorithm, in log space; the best sequence is Viterbi's. A row of no steps has the one
    empty sequence, with probability 1.

    Parameters
    ----------
    size : int
        V, the number of tags.
    device, dtype
        Device and dtype of the parameters.

    Attributes
    ----------
    transitions : nn.Parameter
        (V, V), A: row before, column after.
    first, last : nn.Parameter
        (V,), a and b.

    Examples
    --------
    >>> import torch
    >>> crf = CRF(3)
    >>> scores = torch.randn(2, 4, 3)
    >>> crf(scores, torch.tensor([[0, 1, 2, 0], [1, 1, 0, 0]]), lengths=[4, 2]).shape
    torch.Size([2])
    >>> tags, _ = crf.decode(scores, lengths=[4, 2])
    >>> tags.shape
    torch.Size([2, 4])

    References
    ----------
    J. Lafferty, A. McCallum, F. Pereira (2001), Conditional random fields. G. Lample et al. (2016), Neural
    architectures for named entity recognition, section 2.2.
    """

    def __init__(self, size: int, *, device: Device = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.size = size
        self.transitions = nn.Parameter(torch.empty(size, size, device=device, dtype=dtype))
        self.first = nn.Parameter(torch.empty(size, device=device, dtype=dtype))
        self.last = nn.Parameter(torch.empty(size, device=device, dtype=dtype))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Start from zeros: no pair of tags is preferred, and the tags are as if scored alone."""
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, scores: Tensor, tags: Tensor, lengths: Tensor | Sequence[int] | None = None) -> Tensor:
        """Return log p (B,) of tags.

        Parameters
        ----------
        scores : Tensor
            (B, T, V), z.
        tags : Tensor
            (B, T) ids; those of padding are ignored.
        lengths : Tensor or sequence of int, optional
            (B,) real steps of each row; all T if left out.

        Raises
        ------
        LayerInputError
            If shapes do not fit, or a tag is not one of V.
        """
        counted = self._check(scores, lengths)
        if tags.shape != scores.shape[:2]:
            raise LayerInputError(f"tags have shape {tuple(tags.shape)}, expected (B, T) = {tuple(scores.shape[:2])}")
        real = self._real(scores, counted)
        if tags.device.type == "cpu" and bool((((tags < 0) | (tags >= self.size)) & real).any()):
            raise LayerInputError(f"tags should be from 0 to {self.size - 1}, got {int(tags.min())}..{int(tags.max())}")
        return self._score(scores, tags.masked_fill(~real, 0), counted, real) - self._total(scores, counted)

    def log_partition(self, scores: Tensor, lengths: Tensor | Sequence[int] | None = None) -> Tensor:
        """Return log sum_y exp s(y, z) (B,) of scores (B, T, V): the forward algorithm."""
        return self._total(scores, self._check(scores, lengths))

    def conditionals(self, scores: Tensor, tags: Tensor, lengths: Tensor | Sequence[int] | None = None) -> Tensor:
        """Return log p(y_t | y_1 ... y_{t-1}, z) (B, T) of tags, 0 at padding; each row adds up to its log p.

        ::

            p(y_t | y_{t-1}, z) = softmax_y(A[y_{t-1}, y] + z_t[y] + beta_t[y])[y_t]
            beta_t[y] = log sum_k exp(A[y, k] + z_{t+1}[k] + beta_{t+1}[k]),   beta_T = b
        """
        counted = self._check(scores, lengths)
        real = self._real(scores, counted)
        safe_tags = tags.masked_fill(~real, 0)
        before = torch.cat([self.first.expand(len(scores), 1, -1), self.transitions[safe_tags[:, :-1]]], dim=1)
        each = (before[:, : scores.shape[1]] + scores + self._ahead(scores, counted)).log_softmax(dim=-1)
        return each.gather(2, safe_tags.unsqueeze(2)).squeeze(2).masked_fill(~real, 0.0)

    def marginals(self, scores: Tensor, lengths: Tensor | Sequence[int] | None = None) -> Tensor:
        """Return log p(y_t = k | z) (B, T, V), each tag summed over the others: forward-backward."""
        counted = self._check(scores, lengths)
        alpha = [self.first + scores[:, 0]] if scores.shape[1] else []
        for step in range(1, scores.shape[1]):
            alpha.append(torch.logsumexp(alpha[-1].unsqueeze(2) + self.transitions, dim=1) + scores[:, step])
        both = torch.stack(alpha, dim=1) + self._ahead(scores, counted) if alpha else scores
        return both.log_softmax(dim=-1)

    @torch.no_grad()
    def decode(self, scores: Tensor, lengths: Tensor | Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Return the most probable tags (B, T), zero at padding, and their log p (B,)."""
        counted = self._check(scores, lengths)
        batch, time, _ = scores.shape
        if time == 0:
            return scores.new_zeros(batch, 0, dtype=torch.long), scores.new_zeros(batch)
        best = self.first + scores[:, 0]
        came_from = []
        for step in range(1, time):
            value, origin = (best.unsqueeze(2) + self.transitions).max(dim=1)
            going_on = (step < counted).unsqueeze(1)
            best = torch.where(going_on, value + scores[:, step], best)
            # a row that has ended keeps its state, so that the backward pass begins at its own last step
            came_from.append(torch.where(going_on, origin, torch.arange(self.size, device=scores.device)))
        value, tag = (best + self.last).max(dim=1)
        path = [tag]
        for origin in reversed(came_from):
            path.append(origin.gather(1, path[-1].unsqueeze(1)).squeeze(1))
        tags = torch.stack(path[::-1], dim=1).masked_fill(~self._real(scores, counted), 0)
        log_p = torch.where(counted > 0, value - self._total(scores, counted), torch.zeros_like(value))
        return tags, log_p

    def _score(self, scores: Tensor, tags: Tensor, counted: Tensor, real: Tensor) -> Tensor:
        """s(y, z) (B,)."""
        if scores.shape[1] == 0:
            return scores.new_zeros(scores.shape[0]) + 0.0 * self.first.sum()
        steps = scores.gather(2, tags.unsqueeze(2)).squeeze(2)
        pairs = torch.zeros_like(steps)
        pairs[:, 1:] = self.transitions[tags[:, :-1], tags[:, 1:]]
        last = tags.gather(1, (counted - 1).clamp(min=0).unsqueeze(1)).squeeze(1)
        total = torch.where(real, steps + pairs, 0.0).sum(dim=1) + self.first[tags[:, 0]] + self.last[last]
        return torch.where(counted > 0, total, torch.zeros_like(total))

    def _total(self, scores: Tensor, counted: Tensor) -> Tensor:
        """log sum_y exp s(y, z) (B,); 0 for a row of no steps."""
        if scores.shape[1] == 0:
            return scores.new_zeros(scores.shape[0])
        alpha = self.first + scores[:, 0]
        for step in range(1, scores.shape[1]):
            after = torch.logsumexp(alpha.unsqueeze(2) + self.transitions, dim=1) + scores[:, step]
            alpha = torch.where((step < counted).unsqueeze(1), after, alpha)
        total = torch.logsumexp(alpha + self.last, dim=1)
        return torch.where(counted > 0, total, torch.zeros_like(total))

    def _ahead(self, scores: Tensor, counted: Tensor) -> Tensor:
        """beta (B, T, V): log of the total score of all tags after a step, given the tag at the step."""
        last = self.last.expand(len(scores), -1)
        beta = [last]
        for step in range(scores.shape[1] - 1, 0, -1):
            before = torch.logsumexp(self.transitions + (scores[:, step] + beta[-1]).unsqueeze(1), dim=2)
            beta.append(torch.where((step < counted).unsqueeze(1), before, last))
        return torch.stack(beta[::-1], dim=1)[:, : scores.shape[1]]

    @staticmethod
    def _real(scores: Tensor, counted: Tensor) -> Tensor:
        """(B, T) bool: True at real steps."""
        return torch.arange(scores.shape[1], device=scores.device) < counted.unsqueeze(1)

    def _check(self, scores: Tensor, lengths: Tensor | Sequence[int] | None) -> Tensor:
        """Return the lengths (B,)."""
        if scores.dim() != 3 or scores.shape[2] != self.size:
            raise LayerInputError(
                f"scores have shape {tuple(scores.shape)}, expected (B, T, V) with V={self.size}",
                hint=f"one score for each of {self.size} tags at every step",
            )
        if lengths is None:
            return torch.full((scores.shape[0],), scores.shape[1], device=scores.device)
        return as_lengths(lengths, scores.shape[1], scores.shape[0]).to(scores.device)

    def extra_repr(self) -> str:
        return str(self.size)
