"""The client library of the hub, and its exceptions as sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recur._version import __version__
from recur.errors import RecurError, RunError, require
from recur.hub.address import Address

_LONGEST = 200
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT = 401, 403, 409


def client() -> Any:
    """Return the package huggingface_hub.

    Raises
    ------
    MissingExtraError
    """
    return require("huggingface_hub", "hub")


def api() -> Any:
    """Return the client for this process: its endpoint and its token are those of the environment."""
    return client().HfApi(library_name="recur", library_version=__version__)


def endpoint() -> str:
    """Return the address of the hub that is asked: HF_ENDPOINT, or the public one."""
    return str(require("huggingface_hub.constants", "hub").ENDPOINT)


def has_token() -> bool:
    """Return whether a token is set: HF_TOKEN, or the one of ``hf auth login``."""
    return client().get_token() is not None


@contextmanager
def quiet() -> Iterator[None]:
    """Show the progress bars of the client on a terminal only."""
    bars = require("huggingface_hub.utils", "hub")
    if sys.stderr.isatty() or bars.are_progress_bars_disabled():
        yield
        return
    bars.disable_progress_bars()
    try:
        yield
    finally:
        bars.enable_progress_bars()


@contextmanager
def explained(address: Address, doing: str) -> Iterator[None]:
    """Translate what the client raises into an error in three parts.

    Parameters
    ----------
    address : Address
    doing : str
        "read" or "written".

    Raises
    ------
    RunError
    """
    errors = require("huggingface_hub.errors", "hub")
    transport = require("httpx2", "hub")
    try:
        yield
    except RecurError:
        raise
    except errors.HFValidationError as error:
        raise RunError(f"{address} is not a name that the hub allows: {_short(error)}", "hf://USER/NAME") from error
    except errors.GatedRepoError as error:
        raise RunError(
            f"{address} is given only to those who asked for it",
            f"ask at {endpoint()}/{address.repository}, then {_token_hint()}",
        ) from error
    except errors.RepositoryNotFoundError as error:
        private = "its token may not read it" if has_token() else "no token is set, which a private one requires"
        raise RunError(
            f"there is no repository {address.repository} on {endpoint()}, or {private}",
            f"check the name; of a private repository: {_token_hint()}",
        ) from error
    except (errors.RevisionNotFoundError, errors.RevisionResolutionError) as error:
        if isinstance(error, errors.RevisionResolutionError) or address.revision is None:
            raise _unreachable(address, doing, error) from error
        raise RunError(
            f"{address.repository} has no revision {address.revision}; expected a branch, a tag or a commit",
            f"hf://{address.repository} is the newest commit",
        ) from error
    except errors.HfHubHTTPError as error:
        raise _refused(address, doing, error) from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, transport.TransportError, OSError) as error:
        raise _unreachable(address, doing, error) from error
    except (ValueError, RuntimeError) as error:
        # an upload that fails in a thread of the client has its reason below it
        reason = f"{_short(error)} {_short(error.__cause__)}" if error.__cause__ else _short(error)
        raise RunError(f"{address} cannot be {doing}: {reason}", "try again") from error


def _refused(address: Address, doing: str, error: Any) -> RunError:
    code = error.response.status_code if error.response is not None else 0
    if code == _UNAUTHORIZED:
        return RunError(f"{endpoint()} does not accept the token for {address}", _token_hint())
    if code == _FORBIDDEN:
        return RunError(
            f"the token may not have {address} {doing}: {_short(error.server_message or error)}",
            f"a token with the right to write, and a name of your own; {_token_hint()}",
        )
    if code == _CONFLICT:
        return RunError(f"{address} changed while it was {doing}", "try again")
    return RunError(f"{address} cannot be {doing}: {endpoint()} answers {code}: {_short(error)}", "try again later")


def _unreachable(address: Address, doing: str, error: BaseException) -> RunError:
    if os.environ.get("HF_HUB_OFFLINE") and doing == "read":
        return RunError(
            f"{address} is not in the cache, and HF_HUB_OFFLINE is set, so that it is not downloaded",
            "unset HF_HUB_OFFLINE, and load it once with a network",
        )
    where = "; it is not whole in the cache either" if doing == "read" else ""
    return RunError(
        f"{address} cannot be {doing}: {endpoint()} cannot be reached{where} ({_short(error)})",
        "check the network and HF_ENDPOINT",
    )


def _token_hint() -> str:
    return f"export HF_TOKEN=...; tokens are made at {endpoint()}/settings/tokens"


def _short(error: Any) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
