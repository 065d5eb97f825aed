"""Which process has a session."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from recur.serve.group import Group

if not hasattr(socket, "AF_UNIX"):
    pytest.skip("this system has no UNIX sockets", allow_module_level=True)


@pytest.mark.parametrize(
    ("name", "owner"), [("0-abc", 0), ("2-abc", 2), ("5-abc", 2), ("abc", 0), ("-abc", 0), ("1x-", 0), ("", 0)]
)
def test_the_number_in_a_name_tells_the_process_whatever_their_number_was(name: str, owner: int) -> None:
    assert Group(3).owner(name) == owner


def test_the_names_of_a_process_are_its_own() -> None:
    group = Group(4)
    for number in range(4):
        group.own = number
        assert group.owner(group.mark() + "7-k") == number


def test_the_sockets_are_in_a_folder_of_the_user_alone_and_are_removed() -> None:
    group = Group.listening(2)
    path = Path(group.path(1))
    assert path.is_socket()
    assert path.parent.stat().st_mode & 0o077 == 0
    group.close()
    assert not path.parent.exists()
