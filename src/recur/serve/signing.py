"""Signed bytes: what a server gave out comes back unchanged, or is refused.

MAGIC, HMAC-SHA256(key, data), data
"""

from __future__ import annotations

import hashlib
import hmac

from recur.errors import DataError

MAGIC = b"recur signed 1\n"
KEY = 32  # bytes
_MAC = hashlib.sha256().digest_size


class Signer:
    """Signs bytes with a key.

    Parameters
    ----------
    key : bytes
        32 random bytes that nobody else has.

    Examples
    --------
    >>> signer = Signer(bytes(32))
    >>> signer.open(signer.sign(b"data"))
    b'data'
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """Return the data with its signature."""
        return MAGIC + self._mac(data) + data

    def open(self, signed: bytes) -> bytes:
        """Return the data of signed bytes.

        Raises
        ------
        DataError
            For bytes that were not signed with this key, or were altered since.
        """
        begin = len(MAGIC) + _MAC
        if not signed.startswith(MAGIC):
            raise DataError("this is not signed: the server signs its snapshots", hint="send the bytes unchanged")
        if not hmac.compare_digest(signed[len(MAGIC) : begin], self._mac(signed[begin:])):
            raise DataError(
                "the signature does not fit: this was altered, or signed by a server with another key",
                hint="send the bytes unchanged, to a server with the same --state folder or a copy of its key",
            )
        return signed[begin:]

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")


def without_key(data: bytes) -> bytes:
    """Return bytes that a server without a key may read.

    Raises
    ------
    DataError
        For signed bytes, whose signature cannot be checked.
    """
    if data.startswith(MAGIC):
        raise DataError("this is signed, and this server has no key to check it", hint="recur serve --state FOLDER")
    return data
