"""The JSON of a request, read strictly and outside the event loop.

Refused, each with a sentence: a body that is compressed or not UTF-8, half of a character (a surrogate alone, which
JSON can write and UTF-8 cannot), a key that is given twice, NaN and Infinity, numbers beyond a double, more than
`DEPTH` levels, more than `VALUES` values. The parser holds Python's lock while it
runs, so the number of values is bounded before it starts, by the commas and brackets in the body.
"""

from __future__ import annotations

import email.message
import gc
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from recur.bounded import repeated_key
from recur.serve.problems import RequestError
from recur.serve.worker import Worker

DEPTH = 64
VALUES = 200_000
KEYS = 64  # of the body itself
AT_ONCE = 20_000  # bytes that are read within a millisecond
_DIGITS = 20  # of the longest integers that are exact
_OPENING = (b",", b"[", b"{")


def router(worker: Worker, **options: Any) -> APIRouter:
    """A router whose bodies are read here; ``worker`` is the thread that reads the large ones."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                return await handler(JsonRequest(request, worker))

            return handle

    return APIRouter(route_class=Route, **options)


class JsonRequest(Request):
    """A request whose JSON is read by `read`."""

    def __init__(self, request: Request, worker: Worker) -> None:
        super().__init__(request.scope, request.receive)
        self._worker = worker

    async def body(self) -> bytes:
        """The bytes of the body.

        Raises
        ------
        RequestError
            415 where they are compressed.
        """
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding != "identity":
            raise RequestError(415, f'the body is compressed ("{encoding[:40]}")', hint="send it uncompressed")
        return await super().body()

    async def json(self) -> Any:
        """The value of the body.

        Raises
        ------
        RequestError
            400 where it is no JSON; 413 where it has too many values; 415 for another charset than UTF-8.
        """
        message = email.message.Message()
        message["content-type"] = self.headers.get("content-type", "")
        charset = str(message.get_param("charset", "utf-8")).lower()
        if charset not in ("utf-8", "utf8", "us-ascii"):
            raise RequestError(415, f'the charset "{charset[:40]}" is not read: JSON is UTF-8', "charset=utf-8")
        data = await self.body()
        if len(data) <= AT_ONCE:
            return read(data)
        return await self._worker(_read_large, data)


def read(data: bytes) -> Any:
    """Read JSON.

    Raises
    ------
    RequestError
        400 where it is none; 413 where it has too many values.

    Examples
    --------
    >>> read(b'{"inputs": [[1, 2.5]]}')
    {'inputs': [[1, 2.5]]}
    """
    count = sum(data.count(sign) for sign in _OPENING)
    if count > VALUES:
        raise RequestError(413, f"the body has {count:,} commas and brackets; at most {VALUES:,} are read", "send less")
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise RequestError(400, f"the body is not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestError(400, f"the body is not JSON: {error.msg} ({where})") from None
    if isinstance(value, dict) and len(value) > KEYS:
        raise RequestError(400, f"the body has {len(value):,} keys", "GET /docs lists the keys")
    _check_depth(value)
    if b"\\ud" in data or b"\\uD" in data:
        _check_characters(value)
    return value


def _read_large(data: bytes) -> Any:
    """Read with Python's garbage collector off, which would stop all threads to scan the lists built so far."""
    gc.disable()
    try:
        return read(data)
    finally:
        gc.enable()


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += [child for child in one.values() if isinstance(child, dict | list)]
            elif isinstance(one, list):
                below += [child for child in one if isinstance(child, dict | list)]
        if not below:
            return
        level = below
    raise _too_deep()


def _check_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise RequestError(
            400, f"the body has {half}, half of a character, without its other half", "send the whole character"
        ) from None


def _too_deep() -> RequestError:
    return RequestError(400, f"the body is nested more than {DEPTH} levels deep", "send a flatter value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise RequestError(400, f'the key "{repeated_key(pairs)[:60]}" is given twice', "give it once")
    return value


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _DIGITS else _number(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        number = text if len(text) <= 30 else f"{text[:12]}… of {len(text):,} characters"
        raise RequestError(400, f"the number {number} is too large", "send numbers up to 1.8e308")
    return value


def _constant(text: str) -> float:
    raise RequestError(400, f"the body is not JSON: {text} is no number in it", "send null for a missing value")
