"""Events that happen together: the likelihood of a frame, its accuracy, how frames are chosen and drawn."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from recur.codecs import NotesCodec
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.heads.events import EventHead, chooser, likeliest
from tests.modes.helpers import small
from tests.tolerances import DRAWN, agree, close


def rolls() -> NotesCodec:
    codec = NotesCodec()
    codec.fit([[[60], [60, 64]]])
    return codec


def head() -> EventHead:
    torch.manual_seed(0)
    return EventHead(rolls(), 3, small()).double().eval()


def fixed(*logits: float) -> EventHead:
    """A head whose z is the same for every vector: those that are named, and -1000 for all other keys."""
    made = head()
    assert made.readout.bias is not None
    with torch.no_grad():
        made.readout.weight.zero_()
        made.readout.bias.fill_(-1000.0)[: len(logits)] = torch.tensor(logits)
    return made


def frame(*keys: int) -> torch.Tensor:
    found = torch.zeros(1, 88, dtype=torch.float64)
    found[0, list(keys)] = 1
    return found


def test_the_first_guess_is_how_often_each_key_sounds() -> None:
    # the shares are single precision
    close(torch.sigmoid(head().readout.bias).detach().float(), torch.tensor(rolls().events.share, dtype=torch.float32))


def test_the_likelihood_of_all_frames_sums_to_one() -> None:
    made, vector = fixed(0.3, -1.2, 2.0), torch.zeros(1, 3, dtype=torch.float64)
    frames = [frame(*keys) for size in range(4) for keys in itertools.combinations(range(3), size)]
    errors = [made.error(vector, one, None)[0].item() for one in frames]
    assert sum(math.exp(-error) for error in errors) == pytest.approx(1.0)


def test_the_accuracy_of_frames_leaves_out_keys_that_neither_side_has() -> None:
    # guessed: 0 and 2; true: 0 and 1
    _, sums = fixed(1.0, -1.0, 1.0).error(torch.zeros(1, 3, dtype=torch.float64), frame(0, 1), None)
    assert sums["frame_accuracy"] == (1.0, 3.0)
    metrics = head().summary(sums)
    assert metrics["frame_accuracy"] == pytest.approx(1 / 3)
    assert metrics["nll_per_frame"] == metrics["loss"] == pytest.approx(sums["loss"][0])


def test_a_key_sounds_above_a_half_only() -> None:
    assert likeliest(torch.tensor([[-0.1, 0.0, 0.1]])).tolist() == [[0.0, 0.0, 1.0]]


def test_scores_are_log_probabilities_also_of_keys_that_nearly_never_sound() -> None:
    made, vector = fixed(0.0, 3.0), torch.zeros(1, 3, dtype=torch.float64)
    expected = torch.tensor([[-math.log1p(math.exp(-3.0)), -math.log(2.0), -1000.0]], dtype=torch.float64)
    close(made.scores(vector, [1, 0, 2]).detach(), expected)


def test_options_are_the_likeliest_keys_and_the_one_that_is_asked_for_counts_among_them() -> None:
    made, codec = fixed(0.0, 3.0, -1.0), rolls()
    vectors, names = torch.zeros(1, 3, dtype=torch.float64), codec.column_names()
    assert [one.label for one in made.options(vectors, 0, codec, 2)] == [names[1], names[0]]
    assert [one.target for one in made.options(vectors, 0, codec, 2, first=2)] == [2, 1]
    assert made.options(vectors, 0, codec, 1)[0].probability == pytest.approx(1 / (1 + math.exp(-3.0)))


def test_the_truth_of_a_key_is_the_answer_with_it() -> None:
    answer = np.array([0.0, 1.0, 0.0])
    assert head().truth(answer, 2).tolist() == [0.0, 1.0, 1.0]
    assert answer.tolist() == [0.0, 1.0, 0.0]


def test_frames_are_drawn_with_the_probabilities_of_their_keys() -> None:
    logits = torch.logit(torch.tensor([[0.1, 0.5, 0.9]])).expand(4000, 3)
    choose = chooser(Decoding(temperature=1.0, seed=3))
    agree(choose(logits).mean(0), [0.1, 0.5, 0.9], DRAWN)
    cold = chooser(Decoding(temperature=0.1, seed=3))(logits).mean(0).numpy()
    assert cold[0] < 0.01
    assert cold[2] > 0.99


def test_without_a_temperature_the_likeliest_frame_is_chosen_and_the_same_seed_draws_the_same() -> None:
    assert chooser(Decoding()) is likeliest
    logits = torch.zeros(5, 88)
    first, again = (chooser(Decoding(temperature=1.0, seed=8))(logits) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, chooser(Decoding(temperature=1.0, seed=9))(logits))


@pytest.mark.parametrize("option", [{"beam": 2}, {"temperature": 1.0, "top_k": 3}, {"temperature": 1.0, "top_p": 0.5}])
def test_an_option_of_symbols_is_refused(option: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{[*option][-1]} chooses among symbols, and a frame is many keys at once"):
        chooser(Decoding(**option))


def test_smoothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="this target is frames"):
        head().error(torch.zeros(1, 3, dtype=torch.float64), frame(0), None, label_smoothing=0.1)
