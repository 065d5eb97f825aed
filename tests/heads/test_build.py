"""Which head a target codec gets."""

from __future__ import annotations

from typing import Any

import pytest

from recur.codecs import NotesCodec
from recur.heads import build_head
from recur.heads.events import EventHead
from recur.heads.head import Head
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from tests.modes.helpers import codec, small

ROLL: Any = NotesCodec().fit([[[60], [60, 64]]])


@pytest.mark.parametrize(
    ("target", "expected", "metric"),
    [
        (codec("tags"), TagHead, "accuracy"), (codec("class"), SymbolHead, "accuracy"),
        (ROLL, EventHead, "nll_per_frame"),
        (codec("numbers"), NumberHead, "rmse_standardised"), (codec("series"), NumberHead, "rmse"),
    ],
    ids=["tags", "class", "roll", "numbers", "series"],
)  # fmt: skip
def test_the_head_is_that_of_the_values(target: Any, expected: type[Head], metric: str) -> None:
    head = build_head(target, 6, small())
    assert type(head) is expected
    assert head.metric == metric
    assert head.matrix is not None
    assert tuple(head.matrix.weight.shape) == (target.size, 6)


def test_right_answers_are_counted_by_label_for_classes_alone() -> None:
    label = build_head(codec("class"), 6, small())
    assert isinstance(label, SymbolHead)
    assert label.by_class
    tag = build_head(codec("tags"), 6, small())
    assert isinstance(tag, TagHead)
    assert not tag.by_class
