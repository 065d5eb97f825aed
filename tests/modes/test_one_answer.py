"""The base of the modes with one answer per row."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.modes.one_answer import OneAnswer
from recur.network.batch import Batch
from tests.modes.helpers import LABELS, NUMBERS, Row, batch_of, build, rows
from tests.tolerances import close

BOTH = [("one-to-one", "numbers", "class"), ("many-to-one", "words", "class")]


def made(name: str, source: str, target: str) -> OneAnswer:
    mode = build(name, source, target)
    assert isinstance(mode, OneAnswer)
    return mode.eval()


@pytest.mark.parametrize(("name", "source", "target"), BOTH)
def test_the_loss_is_the_error_of_the_head_on_the_vectors(name: str, source: str, target: str) -> None:
    mode = made(name, source, target)
    batch = batch_of(mode, rows(source, target))
    loss = mode.loss(batch, label_smoothing=0.1, teacher_forcing=0.0)
    vectors = mode.vectors(batch.inputs, batch.input_lengths)
    mean, sums = mode.output.error(vectors, batch.targets, None, label_smoothing=0.1)
    close(loss.mean, mean)
    assert loss.sums == sums
    assert loss.state is None
    assert mode.summary(sums) == mode.output.summary(sums)
    assert mode.head is mode.output


@pytest.mark.parametrize(("name", "source", "target"), BOTH)
def test_what_runs_in_one_pass_is_the_vectors_and_keeps_no_state(name: str, source: str, target: str) -> None:
    mode = made(name, source, target)
    batch = batch_of(mode, rows(source, target))
    assert batch.inputs is not None
    vectors, state = mode.run(batch.inputs, "anything", batch.input_lengths)
    close(vectors, mode.vectors(batch.inputs, batch.input_lengths))
    assert state is None


def test_a_row_is_its_input_and_the_target_as_it_is_predicted() -> None:
    mode = made("one-to-one", "class", "numbers")
    encoded = mode.encode(Row(LABELS[0], (float("nan"), NUMBERS[0][1])))
    assert encoded.input is not None
    assert encoded.input.tolist() == mode.encode_input(LABELS[0]).tolist()
    # a missing number stays missing where it is to be predicted
    assert torch.from_numpy(encoded.target).isnan().tolist() == [True, False]


def test_answers_are_in_the_order_of_their_inputs_beyond_one_batch() -> None:
    mode = made("one-to-one", "numbers", "class")
    asked = [NUMBERS[index % 4] for index in range(66)]
    answers = mode.predict(asked, top=2)
    assert len(answers) == 66
    [alone] = mode.predict([asked[65]], top=2)
    assert [value for value, _ in answers[65].scores] == [value for value, _ in alone.scores]
    close(torch.tensor([chance for _, chance in answers[65].scores]), torch.tensor([p for _, p in alone.scores]))


@pytest.mark.parametrize(("name", "source", "target"), BOTH)
def test_decoding_options_are_refused_by_their_names(name: str, source: str, target: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} answers in one pass and has no decoding options, got beam, stop"):
        made(name, source, target).predict(["a"], beam=2, stop="b")


@pytest.mark.parametrize(("name", "source", "target"), BOTH)
def test_without_an_input_there_is_no_answer(name: str, source: str, target: str) -> None:
    mode = made(name, source, target)
    with pytest.raises(ValueError, match=f"{name} needs an input, got none"):
        mode.loss(Batch(None, None, torch.zeros(1, dtype=torch.long)))
