"""Exceptions as messages: what happened, what to type, and whether the user can fix it."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownOptionError,
    UnusedCliTokensError,
)
from cyclopts.exceptions import UnknownCommandError

from recur.errors import RecurError

# states of the machine: disk full, quota, file too large, too many open files, read-only
_OF_THE_SYSTEM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS)
_ALLOCATION = "can't allocate memory"  # in the RuntimeError that torch raises
_LONGEST = 200
_LONGEST_VALUE = 60
# what no option begins with: a number, or a sign before a space
_VALUE = re.compile(r"-[\d.\s]")
_WORDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}


def describe(error: Exception) -> tuple[str, str | None, bool]:
    """Return (message, hint, whether the user can fix it) for an exception of a command's body."""
    if isinstance(error, RecurError):
        return _as_typed(error.message), error.hint and _as_typed(_as_option(error.hint)), True
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}", None, True
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _ALLOCATION in text):
        # numpy and torch report how much was requested
        requested = f" ({text[-_LONGEST:]})" if text else ""
        return (
            f"this requires more memory than is available{requested}",
            "a smaller network, batch or file; or free memory",
            True,
        )
    if isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM:
        return (
            f"the system refused: {(error.strerror or text).lower()}",
            "free space, close files, or write elsewhere",
            True,
        )
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return (
        f"{message} (a bug in recur, not in your command)",
        "set RECUR_DEBUG=1 and run the command again to see the traceback; please report it with that",
        False,
    )


def _as_option(hint: str) -> str:
    """Write a keyword of Python as the option that it is on a command line.

    >>> _as_option("bptt_stride=32"), _as_option("give a longer text")
    ('--bptt-stride 32', 'give a longer text')
    """
    match = re.fullmatch(r"(\w+) ?= ?(\S+)", hint)
    return f"--{match[1].replace('_', '-')} {match[2]}" if match else hint


def _as_typed(text: str) -> str:
    """Give addresses of the hub the second slash, which a path has lost.

    >>> _as_typed("recur evaluate hf:/ada/names FILE")
    'recur evaluate hf://ada/names FILE'
    """
    return re.sub(r"\bhf:/(?=[^/])", "hf://", text)


def describe_usage(error: CycloptsError, commands: Iterable[str]) -> tuple[str, str | None]:
    """Return (message, hint) for a command line that could not be parsed."""
    chain = " ".join(error.command_chain or ())
    more = f"`recur {chain} --help` lists what it takes" if chain else "`recur --help` lists the commands"
    if isinstance(error, UnknownCommandError):
        wrong = (error.unused_tokens or [""])[0]
        near = difflib.get_close_matches(wrong, list(commands), n=1)
        listing = f"the commands are {', '.join(commands)}"
        return f'no command "{wrong}"', f"did you mean `recur {near[0]}`?" if near else listing
    if isinstance(error, UnknownOptionError):
        word = error.token.keyword or error.token.value
        if _VALUE.match(word):
            return (
                f'"{word}" begins with a minus sign, as an option does',
                f'put -- before it: recur {chain} RUN -- "{word}"',
            )
        wrong = word.split("=", 1)[0]
        options = [name for argument in error.argument_collection for name in argument.names]
        near = difflib.get_close_matches(wrong, [name for name in options if name.startswith("--")], n=1)
        return f"unknown option {wrong}", f"did you mean {near[0]}?" if near else more
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        name = error.keyword or error.argument.name
        what = f"{name} requires a value" if name.startswith("-") else f"{name} is missing"
        return what, more
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword} is given twice", "give it once"
    if isinstance(error, UnusedCliTokensError):
        return f"unexpected argument {' '.join(error.unused_tokens or [])}", more
    if isinstance(error, CoercionError) and error.token is not None and error.argument is not None:
        return _wrong_value(error, error.token.keyword or error.argument.name, error.token.value, more)
    return _sentence(error), more


def _wrong_value(error: CoercionError, name: str, value: str, more: str) -> tuple[str, str]:
    """Return (message, hint) for a value that its option cannot take."""
    value = value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
    if get_origin(error.target_type) is Literal:
        options = [str(option) for option in get_args(error.target_type)]
        near = difflib.get_close_matches(value, options, n=1)
        message = f'{name} is one of {", ".join(options)}; got "{value}"'
        return message, f"did you mean {near[0]}?" if near else more
    if error.target_type in _WORDS:
        return f'{name} takes {_WORDS[error.target_type]}; got "{value}"', more
    return _sentence(error), more


def _sentence(error: CycloptsError) -> str:
    """Return the parser's message in the style of recur: lower case, no full stop, bounded length."""
    text = " ".join(str(error).split()).rstrip(".")
    text = text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST - 1]}…"
    return text[:1].lower() + text[1:]
