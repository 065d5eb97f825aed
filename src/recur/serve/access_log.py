"""The access log: one JSON object per answered request, and per line.

    {"time": "2026-01-31T12:00:00.123Z", "client": "127.0.0.1", "method": "POST", "path": "/sessions/{name}/read",
     "status": 200, "seconds": 0.004, "received": 31, "sent": 412}

The name of a session is a secret and is not written, nor are queries, headers and texts.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from recur.atomic import refuse_irregular
from recur.errors import ConfigError

STDOUT = "stdout"
_LONGEST = 200  # characters of a path


class AccessLog:
    """Writes lines to a file, which may be renamed at any time (logrotate): a new one is then created.

    Parameters
    ----------
    target : str
        A path, or "stdout".

    Raises
    ------
    ConfigError
        When the file cannot be written.
    """

    def __init__(self, target: str) -> None:
        self._handler = logging.StreamHandler(sys.stdout) if target == STDOUT else _opened(Path(target))
        self._handler.handleError = self._note_failure  # type: ignore[method-assign]  # the hook that logging has for it
        self._lost = 0

    def write(self, client: str, method: str, path: str, status: int, seconds: float, received: int, sent: int) -> None:
        """Write the line of one request."""
        now = time.time()
        line = json.dumps({
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03}Z",
            "client": client, "method": method[:20], "path": path[:_LONGEST],
            "status": status, "seconds": round(seconds, 6), "received": received, "sent": sent,
        })  # fmt: skip
        self._handler.handle(logging.LogRecord("recur.access", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def _note_failure(self, record: logging.LogRecord) -> None:
        """Say once that lines are lost, for example on a full disk; requests are answered all the same."""
        del record
        self._lost += 1
        if self._lost == 1:
            reason = sys.exc_info()[1]
            logging.getLogger("recur.serve").error("the access log cannot be written, lines are lost: %s", reason)


def _opened(path: Path) -> logging.StreamHandler[Any]:
    refuse_irregular(path)
    try:
        return WatchedFileHandler(path, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"the access log {path} cannot be written: {reason}", hint="--access-log FILE, or --access-log stdout"
        ) from None
