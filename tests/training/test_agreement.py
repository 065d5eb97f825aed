"""What the processes of a training run agree on."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn

from recur import config_file
from recur.errors import ConfigError, DataError, ReportedElsewhere, TrainingError
from recur.processes.group import ALONE, Processes
from recur.training.agreement import (
    Agreement,
    check_agreement,
    check_same_rows,
    check_same_settings,
    part_of_state,
    whole_state,
)
from tests.processes.threads import in_threads


def test_sums_are_those_of_all_processes_whatever_each_counted() -> None:
    def work(group: Processes) -> list[dict[str, tuple[float, float]]]:
        agreed = Agreement(group)
        each = [{"loss": (1.0, 2.0)}, {"loss": (2.0, 1.0), "accuracy": (1.0, 3.0)}, {}][group.rank]
        first = agreed.update(each, pause=False, seconds=0.0, late=False)
        return [first, agreed.update({"loss": (1.0, 1.0)}, pause=False, seconds=0.0, late=False)]

    assert (
        in_threads(3, work)
        == [[{"accuracy": (1.0, 3.0), "loss": (3.0, 3.0)}, {"accuracy": (0.0, 0.0), "loss": (3.0, 3.0)}]] * 3
    )


def test_a_pause_of_any_process_and_the_clock_of_the_first_hold_for_all() -> None:
    def work(group: Processes) -> tuple[bool, bool, float]:
        agreed = Agreement(group)
        agreed.update({}, pause=group.rank == 1, seconds=1.0 + group.rank, late=group.rank > 0)
        agreed.update({}, pause=False, seconds=1.0 + group.rank, late=group.rank > 0)
        return agreed.pause, agreed.late, agreed.seconds

    assert in_threads(3, work) == [(True, False, 1.0)] * 3


def test_a_carried_state_is_joined_and_divided() -> None:
    def work(group: Processes) -> bool:
        whole = (torch.arange(10.0).view(1, 5, 2),)
        own = part_of_state(whole, group)
        return own[0].shape[1] < 5 and torch.equal(whole_state(own, 5, group)[0], whole[0])

    assert in_threads(3, work) == [True] * 3
    assert whole_state("state", 5, ALONE) == part_of_state("state", ALONE) == "state"


def test_processes_whose_weights_differ_save_nothing() -> None:
    def work(group: Processes) -> None:
        layer = nn.Linear(1, 1)
        nn.init.constant_(layer.weight, float(group.rank == 2))
        nn.init.zeros_(layer.bias)
        check_agreement(layer, group)

    for error in in_threads(3, work):
        assert isinstance(error, TrainingError)
        assert "2 of 3 differ" in error.message


def test_processes_with_other_settings_do_not_train_together() -> None:
    def work(group: Processes) -> None:
        told = {"source": f"on/machine{group.rank}.csv", "threads": 1 + group.rank, "lr": 0.1 if group.rank else 0.2}
        check_same_settings(config_file.from_options(told), group)

    first, second = in_threads(2, work)
    assert isinstance(first, ReportedElsewhere)
    assert isinstance(second, ConfigError)
    assert second.message.endswith("than the first process: training.optimizer.lr is 0.1, there 0.2")


def test_files_and_threads_may_differ_from_machine_to_machine() -> None:
    def work(group: Processes) -> str:
        told = {"source": f"on/machine{group.rank}.csv", "threads": 1 + group.rank}
        check_same_settings(config_file.from_options(told), group)
        return "trains"

    assert in_threads(2, work) == ["trains"] * 2


def test_processes_that_read_other_rows_do_not_train_together() -> None:
    def work(group: Processes) -> None:
        marks = {"train": {"rows": 9, "sample": "a" if group.rank < 2 else "b"}, "dev": {"rows": 1, "sample": "c"}}
        check_same_rows(SimpleNamespace(marks=marks, mode=nn.Linear(1, 1)), group)

    first, second, third = in_threads(3, work)
    assert isinstance(first, ReportedElsewhere)
    assert isinstance(second, ReportedElsewhere)
    assert isinstance(third, DataError)
    assert "9 + 1 rows, but not the same ones" in third.message
