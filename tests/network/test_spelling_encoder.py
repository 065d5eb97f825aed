"""Vectors of spellings: both directions of a small LSTM over the letters, once for each distinct word."""

from __future__ import annotations

import torch

from recur.network.spelling_encoder import SpellingEncoder
from tests.tolerances import close


def made() -> SpellingEncoder:
    torch.manual_seed(0)
    return SpellingEncoder(6, 4).double().eval()


def test_a_spelling_is_the_last_state_forwards_beside_the_one_backwards_after_the_first_letter() -> None:
    encoder, letters = made(), torch.tensor([3, 1, 5])
    outputs, _ = encoder.layer(encoder.embedding(letters)[None])
    close(encoder(letters[None]), torch.cat([outputs[:, -1, :4], outputs[:, 0, 4:]], dim=-1))
    assert encoder.size == 8


def test_padding_of_letters_changes_nothing() -> None:
    encoder = made()
    close(encoder(torch.tensor([[3, 1, 0, 0], [2, 2, 4, 5]]))[0], encoder(torch.tensor([[3, 1]]))[0])


def test_words_keep_their_places_whatever_their_order_and_number() -> None:
    encoder = made()
    words = torch.tensor([[[5, 1], [2, 0], [5, 1]], [[2, 0], [1, 1], [0, 0]]])
    found = encoder(words)
    assert found.shape == (2, 3, 8)
    close(found, torch.stack([torch.cat([encoder(word[None]) for word in row]) for row in words]))


def test_each_spelling_is_read_once() -> None:
    encoder, read = made(), []
    encoder.embedding.register_forward_hook(lambda *call: read.append(call[1][0].shape))
    encoder(torch.tensor([[[5, 1], [2, 0], [5, 1]], [[2, 0], [5, 1], [2, 0]]]))
    assert read == [(2, 2)]


def test_a_word_without_letters_gives_zeros() -> None:
    encoder = made()
    assert not encoder(torch.tensor([[0, 0]])).any()
    nothing = encoder(torch.zeros(2, 3, 0, dtype=torch.long))
    assert nothing.shape == (2, 3, 8)
    assert not nothing.any()
