"""Bearer tokens: who may use a server that other machines reach.

    Authorization: Bearer TOKEN                  programs
    Authorization: Basic base64(NAME:TOKEN)      browsers, which ask for a name (any) and a password (the token)

A token is read from a file or from the environment variable `VARIABLE`, never from an argument: the arguments of a
process are visible to every user of a machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from recur.bounded import read_bytes
from recur.errors import ConfigError

VARIABLE = "RECUR_TOKEN"
CHALLENGE = b'Bearer realm="recur", Basic realm="recur", charset="UTF-8"'
SHORTEST, LONGEST = 16, 512  # characters of a token
MOST = 1000  # tokens
_NEW = 'python -c "import secrets; print(secrets.token_urlsafe(32))" > token.txt'


class Tokens:
    """The tokens that a server accepts.

    Parameters
    ----------
    tokens : collection of str
        At least one, of 16 to 512 visible ASCII characters each.

    Raises
    ------
    ConfigError
        For a token that is too short, too long or has other characters; it is not part of the message.

    Examples
    --------
    >>> Tokens(["correct-horse-battery"]).accept("Bearer correct-horse-battery")
    True
    """

    def __init__(self, tokens: Collection[str]) -> None:
        if not 0 < len(tokens) <= MOST:
            raise ConfigError(f"{len(tokens):,} tokens were given, expected 1 to {MOST:,}", hint=_NEW)
        for number, token in enumerate(tokens, 1):
            which = "the token" if len(tokens) == 1 else f"token {number}"
            if not SHORTEST <= len(token) <= LONGEST:
                raise ConfigError(f"{which} has {len(token):,} characters, expected {SHORTEST} to {LONGEST}", hint=_NEW)
            if not all("!" <= character <= "~" for character in token):
                raise ConfigError(f"{which} has characters other than visible ASCII", hint=_NEW)
        # only hashes are kept and compared: they have one length, and a dump of the memory shows no token
        self._digests = [_digest(token.encode()) for token in tokens]

    @classmethod
    def find(cls, file: Path | None) -> Tokens | None:
        """Read the tokens of a file, or of the environment where none is named; None where there is neither.

        Raises
        ------
        ConfigError
            For a file that cannot be read, and for tokens that are not valid.
        """
        if file is not None:
            return cls.read(file)
        value = os.environ.get(VARIABLE)
        if value is None:
            return None
        if not value.strip():
            raise ConfigError(f"the environment variable {VARIABLE} is empty, expected a token", hint=_NEW)
        return cls([value.strip()])

    @classmethod
    def read(cls, file: Path) -> Tokens:
        """Read a file with one token per line; empty lines and lines that start with ``#`` are ignored.

        Raises
        ------
        ConfigError
            For a file that cannot be read, and for tokens that are not valid.
        """
        if not file.exists():
            # the path may be a token that was typed by mistake, so it is not repeated
            raise ConfigError(
                "the file of --token does not exist; --token is the path of a file that contains the token",
                hint=f"{_NEW}; then --token token.txt",
            )
        content = read_bytes(file, MOST * (LONGEST + 2), kind="file with a token", error=ConfigError)
        lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
        return cls([line for line in lines if line and not line.startswith("#")])

    def accept(self, authorization: str) -> bool:
        """Whether the value of an Authorization header has one of the tokens, in constant time."""
        return self.number([authorization]) is not None

    def number(self, values: Sequence[str]) -> int | None:
        """Which token the Authorization headers of a request have, from 1; None unless there is one header with one."""
        if len(values) != 1:
            return None
        digest, found = _digest(_given(values[0])), None
        for number, one in enumerate(self._digests, 1):
            # every token is compared: stopping at the first match would tell which one it is
            if hmac.compare_digest(digest, one):
                found = number
        return found


def readable_by_others(file: Path) -> bool:
    """Whether other users of the machine can read a file."""
    return os.name == "posix" and bool(file.stat().st_mode & 0o007)


def _given(authorization: str) -> bytes:
    """The token in the value of an Authorization header; empty where there is none."""
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value.encode("utf-8", "replace")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
