"""Search: as many sequences a row as asked for, the best first."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.decoding import Decoding
from recur.decoding.search import search
from tests.decoding.models import END, Table, start
from tests.modes.helpers import same


@given(st.integers(0, 10_000), st.integers(1, 4), st.lists(st.integers(0, 2), min_size=1, max_size=3))
def test_a_prefix_is_forced_and_counts(seed: int, width: int, prefix: list[int]) -> None:
    model = Table(seed)
    for decoding in (Decoding(beam=width), Decoding(temperature=1.0, seed=1)):
        rules = decoding.rules(prefix=torch.tensor([prefix]))
        [[one]] = search(model, *start(), decoding, end=END, length=6, rules=rules)
        assert one.ids[: len(prefix)] == prefix
        same(one.log_prob, model.log_prob(one.ids, one.finished))


def test_a_length_of_nothing_is_an_empty_answer() -> None:
    for decoding in (Decoding(), Decoding(beam=3), Decoding(temperature=1.0)):
        [[one]] = search(Table(0), *start(), decoding, end=END, length=0)
        assert (one.ids, one.log_prob, one.finished) == ([], 0.0, False)


def test_as_many_samples_as_asked_for_are_drawn_the_likeliest_first() -> None:
    model, options = Table(0, 0.5), Decoding(temperature=1.0, seed=0)
    found = search(model, *start(3), options, end=END, length=8, n_best=5)
    assert [len(samples) for samples in found] == [5, 5, 5]
    for row, samples in enumerate(found):
        assert len({tuple(one.ids) for one in samples}) > 1
        assert [one.score for one in samples] == sorted((one.score for one in samples), reverse=True)
        for one in samples:
            same(one.log_prob, model.log_prob(one.ids, one.finished, start=row))
