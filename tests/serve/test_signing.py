"""Signed bytes come back unchanged, or are refused."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from recur.errors import DataError
from recur.serve.signing import MAGIC, Signer, without_key


def test_any_altered_byte_is_refused() -> None:
    signer = Signer(bytes(range(32)))
    signed = signer.sign(b"some data")
    assert signer.open(signed) == b"some data"
    for place in range(len(signed)):
        altered = bytearray(signed)
        altered[place] ^= 1
        with pytest.raises(DataError, match="signature does not fit|is not signed"):
            signer.open(bytes(altered))
    for length in range(len(signed)):
        with pytest.raises(DataError):
            signer.open(signed[:length])


def test_another_key_and_no_key_are_refused() -> None:
    signed = Signer(bytes(32)).sign(b"some data")
    with pytest.raises(DataError, match="another key"):
        Signer(b"x" * 32).open(signed)
    with pytest.raises(DataError, match="has no key"):
        without_key(signed)
    assert without_key(b"plain") == b"plain"
    assert signed.startswith(MAGIC)
