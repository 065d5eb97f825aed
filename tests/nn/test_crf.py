"""A chain over tags, against every sequence of tags counted one by one."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.nn import CRF, LayerInputError
from tests.tolerances import close


def chain(size: int, seed: int = 0) -> CRF:
    """A chain with other weights than zeros."""
    torch.manual_seed(seed)
    crf = CRF(size, dtype=torch.float64)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.normal_()
    return crf


def score_of(crf: CRF, scores: torch.Tensor, tags: tuple[int, ...]) -> torch.Tensor:
    """s(y, z) as it is defined, for one row."""
    if not tags:
        return torch.zeros((), dtype=torch.float64)
    total = crf.first[tags[0]] + crf.last[tags[-1]]
    for step, tag in enumerate(tags):
        total = total + scores[step, tag]
    for before, after in pairwise(tags):
        total = total + crf.transitions[before, after]
    return total


@given(st.integers(1, 4), st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(0, 99))
def test_it_counts_every_sequence_of_tags(size: int, lengths: list[int], seed: int) -> None:
    crf = chain(size, seed)
    crf.requires_grad_(False)
    scores = torch.randn(len(lengths), max(lengths), size, dtype=torch.float64)
    tags = torch.randint(size, scores.shape[:2])
    log_p = crf(scores, tags, lengths)
    best, best_log_p = crf.decode(scores, lengths)
    for row, steps in enumerate(lengths):
        every = {each: score_of(crf, scores[row], each) for each in product(range(size), repeat=steps)}
        total = torch.logsumexp(torch.stack(list(every.values())), dim=0)
        close(crf.log_partition(scores, lengths)[row], total)
        close(log_p[row], every[tuple(tags[row, :steps].tolist())] - total)
        winner = max(every, key=lambda each: float(every[each]))
        assert tuple(best[row, :steps].tolist()) == winner
        assert not best[row, steps:].any()
        close(best_log_p[row], every[winner] - total)


def test_gradients_are_those_of_finite_differences() -> None:
    crf = chain(3)
    scores = torch.randn(3, 4, 3, dtype=torch.float64, requires_grad=True)
    tags = torch.randint(3, (3, 4))

    def log_p(scores: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        named = dict(zip([name for name, _ in crf.named_parameters()], parameters, strict=True))
        found: torch.Tensor = torch.func.functional_call(crf, named, (scores, tags, torch.tensor([4, 2, 0])))
        return found

    assert torch.autograd.gradcheck(log_p, (scores, *crf.parameters()))


def test_a_chain_of_zeros_is_a_softmax_of_each_step() -> None:
    crf = CRF(5, dtype=torch.float64)
    scores = torch.randn(2, 6, 5, dtype=torch.float64)
    tags = torch.randint(5, (2, 6))
    alone = scores.log_softmax(-1).gather(2, tags[:, :, None])[..., 0].sum(1)
    close(crf(scores, tags), alone)
    assert torch.equal(crf.decode(scores)[0], scores.argmax(-1))


def test_what_stands_at_padding_changes_nothing() -> None:
    crf = chain(4)
    scores, tags = torch.randn(2, 5, 4, dtype=torch.float64), torch.randint(4, (2, 5))
    before = crf(scores, tags, [5, 2])
    scores[1, 2:], tags[1, 2:] = 99.0, -7
    close(crf(scores, tags, [5, 2]), before)
    close(crf(scores[1:, :2], tags[1:, :2])[0], before[1])


def test_a_row_of_no_steps_is_certain_and_gives_no_gradient() -> None:
    crf = chain(3)
    for time in (0, 2):
        scores = torch.randn(1, time, 3, dtype=torch.float64, requires_grad=True)
        log_p = crf(scores, torch.zeros(1, time, dtype=torch.long), [0])
        assert log_p.tolist() == [0.0]
        log_p.sum().backward()
        assert scores.grad is None or not scores.grad.any()
        assert crf.decode(scores, [0])[1].tolist() == [0.0]


def test_shapes_and_tags_that_do_not_fit_are_named() -> None:
    crf = CRF(3)
    with pytest.raises(LayerInputError, match="V=3"):
        crf(torch.zeros(1, 2, 4), torch.zeros(1, 2, dtype=torch.long))
    with pytest.raises(LayerInputError, match="from 0 to 2"):
        crf(torch.zeros(1, 2, 3), torch.tensor([[0, 3]]))
    with pytest.raises(LayerInputError, match="tags have shape"):
        crf(torch.zeros(1, 2, 3), torch.zeros(1, 3, dtype=torch.long))


def test_the_probability_of_a_tag_is_over_all_chains_and_its_conditionals_multiply_to_the_chain() -> None:
    crf = chain(3)
    z, lengths = torch.randn(2, 4, 3, dtype=torch.float64), torch.tensor([4, 2])
    marginals, tags = crf.marginals(z, lengths).exp(), torch.tensor([[0, 2, 1, 1], [2, 0, 0, 0]])
    conditionals = crf.conditionals(z, tags, lengths)
    close(conditionals.sum(1), crf(z, tags, lengths), "the chain rule")
    assert not conditionals[1, 2:].any()
    for row, steps in enumerate(lengths.tolist()):
        every = list(product(range(3), repeat=steps))
        p = torch.stack([score_of(crf, z[row], each) for each in every]).softmax(0)
        for t in range(steps):
            expected = [sum(one for each, one in zip(every, p, strict=True) if each[t] == tag) for tag in range(3)]
            close(marginals[row, t], torch.stack(expected), f"row {row}, step {t}")
