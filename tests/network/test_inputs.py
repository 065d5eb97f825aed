"""From arrays of a codec to the vectors that are read: symbols, spelled words, numbers, pictures."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from recur import codecs
from recur.codecs import ImagesCodec
from recur.errors import ConfigError
from recur.network.inputs import Inputs
from recur.nn import Embedding
from recur.nn.look_up import LookUp
from tests.modes.helpers import codec, small
from tests.pictures import square
from tests.tolerances import close


def images() -> ImagesCodec:
    made = ImagesCodec()
    made.fit([square(place) for place in range(4)])
    return made


@pytest.mark.parametrize(("scaled", "factor"), [(True, 5**0.5), (False, 1.0)])
def test_vectors_are_the_embedding_times_the_root_of_their_size_or_as_they_are(scaled: bool, factor: float) -> None:
    inputs = Inputs(codec("words", ["a b c"]), small(scale_embedding=scaled)).eval()
    ids = torch.tensor([[2, 3, 1]])
    assert inputs.embedding is not None
    close(inputs(ids), factor * inputs.embedding.weight[ids])


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [({"embedding_size": 4}, 7, 4), ({"embedding_size": None}, 7, 7), ({"embedding_size": None}, None, 6)],
    ids=["configured", "given", "first layer"],
)
def test_a_vector_is_as_long_as_configured_then_as_given_then_as_the_first_layer(
    options: dict[str, int | None], given: int | None, expected: int
) -> None:
    config = small(hidden_size=[6, 3], **options)
    assert Inputs(codec("words"), config, size=given).size == expected


def test_vectors_of_symbols_start_within_their_range_and_there_may_be_more_than_the_codec_has() -> None:
    inputs = Inputs(codec("tags"), small(embedding_range=0.01), symbols=60)
    assert inputs.embedding is not None
    assert inputs.embedding.weight.shape == (60, 5)
    assert 0.009 < inputs.embedding.weight.abs().max().item() <= 0.01


def test_numbers_are_read_as_they_are_and_have_no_parameters() -> None:
    inputs, values = Inputs(codec("numbers"), small(dropout=0.5)), torch.randn(2, 3, 2)
    assert inputs(values) is values
    assert inputs.size == 2
    assert not [*inputs.parameters()]


def test_a_spelled_word_has_its_letters_beside_its_own_vector() -> None:
    torch.manual_seed(0)
    spelled = codecs.make("spelled").fit([["the", "cat"], ["a", "cats"]])
    inputs = Inputs(spelled, small(character_size=3)).eval()
    assert inputs.size == 5 + 2 * 3
    values = torch.from_numpy(spelled.encode(["cat", "a"]))[None]
    vectors = inputs(values)
    assert inputs.embedding is not None
    assert inputs.letters is not None
    close(vectors[..., :5], math.sqrt(5) * inputs.embedding.weight[values[..., 0]])
    close(vectors[..., 5:], inputs.letters(values[..., 1:]))


def test_letters_are_as_wide_as_the_words_by_default() -> None:
    spelled = codecs.make("spelled").fit([["the", "cat"]])
    assert Inputs(spelled, small()).size == 5 + 2 * 5


def test_places_of_a_picture_are_its_maps_row_by_row() -> None:
    torch.manual_seed(0)
    inputs = Inputs(images(), small(convolutions=[4, 8])).eval()
    assert inputs.pictures is not None
    values = torch.rand(2, 12, 12, 1)
    vectors, places = inputs.places(values)
    maps = inputs.pictures.maps(values)
    close(vectors, inputs(values))
    assert places.shape == (2, 9, 8)
    close(places[:, 5], maps[:, 1, 2])


def test_only_a_picture_has_places() -> None:
    with pytest.raises(ConfigError, match="only a picture has positions to attend to") as caught:
        Inputs(codec("words"), small()).places(torch.zeros(1, 2))
    assert caught.value.hint == "leave out attention"


def test_dropout_of_words_takes_whole_words_while_learning_alone() -> None:
    torch.manual_seed(0)
    inputs = Inputs(codec("words"), small(embedding_dropout=0.5))
    ids = torch.arange(4)[None].expand(200, 4)
    dropped = inputs(ids) == 0
    assert torch.equal(dropped.all(-1), dropped.any(-1))
    assert dropped.any()
    assert not (inputs.eval()(ids) == 0).any()


@pytest.mark.parametrize("put", [{}, {"padding_idx": 1}, {"max_norm": 0.1}, {"sparse": True}, "of torch"])
def test_a_layer_looks_up_the_rows_of_an_embedding_that_does_no_more(put: dict[str, object] | str) -> None:
    inputs = Inputs(codec("words", ["a b c"]), small())
    assert inputs.embedding is not None
    sizes = inputs.embedding.weight.shape
    inputs.embedding = nn.Embedding(*sizes) if isinstance(put, str) else Embedding(*sizes, **put)  # type: ignore
    assert isinstance(inputs.for_layer(torch.tensor([[2, 3, 1]])), LookUp if put == {} else torch.Tensor)
