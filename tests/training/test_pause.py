"""The first signal asks, the second acts."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from recur.training.pause import Interrupted, Paused, on_interrupt


def test_first_interrupt_asks_and_second_stops() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted), on_interrupt() as request:  # noqa: PT012  # the first changes the second
        os.kill(os.getpid(), signal.SIGINT)
        assert request.is_set
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_are_left_alone() -> None:
    found = []

    def work() -> None:
        with on_interrupt() as request:
            found.append(request.is_set)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_message_says_how_to_go_on() -> None:
    said = str(Paused(Path("runs/a"), step=1200, epoch=2, command="recur train x.csv --out runs/a"))
    assert (
        said
        == "paused after 1,200 updates, in epoch 3; saved in runs/a\nhint: resume with: recur train x.csv --out runs/a"
    )
    assert "nothing was saved" in str(Paused(None, step=1, epoch=0))
