"""What a user can say about an answer that is written: how it begins, where it ends, and to have it item by item."""

from __future__ import annotations

from typing import Any

import pytest

from recur import continuation
from recur.errors import ConfigError
from recur.modes import Mode
from tests.modes.helpers import SERIES, TEXTS, build, rows, train

WRITING = [
    ("one-to-many", "class", "characters", "yes", "the c"),
    ("one-to-many", "class", "words", "yes", "a dog"),
    ("one-to-many", "class", "tags", "yes", ["D", "N"]),
    ("many-to-many", "words", "characters", TEXTS[0], "the c"),
    ("many-to-many", "words", "subwords", TEXTS[0], "the c"),
    ("many-to-many", "characters", "tags", TEXTS[0], ["D", "N"]),
    ("synced", "characters", None, "the", " cat"),
    ("synced", "words", None, "the", "cat sat"),
    ("synced", "tags", None, ["D"], ["N", "V"]),
]
SHORT = [(one[0], one[1], one[2], one[3]) for one in WRITING]


def made(name: str, source: str, target: str | None) -> Mode:
    mode = build(name, source, target)
    train(mode, rows(source, target), steps=10)
    return mode


@pytest.mark.parametrize(("name", "source", "target", "given", "prefix"), WRITING)
@pytest.mark.parametrize("how", [{}, {"beam": 3}, {"temperature": 1.0, "seed": 1}])
def test_a_prefix_is_kept_in_every_mode(
    name: str, source: str, target: str | None, given: Any, prefix: Any, how: dict[str, Any]
) -> None:
    for answer in continuation.predict(made(name, source, target), [given, given], prefix=prefix, length=12, **how):
        assert answer.value[: len(prefix)] == prefix


@pytest.mark.parametrize(
    "how", [{}, {"temperature": 1.0, "seed": 3}, {"no_repeat_ngram": 2}, {"repetition_penalty": 1.3}]
)
@pytest.mark.parametrize(("name", "source", "target", "given"), SHORT)
def test_items_that_are_streamed_make_the_answer(
    name: str, source: str, target: str | None, given: Any, how: Any
) -> None:
    mode = made(name, source, target)
    [answer] = continuation.predict(mode, [given], length=12, **how)
    pieces = list(continuation.generate(mode, given, length=12, **how))
    joined = pieces if isinstance(answer.value, list) else "".join(pieces)
    # of words only what stands before says whether a space comes first
    assert (joined.lstrip(" ") if isinstance(joined, str) and source == "words" else joined) == answer.value


@pytest.mark.parametrize(("name", "source", "target", "given"), SHORT)
def test_a_stop_cuts_the_answer_there(name: str, source: str, target: str | None, given: Any) -> None:
    mode = made(name, source, target)
    [whole] = continuation.predict(mode, [given], length=12)
    if len(whole.value) < 2:
        pytest.skip("this network ends at once")
    middle = whole.value[len(whole.value) // 2]
    [cut] = continuation.predict(mode, [given], length=12, stop=middle)
    place = whole.value.index(middle)
    assert cut.value == whole.value[:place]
    pieces = list(continuation.generate(mode, given, length=12, stop=middle))
    joined = pieces if isinstance(cut.value, list) else "".join(pieces)
    assert (joined.strip() if isinstance(joined, str) else joined) == (
        cut.value.strip() if isinstance(cut.value, str) else cut.value
    )


@pytest.mark.parametrize("name", ["one-to-many", "many-to-many"])
def test_numbers_are_streamed_and_begin_with_the_prefix(name: str) -> None:
    source = "class" if name == "one-to-many" else "series"
    mode = build(name, source, "series")
    given = "yes" if source == "class" else SERIES[0]
    [plain] = continuation.predict(mode, [given], length=4)
    assert list(continuation.generate(mode, given, length=4)) == pytest.approx(plain.value)
    [told] = continuation.predict(mode, [given], length=4, prefix=[1.0, 3.0])
    assert told.value[:2] == pytest.approx([1.0, 3.0])
    assert told.value[2:] != pytest.approx(plain.value[2:])
    assert list(continuation.generate(mode, given, length=4, prefix=[1.0, 3.0])) == pytest.approx(told.value)


@pytest.mark.parametrize("option", [{"stop": "x"}, {"no_repeat_ngram": 2}, {"repetition_penalty": 1.5}])
def test_numbers_have_no_symbols_to_choose_among(option: dict[str, Any]) -> None:
    for name, source, target in (("many-to-many", "series", "series"), ("synced", "series", None)):
        with pytest.raises(ConfigError, match="chooses among symbols, and this network writes numbers"):
            continuation.predict(build(name, source, target), SERIES[:1], length=2, **option)


def test_a_series_that_goes_on_has_no_prefix() -> None:
    with pytest.raises(ConfigError, match="a series continues what it is given"):
        continuation.predict(build("synced", "series", None), SERIES[:1], length=2, prefix=[1.0])


@pytest.mark.parametrize(("name", "source", "target"), [("many-to-one", "words", "class"), ("synced", "words", "tags")])
def test_a_mode_that_answers_in_one_pass_writes_nothing_item_by_item(name: str, source: str, target: str) -> None:
    with pytest.raises(ConfigError, match="answers in one pass"):
        list(continuation.generate(build(name, source, target), TEXTS[0]))


@pytest.mark.parametrize(("name", "source"), [("one-to-many", "class"), ("many-to-many", "words")])
def test_a_beam_is_not_streamed(name: str, source: str) -> None:
    with pytest.raises(ConfigError, match="a beam of 2 has its answer only at the end"):
        next(iter(continuation.generate(build(name, source, "words"), "yes", beam=2)))


def test_candidates_carry_what_they_are_ordered_by() -> None:
    mode = made("many-to-many", "words", "tags")
    [answer] = continuation.predict(mode, TEXTS[:1], beam=4, top=4)
    assert answer.ranks is not None
    assert answer.ranks == sorted(answer.ranks, reverse=True)
    assert len(answer.ranks) == len(answer.scores) == 4
