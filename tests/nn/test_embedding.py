"""Embeddings: words that are dropped as a whole, ids that are not there."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.nn import Embedding, LayerInputError
from tests.tolerances import close


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_embedding_dropout_drops_a_word_everywhere() -> None:
    embedding = Embedding(200, 5, dropout=0.4)
    ids = torch.arange(200).repeat(2, 1)
    vectors = embedding(ids)
    assert torch.equal(vectors[0], vectors[1])
    gone = (vectors[0] == 0).all(-1)
    close(vectors[0][~gone], embedding.weight[~gone] / 0.6)
    assert 0.25 < float(gone.float().mean()) < 0.55
    assert torch.equal(embedding.eval()(ids)[0], embedding.weight)


def test_embedding_names_the_wrong_id() -> None:
    embedding = Embedding(10, 4)
    with pytest.raises(LayerInputError, match=r"id 12 at \[1, 0\] is not in 0\.\.9"):
        embedding(torch.tensor([[1, 2], [12, 3]]))
    with pytest.raises(LayerInputError, match="ids are whole numbers"):
        embedding(torch.zeros(2, 2))


def test_without_dropout_it_is_torchs() -> None:
    ours, theirs = Embedding(7, 3, padding_idx=2), torch.nn.Embedding(7, 3, padding_idx=2)
    theirs.load_state_dict(ours.state_dict())
    ids = torch.tensor([[0, 2], [6, 2]])
    close(ours(ids), theirs(ids))
    close(ours(ids.int()), theirs(ids))
    ours(ids).sum().backward()
    assert ours.weight.grad is not None
    assert not ours.weight.grad[2].any()


def test_no_ids_have_no_vectors_and_an_id_below_zero_is_named() -> None:
    assert Embedding(7, 3)(torch.zeros(0, 2, dtype=torch.long)).shape == (0, 2, 3)
    with pytest.raises(LayerInputError, match=r"id -1 at \[1\] is not in 0\.\.6"):
        Embedding(7, 3)(torch.tensor([0, -1]))


def test_a_probability_of_one_is_refused_and_a_dropout_is_shown() -> None:
    with pytest.raises(ConfigError, match=r"dropout should be a number in range \[0, 1\)"):
        Embedding(7, 3, dropout=1.0)
    assert repr(Embedding(7, 3, dropout=0.1)) == "Embedding(7, 3, dropout=0.1)"
