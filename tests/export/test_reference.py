"""What exported files are compared with: the network's own answers to ids, or to numbers in their own units."""

from __future__ import annotations

import numpy as np
import torch

from recur.codecs import ClassCodec, NumbersCodec
from recur.config import Config
from recur.export.reference import answers_of, as_read, in_own_units
from recur.modes import ManyToOne
from tests.tolerances import near


def test_numbers_are_standardised_as_the_codec_does_and_back() -> None:
    codec = NumbersCodec(sequence=True, columns=["a", "b"]).fit([np.array([[1.0, 20.0], [3.0, 50.0]])])
    own = np.array([[2.0, 30.0], [5.0, 10.0]], np.float32)
    encoded = codec.encode(own)
    near(as_read(codec, own), torch.from_numpy(encoded), "as the network reads them")
    near(torch.from_numpy(in_own_units(codec, encoded)), torch.from_numpy(own), "in their own units")


def test_answers_are_probabilities_also_of_a_sequence_without_steps() -> None:
    codec = NumbersCodec(sequence=True, columns=["a"]).fit([np.array([[1.0], [3.0]])])
    mode = ManyToOne(codec, ClassCodec().fit(["x", "y"]), Config.of(hidden_size=3).model)
    parts = mode.one_pass
    with mode.answering():
        for steps in (0, 3):
            answers = answers_of(mode, parts, np.ones((steps, 1), np.float32))
            assert answers.shape == (1, 2)
            near(torch.from_numpy(answers.sum(1)), torch.ones(1), "a probability for each class")
