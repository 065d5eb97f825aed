"""What processes do together: sums, gradients, agreement, and errors that are reported once."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recur.errors import DataError, ReportedElsewhere
from recur.processes.group import ALONE, Processes
from tests.processes.threads import in_threads


def test_gradients_are_added_and_a_weight_that_none_reaches_has_none() -> None:
    def work(group: Processes) -> tuple[list[list[float] | None], float]:
        weights = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))]
        weights[0].grad = torch.full((2,), float(group.rank + 1))
        if group.rank == 1:
            weights[1].grad = torch.tensor([5.0])
        value = group.add_gradients(weights, torch.tensor(0.5))
        return [None if one.grad is None else one.grad.tolist() for one in weights], float(value)

    assert in_threads(3, work) == [([[6.0, 6.0], [5.0], None], 1.5)] * 3


def test_the_next_update_does_not_change_gradients_that_were_added_before() -> None:
    def work(group: Processes) -> list[float]:
        weight = nn.Parameter(torch.zeros(2))
        found = []
        for update in (1.0, 10.0):
            weight.grad = torch.full((2,), update)
            group.add_gradients([weight], torch.tensor(0.0))
            found += weight.grad.tolist()
        return found

    assert in_threads(2, work) == [[2.0, 2.0, 20.0, 20.0]] * 2


def test_only_the_first_process_does_the_work_that_is_led() -> None:
    done: list[int] = []

    def work(group: Processes) -> str:
        return group.lead(lambda: f"by {group.rank}" if not done.append(group.rank) else "")

    assert in_threads(3, work) == ["by 0"] * 3
    assert done == [0]


def test_an_error_of_led_work_is_reported_by_the_first_process_alone() -> None:
    def work(group: Processes) -> None:
        def fail() -> None:
            raise DataError("no such file")

        group.lead(fail)

    first, *others = in_threads(3, work)
    assert isinstance(first, DataError)
    assert all(isinstance(one, ReportedElsewhere) for one in others)


def test_of_errors_in_work_that_all_do_the_lowest_rank_reports_its_own() -> None:
    def work(group: Processes) -> None:
        with group.together():
            if group.rank:
                raise DataError(f"of {group.rank}")

    first, second, third = in_threads(3, work)
    assert isinstance(first, ReportedElsewhere)
    assert isinstance(second, DataError)
    assert isinstance(third, ReportedElsewhere)
    assert in_threads(2, lambda group: group.any(group.rank == 1)) == [True, True]
    assert in_threads(2, lambda group: group.any(False)) == [False, False]


def test_the_first_process_of_another_machine_repeats_the_message() -> None:
    def work(group: Processes) -> None:
        with group.together():
            if group.rank == 2:
                raise DataError("there is no file", hint="copy it")

    first, second, third, fourth = in_threads(4, work, each=2)
    assert isinstance(first, ReportedElsewhere)
    assert first.told == "rank 2 of 4 processes: there is no file\nhint: copy it"
    assert isinstance(third, DataError)
    assert [one.told for one in (second, fourth) if isinstance(one, ReportedElsewhere)] == [None, None]

    def led(group: Processes) -> None:
        group.lead(lambda: [][1])

    told = [one.told for one in in_threads(4, led, each=2) if isinstance(one, ReportedElsewhere)]
    assert told == [None, "rank 0 of 4 processes: list index out of range", None]


def test_weights_and_buffers_of_the_first_process_are_those_of_all() -> None:
    def work(group: Processes) -> list[float]:
        module = nn.Linear(1, 1)
        module.register_buffer("count", torch.tensor(group.rank + 3))
        nn.init.constant_(module.weight, group.rank)
        nn.init.constant_(module.bias, group.rank)
        group.send_weights(module)
        return [one.item() for one in (module.weight, module.bias, module.count)]

    assert in_threads(3, work) == [[0.0, 0.0, 3.0]] * 3


def test_a_group_says_how_many_it_is() -> None:
    assert in_threads(2, lambda group: group.describe()) == ["2 processes x 1 thread, threads"] * 2


def test_one_process_alone_shares_nothing() -> None:
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.ones(1)
    assert ALONE.alone
    assert ALONE.leads
    assert ALONE.share(5) is None
    assert ALONE.describe() == ""
    assert ALONE.gather("x") == ["x"]
    assert float(ALONE.add_gradients([weight], torch.tensor(2.0))) == 2.0
    assert weight.grad.tolist() == [1.0]
    with pytest.raises(DataError), ALONE.together():
        raise DataError("as it is")
