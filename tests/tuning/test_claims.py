"""Which trial a process takes: its own that was interrupted, never one that is alive."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from recur.tuning import claims
from recur.tuning.claims import claim, is_counted
from tests.tuning.studies import plan, stored


def test_an_interrupted_trial_is_continued_with_its_values_and_a_live_one_is_not(tmp_path: Path) -> None:
    first, second = stored(tmp_path), stored(tmp_path)
    with ExitStack() as held, ExitStack() as others:
        one = claim(first, tmp_path, shared=False, held=held)
        two = claim(second, tmp_path, shared=False, held=others)
        assert one is not None
        assert two is not None
        assert (one.number, one.resumed, two.number, two.resumed) == (0, False, 1, False)
        held.close()
        again = claim(second, tmp_path, shared=False, held=others)
        assert again is not None
        assert (again.number, again.resumed, again.values) == (0, True, one.values)


def test_no_more_trials_are_begun_than_were_asked_for(tmp_path: Path) -> None:
    storage = stored(tmp_path, plan(trials=2))
    with ExitStack() as held:
        assert [bool(claim(storage, tmp_path, shared=False, held=held)) for _ in range(3)] == [True, True, False]


def test_a_silent_trial_of_another_machine_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    storage = stored(tmp_path, plan(trials=1))
    with monkeypatch.context() as patched, ExitStack() as held:
        patched.setattr(socket, "gethostname", lambda: "another")
        assert claim(storage, there, shared=True, held=held)
    with ExitStack() as held:
        assert claim(storage, here, shared=True, held=held) is None
        monkeypatch.setattr(claims, "SILENCE", 0.0)
        taken = claim(storage, here, shared=True, held=held)
        assert taken is not None
        assert taken.number == 1
    lost, _ = storage.trials()
    assert not is_counted(lost)
    assert lost.user_attrs["reason"] == "no sign of life from another"
