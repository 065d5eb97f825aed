"""Problems with a request: an HTTP status and a sentence."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException

from recur.errors import DamagedError, RecurError, TooLargeError


class RequestError(HTTPException):
    """A request that cannot be answered; an HTTPException is what FastAPI lets pass while it reads a body.

    Parameters
    ----------
    status : int
        Of HTTP: 400 an invalid value, 401 no valid token, 403 another page or host, 404 not found, 408 a request that
        does not arrive, 409 a repeated key with another body, 413 too large, 415 no JSON in UTF-8, 429 and 503
        overloaded, 504 no answer in time.
    message : str
        What happened, with the values.
    hint : str, optional
        What to send instead.
    """

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(status, message)
        self.status, self.message, self.hint = status, message, hint

    @classmethod
    def of(cls, error: RecurError) -> RequestError:
        """Return the error of a value; hints about rows and files to leave out are replaced, a request has none."""
        if isinstance(error, TooLargeError):
            return cls(413, error.message, "send it smaller, or a part of it")
        return cls(400, error.message, "send it whole" if isinstance(error, DamagedError) else error.hint)

    def body(self) -> dict[str, Any]:
        """The body of the answer: the form of OpenAI's errors, with the hint beside the message."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {
            "error": {
                "message": _sendable(self.message),
                "hint": None if self.hint is None else _sendable(self.hint),
                "type": kind,
                "code": self.status,
            }
        }


def _sendable(text: str) -> str:
    """A sentence that quotes the request, with lone surrogates escaped: UTF-8 cannot encode them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
