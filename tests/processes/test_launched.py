"""The place of a process, from the variables of a launcher."""

from __future__ import annotations

import pytest

from recur.errors import ConfigError
from recur.processes.launched import Place, leads, place, share, starts_processes

LAUNCHED = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "a",
    "MASTER_PORT": "1",
}


def test_place_is_what_the_launcher_says() -> None:
    assert place({**LAUNCHED, "TORCHELASTIC_RESTART_COUNT": "2"}) == Place(3, 4, 1, 2, 2)


def test_one_process_has_no_place() -> None:
    assert place({}) is None
    assert place({**LAUNCHED, "RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}) is None
    # a scheduler may set some of the names without starting a group
    assert place({"RANK": "0", "WORLD_SIZE": "8"}) is None


@pytest.mark.parametrize(
    "wrong", [{"RANK": "4"}, {"RANK": "x"}, {"WORLD_SIZE": ""}, {"LOCAL_RANK": "2"}, {"MASTER_PORT": "x"}]
)
def test_contradictory_variables_are_refused_with_their_values(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="RANK="):
        place({**LAUNCHED, **wrong})


@pytest.fixture
def _launched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LAUNCHED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_launched")
def test_a_launched_process_starts_no_others() -> None:
    assert not leads()
    assert not starts_processes(None)
    assert not starts_processes(4)
    with pytest.raises(ConfigError, match="started 4 processes"):
        starts_processes(2)


def test_a_command_starts_as_many_processes_as_it_is_told() -> None:
    assert leads()
    assert [starts_processes(count) for count in (None, 1, 2)] == [False, False, True]
    with pytest.raises(ConfigError, match="at least 1"):
        starts_processes(0)


@pytest.mark.parametrize(("rank", "count"), [("2", "2"), ("-1", "2"), ("x", "2")])
def test_a_rank_that_is_none_is_refused(rank: str, count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", count)
    with pytest.raises(ConfigError, match="expected a rank below"):
        share()
