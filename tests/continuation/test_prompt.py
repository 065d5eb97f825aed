"""The prompt: what it is read as, the state after it, what may follow."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.continuation import prompt
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.nn import flat_state
from tests.continuation.models import model
from tests.modes.helpers import build
from tests.tolerances import close

PAD, UNKNOWN, BEGINNING, END = range(4)


def test_what_a_prompt_is_read_as() -> None:
    bos, eos = 2, 3
    assert prompt.prompt_ids(model(), "").tolist() == [bos]
    assert prompt.prompt_ids(model(stream=True), "").tolist() == [eos]
    words = model(stream=True)
    assert prompt.prompt_ids(words, "the").tolist() == [eos, *words.target_codec.encode("the").tolist()]
    for kind in ("characters", "subwords"):
        mode = model(kind, stream=True)
        assert prompt.prompt_ids(mode, "").tolist() == mode.target_codec.encode("\n").tolist()
        assert prompt.prompt_ids(mode, "the").tolist() == mode.target_codec.encode("\nthe").tolist()
    tags = model("tags", stream=True)
    assert prompt.prompt_ids(tags, []).tolist() == [tags.target_codec.size]


@pytest.mark.parametrize("prompts", [["the", "the cat sat", ""], ["a dog"]], ids=len)
def test_all_of_a_prompt_but_its_last_symbol_is_read(prompts: list[str]) -> None:
    mode = model().eval()
    ids = [prompt.prompt_ids(mode, one) for one in prompts]
    last, state = prompt.read(mode, ids)
    assert last.tolist() == [one[-1] for one in ids]
    for row, one in enumerate(ids):
        _, alone = mode.run(torch.from_numpy(one[None]), lengths=torch.tensor([len(one) - 1]))
        for actual, expected in zip(flat_state(state), flat_state(alone), strict=True):
            close(actual[:, row], expected[:, 0], prompts[row])


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no prompt to read") as caught:
        prompt.read(model(), [])
    assert caught.value.hint == 'give at least one, "" is one'


@pytest.mark.parametrize(
    ("kind", "stream", "end", "never"),
    [
        ("words", False, END, (PAD, BEGINNING)), ("words", True, None, (PAD, BEGINNING)),
        ("characters", True, None, (PAD, BEGINNING, END)), ("tags", False, 5, (4,)), ("tags", True, None, (4, 5)),
    ],
)  # fmt: skip
def test_what_ends_an_answer_and_what_is_never_in_one(
    kind: str, stream: bool, end: int | None, never: tuple[int, ...]
) -> None:
    assert prompt.endings(model(kind, stream=stream)) == (end, never)


def test_a_model_of_something_else_has_no_vocabulary() -> None:
    mode = build("synced", "series", None)
    with pytest.raises(ConfigError, match="does not predict the next symbol"):
        prompt.vocabulary(mode)


@pytest.mark.parametrize(("unknown", "left_out"), [(False, [PAD, UNKNOWN, BEGINNING]), (True, [PAD, BEGINNING])])
def test_what_may_not_follow_is_impossible(unknown: bool, left_out: list[int]) -> None:
    mode = model()
    rules = prompt.constraints(mode, ["the"], Decoding(unknown=unknown), None)
    assert sorted(rules.forbid) == left_out


def test_the_symbols_of_a_prompt_count_as_written_and_a_prefix_is_that_of_every_row() -> None:
    mode = model()
    own = mode.target_codec
    rules = prompt.constraints(mode, ["the cat", "a"], Decoding(prefix="dog ran", no_repeat_ngram=2), None)
    assert [list(one) for one in rules.before] == [own.encode("the cat").tolist(), own.encode("a").tolist()]
    assert rules.prefix is not None
    np.testing.assert_array_equal(rules.prefix, np.tile(own.encode("dog ran"), (2, 1)))
