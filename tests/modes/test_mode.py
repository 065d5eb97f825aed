"""What every mode states of itself: its title, what its answers are to, which part is read out and how."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from tests.modes.helpers import build

STATED: list[tuple[str, str | None, str | None, str, str, str, str]] = [
    ("one-to-one", "numbers", "class", "input", "stack", "", ""),
    ("many-to-one", "words", "class", "input", "stack", "mean", "lstm"),
    ("synced", "words", "tags", "steps", "stack", "", "lstm"),
    ("synced", "words", None, "next", "stack", "", "lstm"),
    ("one-to-many", "class", "words", "written", "decoder", "", "lstm"),
    ("many-to-many", "words", "words", "written", "decoder", "", "lstm"),
]


@pytest.mark.parametrize(("name", "source", "target", "answers", "part", "pooling", "cell"), STATED)
def test_a_mode_states_what_it_answers_and_where_it_is_read_out(
    name: str, source: str | None, target: str | None, answers: str, part: str, pooling: str, cell: str
) -> None:
    mode = build(name, source, target, **({"pooling": "mean"} if pooling else {}))
    assert (mode.abilities.answers, mode.read_from.part, mode.read_from.pooling, mode.cell) == (
        answers,
        part,
        pooling,
        cell,
    )
    assert mode.wording.title == (cell or "feed-forward network")
    assert mode.mode is mode
    assert mode.inputs is not None
    assert mode.read_from.places is None
    if not pooling:
        values = torch.zeros(1, 2, dtype=torch.long) if source == "words" else torch.zeros(1, 2)
        assert mode.contributions(values) is None


@pytest.mark.parametrize(
    ("name", "source", "target"), [("one-to-one", "numbers", "class"), ("one-to-many", "class", "words")]
)
def test_a_mode_that_reads_no_sequence_says_so(name: str, source: str, target: str) -> None:
    with pytest.raises(ConfigError, match="reads no sequence"):
        build(name, source, target).read(torch.zeros(1, 2))


@pytest.mark.parametrize(("name", "target"), [("many-to-one", "class"), ("synced", "tags"), ("many-to-many", "words")])
def test_a_mode_that_reads_a_sequence_runs_over_it(name: str, target: str) -> None:
    mode = build(name, "words", target)
    seen: list[torch.Tensor] = []
    assert mode.inputs is not None
    handle = mode.inputs.register_forward_hook(lambda *call: seen.append(call[-1]))
    mode.read(torch.ones(1, 3, dtype=torch.long), torch.tensor([3]))
    handle.remove()
    assert [tuple(one.shape[:2]) for one in seen] == [(1, 3)]
