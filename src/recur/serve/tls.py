"""TLS: a certificate and its key from PEM files, checked before a network is loaded."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from recur.bounded import regular
from recur.errors import ConfigError

_NEW = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
    "-keyout key.pem -out cert.pem"
)


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the context of a server with this certificate (chain) and key; None without files.

    Parameters
    ----------
    cert : Path or None
        PEM file with the certificate, followed by those of its issuers.
    key : Path or None
        PEM file with the private key, without a password; by default it is in ``cert``.

    Raises
    ------
    ConfigError
        For files that cannot be read, have no certificate or key, or do not belong together.
    """
    if cert is None:
        if key is not None:
            raise ConfigError("--tls-key is given without --tls-cert", hint=f"--tls-cert cert.pem --tls-key {key}")
        return None
    regular(cert, kind="PEM file with a certificate", error=ConfigError, hint=_NEW)
    if key is not None:
        regular(key, kind="PEM file with a private key", error=ConfigError, hint=_NEW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # a client that renegotiates again and again costs the server more than itself
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    load(context, cert, key)
    return context


class Renewal:
    """Loads a certificate again after its files changed, as programs that renew certificates change them.

    Connections that are open keep the certificate that they began with.

    Parameters
    ----------
    context : SSLContext
        Of the server.
    cert : Path
    key : Path or None
        As for `tls_context`.
    note : callable
        Told, in a sentence, what was loaded or refused.
    """

    def __init__(self, context: ssl.SSLContext, cert: Path, key: Path | None, note: Callable[[str], None]) -> None:
        self.context = context
        self._cert, self._key, self._note = cert, key, note
        self._loaded = self._seen = self._mark()

    def look(self) -> None:
        """Load the files if they changed, and not since the last look: two files are not replaced at one moment."""
        mark, before = self._mark(), self._seen
        self._seen = mark
        if mark == self._loaded or mark != before:
            return
        self._loaded = mark
        try:
            # a context that refuses a key has its certificate already: try with another one first
            tls_context(self._cert, self._key)
            load(self.context, self._cert, self._key)
        except ConfigError as error:
            self._note(f"{self._cert} changed and is not loaded, the previous certificate stays: {error.message}")
            return
        self._note(f"{self._cert} changed and was loaded again")

    def _mark(self) -> tuple[object, ...]:
        """What tells that the files changed, without reading them."""
        files = [self._cert] if self._key is None else [self._cert, self._key]
        marks: list[object] = []
        for file in files:
            try:
                found = file.stat()
            except OSError:  # it is being replaced
                marks.append(None)
            else:
                marks.append((found.st_ino, found.st_size, found.st_mtime_ns))
        return tuple(marks)


def load(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    """Load a certificate and its key into a context; later connections use them.

    Raises
    ------
    ConfigError
        For files that have no certificate or key, or do not belong together.
    """
    where = key or cert
    try:
        context.load_cert_chain(cert, key, password=lambda: _refuse_password(where))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"the key in {where} does not belong to the certificate in {cert}", hint=_NEW) from None
        expected = f"{cert} a certificate and {where} a private key"
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise ConfigError(
            f"the certificate cannot be loaded ({reason}), expected in {expected}, as PEM", hint=_NEW
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"the certificate {cert} with the key {where} cannot be loaded: {error}", hint=_NEW) from None


def _refuse_password(key: Path) -> str:
    raise ConfigError(
        f"the key in {key} is encrypted with a password, which a server without a terminal cannot ask for",
        hint=f"openssl pkey -in {key} -out key.pem",
    )
