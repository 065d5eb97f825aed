"""Joining the other processes: what a process says that was started alone, or in the wrong place."""

from __future__ import annotations

import socket

import pytest

from recur.cli.app import MISUSED, main
from recur.errors import TrainingError
from recur.processes.joining import joined
from tests.processes.together import environment, free_port


def alone(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Set the variables of the first of two processes, of which the second does not come."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, environment(0, 2, port)[name])


def test_a_process_whose_partner_does_not_come_says_how_many_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch, free_port())
    with (
        pytest.raises(TrainingError, match="rank 0 of 2 processes, and the others did not join") as error,
        joined("cpu", 1, 1.0),
    ):
        pass
    assert "WORLD_SIZE" in (error.value.hint or "")


def test_a_port_that_is_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        alone(monkeypatch, port)
        with pytest.raises(TrainingError, match=f"port {port} of this machine is in use"), joined("cpu", 1, 1.0):
            pass


def test_contradictory_variables_are_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone(monkeypatch, 1)
    monkeypatch.setenv("RANK", "x")
    assert main(["train", "no-such-file.csv"]) == MISUSED
    first, second = capsys.readouterr().err.splitlines()
    assert "RANK='x'" in first
    assert second.startswith("hint: start with torchrun")
