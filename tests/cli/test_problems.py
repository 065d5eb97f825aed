"""Which exceptions are the user's to fix, and in which words."""

from __future__ import annotations

import errno

import pytest

from recur.cli import main
from recur.cli.problems import describe


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError("Unable to allocate 7 TiB"), "more memory than is available (Unable to allocate 7 TiB)"),
        (MemoryError(), "more memory than is available"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            "you tried to allocate 9 bytes",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files"),
        (OSError(errno.ENOSPC, "No space left on device", "a.bin"), "a.bin: no space left on device"),
    ],
)
def test_a_full_memory_or_disk_is_the_users_to_fix(error: Exception, said: str) -> None:
    message, hint, expected = describe(error)
    assert said in message
    assert expected
    assert hint or "a.bin" in message
    assert "a bug in recur" not in message


@pytest.mark.parametrize("error", [TypeError("x"), RuntimeError("x"), KeyError("x"), OSError("x")])
def test_an_error_of_ours_is_said_to_be_one(error: Exception) -> None:
    message, _, expected = describe(error)
    assert "a bug in recur" in message
    assert not expected


def test_a_number_below_zero_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "RUN", "-1.5 2"]) == 2
    shown = capsys.readouterr().err
    assert '"-1.5 2" begins with a minus sign' in shown
    assert 'recur predict RUN -- "-1.5 2"' in shown
