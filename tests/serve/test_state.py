"""The state of the server: networks by name, and the limits of one request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi")
from recur.model import Model
from recur.serve import Limits
from recur.serve.problems import RequestError
from recur.serve.state import State


@pytest.fixture
def state(models: dict[str, Model]) -> Iterator[State]:
    """Two networks with small limits."""
    state = State({name: models[name] for name in ("lines", "reviews")}, Limits(rows=4, length=50, seconds=0.05))
    yield state
    state.stop()


def test_a_network_is_found_by_its_name_and_a_mistyped_name_is_corrected(state: State) -> None:
    assert state.find("lines").name == "lines"
    with pytest.raises(RequestError, match='Did you mean "lines"') as caught:
        state.find("line")
    assert caught.value.status == 404


def test_a_name_is_optional_for_a_single_network_alone(state: State, models: dict[str, Model]) -> None:
    with pytest.raises(RequestError, match="there are 2 networks") as caught:
        state.find(None)
    assert caught.value.status == 400
    single = State({"lines": models["lines"]}, Limits())
    assert single.find(None).name == "lines"
    single.stop()


@pytest.mark.parametrize(("count", "status"), [(0, 400), (5, 413)])
def test_the_number_of_inputs_is_limited(state: State, count: int, status: int) -> None:
    state.check_rows(4)
    with pytest.raises(RequestError) as caught:
        state.check_rows(count)
    assert caught.value.status == status


def test_the_number_of_symbols_is_limited(state: State) -> None:
    assert state.check_length(None, 20) == 20
    assert state.check_length(50, 20) == 50
    with pytest.raises(RequestError, match="51 symbols were requested; at most 50") as caught:
        state.check_length(51, 20)
    assert caught.value.status == 413


def test_an_answer_that_takes_too_long_is_an_error(state: State) -> None:
    async def answer(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert asyncio.run(state.in_time(answer(0))) == "done"
    with pytest.raises(RequestError, match="no answer within 0.05 s") as caught:
        asyncio.run(state.in_time(answer(5)))
    assert caught.value.status == 504
