"""Raw values in requests: the contents of pictures, sounds, videos and MIDI files, never a path.

A codec that reads files gets their contents, ``data:image/png;base64,...`` as browsers make it, or numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from recur.cancellation import CancelledError
from recur.codecs import Codec
from recur.errors import RecurError
from recur.serve.problems import RequestError

_log = logging.getLogger(__name__)


def raw(codec: Codec | None, value: Any) -> Any:
    """The raw value for a codec from the JSON of a request; a mapping is read column by column.

    Raises
    ------
    RequestError
        400 for a path, or for data that cannot be decoded.
    """
    if codec is None:
        return value
    if isinstance(value, Mapping):
        return {name: raw(codec, one) for name, one in value.items()}
    with reading(codec):
        return codec.from_json(value)


@contextmanager
def reading(codec: Codec | None) -> Iterator[None]:
    """Report any failure while an input is read as an error of the input.

    Raises
    ------
    RequestError
        400, with what the network reads.
    """
    try:
        yield
    except RecurError as error:
        raise RequestError.of(error) from None
    except (RequestError, CancelledError, MemoryError):
        raise
    except Exception as error:
        kind = "no input" if codec is None else codec.describe()
        _log.info("an input could not be read as %s", kind, exc_info=error)
        reason = " ".join(str(error).split())[:200]
        raise RequestError(400, f"the input cannot be read: {reason or type(error).__name__}", f"send {kind}") from None
