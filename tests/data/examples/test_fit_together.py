"""Two functions over examples that are read once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from recur.data.examples.examples import Example
from recur.data.examples.fit_together import each, fed_together

EXAMPLES = [Example(place, -place, f"a.csv:{place}") for place in range(5000)]


def _sum(side: int) -> object:
    return lambda examples: sum(example[side] for example in examples)


def test_both_get_every_example_and_the_second_the_rest_too() -> None:
    read: list[int] = []

    def once() -> Iterator[Example]:
        for example in EXAMPLES:
            read.append(example.input)
            yield example

    rest = [Example(0, -7, "b.csv:1")] * 3
    own, other = fed_together(once(), lambda: iter(rest), _sum(0), _sum(1))
    assert (own, other) == (sum(range(5000)), -sum(range(5000)) - 21)
    assert read == list(range(5000))


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("place", [0, 4999])
def test_the_error_of_either_is_raised_and_no_thread_is_left(side: int, place: int) -> None:
    def fail(examples: Iterator[Example]) -> None:
        for example in examples:
            if example.input == place:
                raise ValueError(f"at {example.where}")

    functions = [_sum(0), _sum(1)]
    functions[side] = fail
    with pytest.raises(ValueError, match=f"at a.csv:{place}"):
        fed_together(each(EXAMPLES), lambda: iter(()), *functions)
    assert "recur-fit" not in {thread.name for thread in threading.enumerate()}


def test_a_function_that_stops_early_does_not_stop_the_other() -> None:
    own, other = fed_together(each(EXAMPLES), lambda: iter(()), _sum(0), next)
    assert (own, other) == (sum(range(5000)), EXAMPLES[0])
