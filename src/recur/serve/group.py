"""The processes of one server: which of them has which session, and where it listens for the others."""

from __future__ import annotations

import re
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

_NUMBER = re.compile(r"(\d{1,3})-")
_QUEUE = 1024  # connections between processes that wait to be accepted


@dataclass
class Group:
    """The processes of one server.

    Attributes
    ----------
    count : int
        How many there are.
    own : int
        The number of this one, from 0.
    sockets : list of socket
        Where each of them listens for the others.
    """

    count: int
    own: int = 0
    sockets: list[socket.socket] = field(default_factory=list)
    folder: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def listening(cls, count: int) -> Group:
        """A group whose sockets are in a temporary folder that its user alone may open."""
        folder = tempfile.TemporaryDirectory(prefix="recur-serve-")
        sockets = []
        for number in range(count):
            one = socket.socket(socket.AF_UNIX)
            one.bind(str(Path(folder.name) / str(number)))
            one.listen(_QUEUE)
            one.setblocking(False)
            sockets.append(one)
        return cls(count, sockets=sockets, folder=folder)

    def join(self, number: int) -> socket.socket:
        """Become one of the processes; return the socket where the others ask it."""
        self.own = number
        return self.sockets[number]

    def path(self, number: int) -> str:
        """The path of a process's socket."""
        return str(self.sockets[number].getsockname())

    def mark(self) -> str:
        """What the names of this process's sessions begin with."""
        return f"{self.own}-"

    def owner(self, name: str) -> int:
        """The process that has a session, by its name; those of an earlier start are divided in the same way."""
        match = _NUMBER.match(name)
        return int(match[1]) % self.count if match else 0

    def close(self) -> None:
        """Close the sockets and remove them."""
        for one in self.sockets:
            one.close()
        if self.folder is not None:
            self.folder.cleanup()
